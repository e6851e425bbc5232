#include "scenario/play.h"

#include "os/process.h"
#include "scenario/actions.h"
#include "scenario/model.h"
#include "scenario/play_step.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int do_round(WxPlay *play) {
  const WxScenario *scenario = play->parameters->scenario;
  for (unsigned i = 0; i < scenario->round_count; ++i) {
    const int result = wx_action_do(&scenario->round[i], play);
    if (result && *play->report->problem == '\0')
      snprintf(play->report->problem, sizeof play->report->problem,
               "round %llu, action %u (%s): %s", (unsigned long long)play->round, i + 1,
               scenario->round[i].act, wx_allocator_error(play->allocator, result));
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
  const uint64_t faults = wx_os_minor_faults();
  for (uint64_t round = 1; round <= rounds && result == 0; ++round) {
    play->round = round;
    result = do_round(play);
  }
  if (result == 0)
    result = release_all(play);
  play->report->minor_faults = wx_os_minor_faults() - faults - play->own_faults;
  return result ? result : wx_play_step(play, "end");
}

static void forget(WxPlay *play) {
  for (size_t i = 0; i < play->group_count; ++i)
    free(play->groups[i].blocks);
  free(play->groups);
}

static int close_all(WxPlay *play) {
  const int result = wx_model_close(play);
  return result ? result : wx_allocator_close(play->allocator);
}

static int open_and_play(WxPlay *play, const WxPlayOrder *order) {
  int result = wx_play_step(play, "start");
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
  WxPlay play = {.steady = order->steady,
                 .parameters = order->parameters,
                 .channel = channel,
                 .report = order->report,
                 .version = order->version};
  const int result = open_and_play(&play, order);
  forget(&play);
  order->report->error = result;
  if (result && *order->report->problem == '\0')
    snprintf(order->report->problem, WX_PROBLEM_SIZE, "%s", wx_allocator_error(NULL, result));
  return result;
}
