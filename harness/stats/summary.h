/**
   @file summary.h
   Order statistics of measurements. Pure functions; nothing is dropped as an outlier.
*/
#ifndef WX_STATS_SUMMARY_H
#define WX_STATS_SUMMARY_H

#include <stddef.h>

/// What a set of measurements looks like; all in the unit of the measurements.
typedef struct {
  size_t n;
  double min;
  double median;
  double p95;
  double max;
  double mad; ///< Median absolute deviation from the median, not scaled.
} WxSummary;

/// The quantile `p` (0 to 1) of ascending values, between neighbours in proportion. Not a number
/// where there is none or `p` lies outside.
double wx_quantile(const double sorted[], size_t count, double p);

/// Sorts in ascending order. Values must be numbers.
void wx_sort(double values[], size_t count);

/// Summarises `count` values in any order. Returns 0, -EINVAL without a value or where one is not
/// finite, -ENOMEM.
int wx_summarise(const double values[], size_t count, WxSummary *summary);

#endif
