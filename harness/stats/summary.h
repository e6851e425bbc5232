/**
   @file summary.h
   Order statistics of measurements. Pure functions; nothing is dropped as an outlier.
*/
#ifndef WX_STATS_SUMMARY_H
#define WX_STATS_SUMMARY_H

#include <stddef.h>

/// The quantile `p` (0 to 1) of ascending values, between neighbours in proportion. Not a number
/// where there is none or `p` lies outside.
double wx_quantile(const double sorted[], size_t count, double p);

/// Sorts in ascending order. Values must be numbers.
void wx_sort(double values[], size_t count);

#endif
