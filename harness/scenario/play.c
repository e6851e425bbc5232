#include "scenario/play.h"

#include "measure/own_mappings.h"
#include "os/process.h"
#include "os/text.h"
#include "scenario/actions.h"
#include "scenario/model_actions.h"
#include "strategy/plugin.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The live blocks
 * -------------------------------------------------------------------------------------------------
 */

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

/* A step: what the observer is told, and what the report shows at that moment
 * -------------------------------------------------------------------------------------------------
 */

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

/* Playing
 * -------------------------------------------------------------------------------------------------
 */

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

/* In a process that was executed for it
 * -------------------------------------------------------------------------------------------------
 */

/// The order's bytes: this, then strings that each end with NUL: the strategy, the version ("" for
/// none), key and value of each override. Then the scenario as YAML.
typedef struct {
  WxStrategyOptions options;
  size_t override_count;
} Head;

static void write_order(FILE *stream, const WxPlayOrder *order) {
  const WxParameters *parameters = order->parameters;
  Head head;
  memset(&head, 0, sizeof head); // Also what lies between its members.
  head.options = order->options;
  head.override_count = parameters->override_count;
  fwrite(&head, sizeof head, 1, stream);
  fprintf(stream, "%s%c%s%c", order->strategy->name, 0, order->version ? order->version->name : "",
          0);
  for (size_t i = 0; i < parameters->override_count; ++i)
    fprintf(stream, "%s%c%s%c", parameters->overrides[i].key, 0, parameters->overrides[i].value, 0);
  const WxText *source = &parameters->scenario->source;
  fwrite(source->data, 1, source->length, stream);
}

static const char *take(const char **at) {
  const char *const text = *at;
  *at += strlen(text) + 1;
  return text;
}

static int play(const char *at, size_t length, WxPlayOrder *order, WxParameters *parameters,
                WxSteady *steady, WxStepChannel channel) {
  WxComplaint complaint = {0};
  WxScenario *scenario;
  const int result = wx_scenario_parse(at, length, &scenario, &complaint);
  if (result) {
    snprintf(order->report->problem, WX_PROBLEM_SIZE, "%.*s", WX_PROBLEM_SIZE - 1, complaint.text);
    return order->report->error = result;
  }
  parameters->scenario = scenario;
  order->parameters = parameters;
  wx_os_steady(steady);
  order->steady = steady;
  const int played = wx_play(order, channel);
  wx_scenario_free(scenario);
  return played;
}

static int play_order(const void *bytes, size_t size, void *report, WxStepChannel channel) {
  const Head *head = bytes;
  const char *at = (const char *)(head + 1);
  WxPlugin plugin;
  const WxStrategy *strategy = wx_strategy_named(take(&at), &plugin);
  WxPlayOrder order = {.strategy = strategy,
                       .options = head->options,
                       .version = wx_clr_version_find(take(&at)),
                       .report = report};
  WxSetting *overrides = calloc(head->override_count + 1, sizeof *overrides);
  if (!strategy || !overrides) {
    order.report->error = strategy ? -ENOMEM : -ENOENT;
    free(overrides);
    return 1;
  }
  for (size_t i = 0; i < head->override_count; ++i) {
    overrides[i].key = take(&at);
    overrides[i].value = take(&at);
  }
  WxParameters parameters = {.overrides = overrides, .override_count = head->override_count};
  WxSteady steady;
  const int result =
      play(at, size - (size_t)(at - (const char *)bytes), &order, &parameters, &steady, channel);
  free(overrides);
  return result != 0;
}

int wx_play_order_open(WxFresh *fresh, const WxPlayOrder *order) {
  WxText bytes = {0};
  FILE *stream = wx_text_stream(&bytes);
  if (!stream)
    return -ENOMEM;
  write_order(stream, order);
  int result = wx_text_stream_end(stream, &bytes);
  if (result == 0)
    result = wx_fresh_open(fresh, play_order, bytes.data, bytes.length, sizeof(WxPlayReport));
  wx_text_free(&bytes);
  return result;
}
