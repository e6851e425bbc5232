#include "scenario/play_step.h"

#include "measure/own_mappings.h"
#include "scenario/model.h"

static bool owns(void *allocator, uintptr_t start) {
  return wx_allocator_owns(allocator, start);
}

int wx_play_step(WxPlay *play, const char *name) {
  if (play->allocator) {
    WxOwnMappings own;
    const int result = wx_own_mappings_count(&own, owns, play->allocator);
    if (result)
      return result;
    play->report->mappings = own.mappings;
    play->report->wx_pages = own.wx_pages;
    play->report->cost = wx_allocator_cost(play->allocator);
  }
  uint64_t written, reserved;
  wx_model_usage(play, &written, &reserved);
  play->report->reserved_bytes = (int64_t)(play->reserved_bytes + reserved);
  return wx_step_write(play->channel, play->round, name, (WxFigure)(play->live_bytes + written));
}
