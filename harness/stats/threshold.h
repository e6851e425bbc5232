/**
   @file threshold.h
   The smallest value at which something holds, found by trying: bisection over multiples of a step,
   and then the value found is tried again, since a program is not the same in every run. Pure
   functions.
*/
#ifndef WX_STATS_THRESHOLD_H
#define WX_STATS_THRESHOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Tries one value. Returns 0 with `holds` set, or another value, which ends the search.
typedef int WxThresholdTry(void *context, uint64_t value, bool *holds);

typedef struct {
  uint64_t step;  ///< What the value is a multiple of; above 0.
  uint64_t guess; ///< Where the search begins.
  uint64_t most;  ///< Larger values are not tried; at least a step.
  unsigned times; ///< How often in a row it has to hold at the value found; above 0.
  WxThresholdTry *try;
  void *context;
} WxThresholdOrder;

typedef struct {
  bool found;
  uint64_t holds; ///< Where `found`: it held here `times` times in a row,
  uint64_t fails; ///< and failed here, the largest value at which it did; 0 where it never failed.
} WxThreshold;

/// Finds it. Where it does not hold at `most` either, `found` is false. Returns 0, or what `try`
/// returned.
int wx_threshold_find(const WxThresholdOrder *order, WxThreshold *threshold);

#endif
