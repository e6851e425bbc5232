/**
   @file verb_figures.h
   What the verbs of a strategy cost, as the metrics of a result.
*/
#ifndef WX_STRATEGY_VERB_FIGURES_H
#define WX_STRATEGY_VERB_FIGURES_H

#include "stats/durations.h"
#include "strategy/strategy.h"

/// The durations of every verb. Start with {0}.
typedef struct {
  WxDurations of[WX_OPERATIONS];
} WxVerbDurations;

/// Adds the durations of every verb of `allocator` from now on to `durations`. All of it is touched
/// at once: its pages are not the strategy's faults.
void wx_verb_durations_take(WxVerbDurations *durations, WxAllocator *allocator);

/// Fills what was counted by verb: system calls and list nodes. Those of a plug-in stay unknown.
void wx_verb_counts(const WxStrategy *strategy, const WxCost *cost, WxMetrics *metrics);

/// Writes the times of the verbs that were called to `times` (of WX_OPERATIONS); returns how many.
size_t wx_verb_times(const WxCost *cost, const WxVerbDurations *durations, WxOperationTime times[]);

#endif
