/**
   @file durations.h
   How long an operation took, many times over: a histogram of fixed size that several threads may
   add to at once, and the median read from it.

   A bin is a sixteenth of a power of two wide, so that a figure read back is within 3.2 % of the
   true one, whatever its size. The interval of the median is that of its order statistics (ranks
   (n -+ 1.96 sqrt n) / 2), widened to whole bins: it says how well *this* series is known, not how
   much another would differ.
*/
#ifndef WX_STATS_DURATIONS_H
#define WX_STATS_DURATIONS_H

#include "stats/result.h"

#include <stdatomic.h>
#include <stdint.h>

enum {
  WX_DURATION_SPLIT = 16,   ///< Bins in a power of two.
  WX_DURATION_OCTAVES = 40, ///< 2^40 ns are 18 minutes; longer ones count as that.
  WX_DURATION_BINS = WX_DURATION_SPLIT * WX_DURATION_OCTAVES,
};

/// Start with {0}.
typedef struct {
  _Atomic uint32_t counts[WX_DURATION_BINS];
} WxDurations;

/// Adds one duration in nanoseconds.
void wx_durations_add(WxDurations *durations, uint64_t ns);

/// The median and its 95 % interval, unknown where there are too few for one (n < 6); `operation`
/// is copied into the result. Not to be called while others add.
WxOperationTime wx_durations_median(const WxDurations *durations, const char *operation);

#endif
