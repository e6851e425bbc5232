/**
   @file paired.h
   One thing beside another one that was measured in turns with it, and beside itself.
*/
#ifndef WX_STATS_PAIRED_H
#define WX_STATS_PAIRED_H

#include "stats/interval.h"

typedef struct {
  WxInterval ratio;   ///< To the base, of paired rounds.
  WxInterval more_ms; ///< What it takes more, of paired rounds.
  WxInterval median;  ///< Seconds.
  double noise;       ///< The A/A floor: how far the base lies from itself (interval.h).
} WxPaired;

/// Compares `values` with `base`, seconds of paired rounds; `again` is the base measured a second
/// time in each. Returns 0; -EINVAL where these are no usable times, -ENOMEM.
int wx_paired_compare(const double base[], const double again[], const double values[],
                      size_t rounds, WxPaired *paired);

#endif
