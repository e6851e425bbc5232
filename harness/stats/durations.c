#include "stats/durations.h"

#include <math.h>
#include <stddef.h>

enum { SPLIT_BITS = 4, FEWEST_FOR_AN_INTERVAL = 6 };
_Static_assert(1 << SPLIT_BITS == WX_DURATION_SPLIT, "bins of a power of two");

// Below WX_DURATION_SPLIT a bin a nanosecond; above, the highest bit and the SPLIT_BITS after it.
static size_t bin_of(uint64_t ns) {
  if (ns < WX_DURATION_SPLIT)
    return (size_t)ns;
  const unsigned highest = 63u - (unsigned)__builtin_clzll(ns);
  const unsigned shift = highest - SPLIT_BITS;
  const size_t bin =
      ((size_t)shift + 1) * WX_DURATION_SPLIT + (size_t)(ns >> shift) - (size_t)WX_DURATION_SPLIT;
  return bin < WX_DURATION_BINS ? bin : WX_DURATION_BINS - 1;
}

static WxFigure lowest_of(size_t bin) {
  if (bin < WX_DURATION_SPLIT)
    return (WxFigure)bin;
  const unsigned shift = (unsigned)(bin / WX_DURATION_SPLIT) - 1;
  return (WxFigure)((uint64_t)(WX_DURATION_SPLIT + bin % WX_DURATION_SPLIT) << shift);
}

static WxFigure highest_of(size_t bin) {
  return lowest_of(bin + 1) - 1;
}

void wx_durations_add(WxDurations *durations, uint64_t ns) {
  atomic_fetch_add_explicit(&durations->counts[bin_of(ns)], 1, memory_order_relaxed);
}

// The bin of a rank, which counts from 1 and is at most their number.
static size_t bin_at(const WxDurations *durations, uint64_t rank) {
  size_t bin = 0;
  for (uint64_t passed = durations->counts[0]; passed < rank; passed += durations->counts[bin])
    ++bin;
  return bin;
}

WxOperationTime wx_durations_median(const WxDurations *durations, const char *operation) {
  uint64_t n = 0;
  for (size_t bin = 0; bin < WX_DURATION_BINS; ++bin)
    n += durations->counts[bin];
  WxOperationTime time = {operation, WX_UNKNOWN, WX_UNKNOWN, WX_UNKNOWN, (WxFigure)n};
  if (n) {
    const size_t middle = bin_at(durations, (n + 1) / 2);
    time.median = (lowest_of(middle) + highest_of(middle)) / 2;
  }
  if (n >= FEWEST_FOR_AN_INTERVAL) {
    const double half = 1.96 * sqrt((double)n) / 2;
    const double low = fmax(1, floor((double)n / 2 - half));
    const double high = fmin((double)n, ceil((double)n / 2 + half) + 1);
    time.ci_low = lowest_of(bin_at(durations, (uint64_t)low));
    time.ci_high = highest_of(bin_at(durations, (uint64_t)high));
  }
  return time;
}
