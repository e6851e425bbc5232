#include "scenario/order.h"

#include "os/text.h"
#include "strategy/plugin.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
