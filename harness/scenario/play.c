#include "scenario/play.h"

#include "scenario/actions.h"
#include "scenario/model.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { PAGE = 4096 };

static uint64_t minor_faults(void) {
  struct rusage usage;
  return getrusage(RUSAGE_SELF, &usage) ? 0 : (uint64_t)usage.ru_minflt;
}

WxGroup *wx_play_group(WxPlay *play, const char *name) {
  for (size_t i = 0; i < play->group_count; ++i)
    if (strcmp(play->groups[i].name, name) == 0)
      return &play->groups[i];
  WxGroup *grown = realloc(play->groups, (play->group_count + 1) * sizeof *grown);
  if (!grown)
    return NULL;
  play->groups = grown;
  WxGroup *group = &grown[play->group_count++];
  *group = (WxGroup){0};
  snprintf(group->name, sizeof group->name, "%s", name);
  return group;
}

int wx_play_release(WxPlay *play, WxGroup *group, size_t index) {
  WxPlayBlock *block = &group->blocks[index];
  const int result = wx_allocator_release(play->allocator, block->base);
  if (result)
    return result;
  play->live_bytes -= block->written;
  play->reserved_bytes -= block->size;
  *block = group->blocks[--group->count];
  return 0;
}

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

static int do_round(WxPlay *play) {
  const WxScenario *scenario = play->parameters->scenario;
  for (unsigned i = 0; i < scenario->round_count; ++i) {
    const int result = wx_action_do(&scenario->round[i], play);
    if (result && *play->report->problem == '\0')
      snprintf(play->report->problem, sizeof play->report->problem,
               "round %llu, action %u (%s): %s", (unsigned long long)play->round, i + 1,
               scenario->round[i].act, strerror(-result));
    if (result)
      return result;
  }
  return 0;
}

static int release_all(WxPlay *play) {
  const char *at_end = play->parameters->scenario->at_end;
  if (at_end && strcmp(at_end, "keep") == 0)
    return 0;
  for (size_t i = 0; i < play->group_count; ++i)
    while (play->groups[i].count) {
      const int result = wx_play_release(play, &play->groups[i], play->groups[i].count - 1);
      if (result)
        return result;
    }
  return wx_model_close(play);
}

static int play_rounds(WxPlay *play) {
  uint64_t rounds;
  int result = wx_parameters_number(play->parameters, "rounds", 1, &rounds, play->report->problem);
  const uint64_t faults = minor_faults();
  for (uint64_t round = 1; round <= rounds && result == 0; ++round) {
    play->round = round;
    result = do_round(play);
  }
  if (result == 0)
    result = release_all(play);
  play->report->minor_faults = minor_faults() - faults;
  return result ? result : wx_play_step(play, "end");
}

static void forget(WxPlay *play) {
  for (size_t i = 0; i < play->group_count; ++i)
    free(play->groups[i].blocks);
  free(play->groups);
  wx_maps_free(&play->maps);
}

static int close_all(WxPlay *play) {
  const int result = wx_model_close(play);
  return result ? result : wx_allocator_close(play->allocator);
}

static int open_and_play(WxPlay *play, const WxPlayOrder *order) {
  int result = wx_maps_read(&play->maps, 0); // Grows its buffers before anything is measured.
  if (result == 0)
    result = wx_play_step(play, "start");
  if (result == 0)
    result = wx_allocator_open(order->strategy, &order->options, &play->allocator);
  if (result)
    return result;
  snprintf(play->report->path, sizeof play->report->path, "%s", play->allocator->strategy->name);
  wx_verb_durations_take(&play->report->durations, play->allocator);
  result = play_rounds(play);
  const int closed = close_all(play);
  if (closed) // Once more, so that one call that failed leaves nothing.
    (void)close_all(play);
  return result ? result : closed;
}

int wx_play(const WxPlayOrder *order, WxStepChannel channel) {
  WxPlay play = {.parameters = order->parameters,
                 .channel = channel,
                 .report = order->report,
                 .version = order->version};
  const int result = open_and_play(&play, order);
  forget(&play);
  order->report->error = result;
  if (result && *order->report->problem == '\0')
    snprintf(order->report->problem, WX_PROBLEM_SIZE, "%s", strerror(-result));
  return result;
}
