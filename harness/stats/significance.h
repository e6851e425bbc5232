/**
   @file significance.h
   A second opinion on a difference: tests that assume no distribution, and the correction for
   asking more than one question. Pure functions.
*/
#ifndef WX_STATS_SIGNIFICANCE_H
#define WX_STATS_SIGNIFICANCE_H

#include <stddef.h>

/// Exact two-sided sign test of pairs (a[i], b[i]); equal pairs are left out. Returns the p value,
/// 1 where no pair differs.
double wx_sign_test(const double a[], const double b[], size_t count);

/// Two-sided Mann-Whitney test of two independent samples by the normal approximation, corrected
/// for ties and continuity: use it from about 8 values a side. Sets `*p` (1 where all values are
/// equal). Returns 0, -EINVAL where a side is empty or a value is not finite, -ENOMEM.
int wx_mann_whitney(const double a[], size_t a_count, const double b[], size_t b_count, double *p);

/// Holm's correction: replaces p values by adjusted ones, in place and in the same order, so that
/// rejecting those below a level keeps the chance of any false alarm below it. Returns 0 or
/// -ENOMEM.
int wx_holm(double p[], size_t count);

#endif
