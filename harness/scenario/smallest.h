/**
   @file smallest.h
   The smallest memory limit in which a program runs to its end: the figure that decides the size of
   a container.
*/
#ifndef WX_SCENARIO_SMALLEST_H
#define WX_SCENARIO_SMALLEST_H

#include "scenario/validation.h"
#include "stats/threshold.h"

#include <stdbool.h>
#include <stdint.h>

/// How often a program has to run to its end within a limit.
enum { WX_SMALLEST_TIMES = 3 };

/// What to look for; borrowed.
typedef struct {
  const WxValidation *first; ///< A run in a group without a limit, that ran to its end.
  bool compared;             ///< What it prints has to be the same.
  uint64_t step;             ///< How finely it is looked for, in bytes.
  uint64_t time_limit_ns;    ///< No run may take longer.
  /// Runs it once more, with times and nothing else, in a group with `limit`. Returns 0 with `run`
  /// filled, which is freed by the caller; anything else ends the search.
  int (*run)(void *context, uint64_t limit, uint64_t time_limit_ns, WxValidation *run);
  void *context;
} WxSmallestOrder;

/// One run within a limit.
typedef struct {
  uint64_t limit_bytes;
  WxEnded ended; ///< Where `left`, how it ended before its end.
  bool left;
  WxFigure peak_bytes;
  WxFigure oom_kills;
  uint64_t lived_ns;
} WxSmallestTry;

/// What was found. Start with {0}, end with wx_smallest_free().
typedef struct {
  bool sought;
  bool interrupted; ///< The search did not come to its end.
  uint64_t step;
  WxFigure peak_bytes; ///< What it used at the most without a limit.
  WxThreshold threshold;
  char failed[WX_ENDED_TEXT]; ///< How it ended last at `threshold.fails`; "" where it never did.
  WxSmallestTry *tries;       ///< Every run, in its order.
  size_t try_count;
  size_t try_capacity;
  bool lost; ///< Memory ran out for one of them.
} WxSmallest;

/// Looks for it. Returns 0, or what the run returned.
int wx_smallest_find(const WxSmallestOrder *order, WxSmallest *smallest);

void wx_smallest_free(WxSmallest *smallest);

#endif
