#include "strategy/verb_figures.h"

#include <string.h>

static void take_time(void *context, WxOperation operation, uint64_t ns) {
  WxVerbDurations *durations = context;
  wx_durations_add(&durations->of[operation], ns);
}

void wx_verb_durations_take(WxVerbDurations *durations, WxAllocator *allocator) {
  memset(durations, 0, sizeof *durations);
  wx_allocator_time(allocator, take_time, durations);
}

static WxByVerb by_verb(const uint64_t counts[WX_OPERATIONS]) {
  WxByVerb figures = {
      .reserve = (WxFigure)counts[WX_RESERVE],
      .commit = (WxFigure)counts[WX_COMMIT],
      .map_rw = (WxFigure)counts[WX_MAP_RW],
      .unmap_rw = (WxFigure)counts[WX_UNMAP_RW],
      .release = (WxFigure)counts[WX_RELEASE],
  };
  for (int verb = 0; verb < WX_OPERATIONS; ++verb)
    figures.total += (WxFigure)counts[verb];
  return figures;
}

void wx_verb_counts(const WxStrategy *strategy, const WxCost *cost, WxMetrics *metrics) {
  if (strategy->capabilities & WX_IS_PLUGIN)
    return;
  metrics->syscalls = by_verb(cost->syscalls);
  metrics->list_nodes = by_verb(cost->walked);
}

size_t wx_verb_times(const WxCost *cost, const WxVerbDurations *durations,
                     WxOperationTime times[]) {
  size_t count = 0;
  for (WxOperation verb = 0; verb < WX_OPERATIONS; ++verb)
    if (cost->calls[verb])
      times[count++] = wx_durations_median(&durations->of[verb], wx_operation_name(verb));
  return count;
}
