/**
   @file interval.h
   Medians with a 95 % confidence interval by the percentile bootstrap, and comparisons of two
   things measured in turns. Pure functions: the same seed gives the same interval.

   Measured in turns (ABBA, or rotated), the median of the paired ratios of one operation against
   itself strayed by at most 4 % on a small shared machine where medians of separate runs strayed by
   28 %: compare pairs, and say what the same comparison gives for A against A.
*/
#ifndef WX_STATS_INTERVAL_H
#define WX_STATS_INTERVAL_H

#include <stddef.h>
#include <stdint.h>

/// Resamples drawn for an interval.
enum { WX_RESAMPLES = 2000 };

/// A median and the bounds of its 95 % interval.
typedef struct {
  double median;
  double low;
  double high;
  size_t n;
} WxInterval;

/// What an interval of ratios says.
typedef enum {
  WX_NO_DIFFERENCE, ///< Includes 1, or lies within the noise.
  WX_LOWER,
  WX_HIGHER,
} WxDifference;

/// The median of `count` finite values. Returns 0, -EINVAL (no value, or not finite), -ENOMEM.
int wx_interval_median(const double values[], size_t count, uint64_t seed, WxInterval *interval);

/// The median of values[i] / base[i], pairs measured next to each other. -EINVAL also where a value
/// of `base` is not above 0.
int wx_interval_ratio(const double base[], const double values[], size_t count, uint64_t seed,
                      WxInterval *interval);

/// The noise floor of an A/A comparison: how far its interval reaches from 1, as 0.03 for 3 %.
double wx_interval_noise(const WxInterval *same_against_same);

/// Whether ratios differ from 1: the interval excludes 1 and the median lies farther from 1 than
/// both the noise floor and `threshold` (0.1 for 10 %).
WxDifference wx_interval_difference(const WxInterval *ratio, double noise, double threshold);

#endif
