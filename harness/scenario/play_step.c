#include "scenario/play_step.h"

#include "scenario/model.h"

enum { PAGE = 4096 };

// Counts the strategy's own mappings, and their pages that are writable and executable.
static int count_mappings(WxPlay *play) {
  const int result = wx_maps_read(&play->maps, 0);
  if (result)
    return result;
  play->report->mappings = play->report->wx_pages = 0;
  for (size_t i = 0; i < play->maps.count; ++i) {
    const WxMapping *mapping = &play->maps.items[i];
    if (!wx_allocator_owns(play->allocator, mapping->start))
      continue;
    ++play->report->mappings;
    const int both = WX_WRITE | WX_EXECUTE;
    if ((mapping->protection & both) == both)
      play->report->wx_pages += (int64_t)((mapping->end - mapping->start) / PAGE);
  }
  return 0;
}

int wx_play_step(WxPlay *play, const char *name) {
  if (play->allocator) {
    const int result = count_mappings(play);
    if (result)
      return result;
    play->report->cost = wx_allocator_cost(play->allocator);
  }
  uint64_t written, reserved;
  wx_model_usage(play, &written, &reserved);
  play->report->reserved_bytes = (int64_t)(play->reserved_bytes + reserved);
  return wx_step_write(play->channel, play->round, name, (WxFigure)(play->live_bytes + written));
}
