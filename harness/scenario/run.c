#include "scenario/run.h"

#include "measure/fresh.h"
#include "measure/memfd.h"
#include "measure/observe_child.h"
#include "os/interrupt.h"
#include "os/text.h"
#include "scenario/needs.h"
#include "scenario/play.h"
#include "scenario/runtime_switch.h"
#include "strategy/registry.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An order to a process that was executed for it (measure/fresh.h): nothing in it points into this
 * process, nor says where this program or the scenario's file lies
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
  const WxStrategy *strategy = wx_strategy_find(take(&at));
  WxPlayOrder order = {.strategy = strategy,
                       .options = head->options,
                       .version = wx_clr_version_find(take(&at)),
                       .report = report};
  WxOverride *overrides = calloc(head->override_count + 1, sizeof *overrides);
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

// Makes `fresh` of `order`, whose `report` is not read: `fresh->report` is the WxPlayReport of the
// play. Returns 0 or a negative errno; the caller ends with wx_fresh_close().
static int open_order(WxFresh *fresh, const WxPlayOrder *order) {
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

enum { SHM_LINK_SIZE = 64 };

typedef struct {
  WxRun *run;
  WxPlayOrder order;
  WxPlayReport *shared; ///< Written by the child while it plays.
  char shm_link[SHM_LINK_SIZE];
} Playing;

static int sample_step(void *context, pid_t pid, const WxStep *step) {
  Playing *playing = context;
  WxSampling *sampling = &playing->run->sampling;
  if (playing->order.options.backing == WX_BACKING_SHM && !sampling->observer) {
    snprintf(playing->shm_link, SHM_LINK_SIZE, "/dev/shm/doublemapper_%ld (deleted)", (long)pid);
    sampling->file = playing->shm_link;
  }
  const int result = wx_sampling_take(sampling, pid, step);
  if (result)
    return result;
  WxMetrics *metrics = &playing->run->result.metrics;
  wx_sampling_last(sampling)->reserved_bytes = playing->shared->reserved_bytes;
  if (strcmp(step->name, "start") == 0)
    return 0; // Nothing of the strategy is there yet.
  metrics->mappings_peak = wx_figure_max(metrics->mappings_peak, playing->shared->mappings);
  metrics->wx_pages_seen = wx_figure_max(metrics->wx_pages_seen, playing->shared->wx_pages);
  return 0;
}

// What the process was before the strategy was opened is no part of it.
static void subtract_own(WxSample samples[], size_t count) {
  static const size_t figures[] = {offsetof(WxSample, rss_bytes), offsetof(WxSample, pss_bytes),
                                   offsetof(WxSample, rss_shmem_bytes)};
  for (size_t f = 0; f < sizeof figures / sizeof *figures; ++f) {
    WxFigure own = WX_UNKNOWN;
    for (size_t i = 0; i < count; ++i) {
      WxFigure *figure = (WxFigure *)(void *)((char *)&samples[i] + figures[f]);
      if (i == 0)
        own = *figure;
      *figure = wx_figure_minus(*figure, own);
      if (wx_known(*figure) && *figure < 0) // A page of the program was taken away.
        *figure = 0;
    }
  }
}

static void fill_result(WxRun *run, const WxObserved *observed) {
  WxMetrics *metrics = &run->result.metrics;
  const WxFigure own_mappings = metrics->mappings_peak;
  wx_sampling_metrics(&run->sampling, metrics);
  metrics->mappings_peak = own_mappings;
  const WxSample *first = &run->sampling.samples[0];
  const WxSample *last = wx_sampling_last(&run->sampling);
  metrics->retained_bytes = wx_figure_minus(last->allocated_bytes, first->allocated_bytes);
  metrics->failures = (WxFigure)run->report.failures;
  metrics->minor_faults = (WxFigure)run->report.minor_faults;
  metrics->wall_ns = (WxFigure)(observed->wall_ns - observed->waiting_ns);
  wx_verb_counts(&run->report.cost, metrics);
  subtract_own(run->sampling.samples, run->sampling.count);
  metrics->time_ns = (WxOperationTimes){
      run->times, wx_verb_times(&run->report.cost, &run->report.durations, run->times)};
  run->result.samples = run->sampling.samples;
  run->result.sample_count = run->sampling.count;
  run->result.unknown = run->sampling.unknown;
}

// Where the scenario asks for it, the runtime's own switch chooses between its two paths.
static const WxStrategy *choose_path(const WxScenario *scenario, const WxStrategy *strategy,
                                     const WxClrVersion *version) {
  const unsigned major = wx_clr_version_major(version ? version : wx_clr_version_newest());
  const bool by_switch = scenario->wx && strcmp(scenario->wx, "env") == 0;
  if (by_switch && strategy == &wx_strategy_coreclr && !wx_runtime_switch_on((int)major))
    return &wx_strategy_coreclr_off;
  return strategy;
}

static int play_shared(Playing *playing, uint64_t time_limit_ns) {
  WxRun *run = playing->run;
  WxFresh fresh = {.fd = -1};
  const int failed = open_order(&fresh, &playing->order);
  if (failed) {
    snprintf(run->problem, sizeof run->problem, "no memory for an order: %s", strerror(-failed));
    return failed;
  }
  playing->shared = fresh.report;
  const WxChildOrder order = {.fresh = &fresh,
                              .on_step = sample_step,
                              .context = playing,
                              .error = &playing->shared->error,
                              .said = playing->shared->problem,
                              .time_limit_ns = time_limit_ns};
  WxObserved observed;
  wx_observe_child(&order, &observed, &run->ended);
  wx_sampling_close(&run->sampling);
  run->report = *playing->shared;
  if (run->ended.how == WX_ENDED_WELL)
    fill_result(run, &observed);
  else
    wx_sampling_ended(&run->sampling, &run->ended, &run->result);
  wx_fresh_close(&fresh);
  return 0;
}

int wx_run_scenario(const WxParameters *parameters, const WxStrategy *strategy,
                    const WxClrVersion *asked, uint64_t time_limit_ns, WxRun *run) {
  *run = (WxRun){
      .sampling = {.file = WX_DOUBLEMAPPER, .keeps = strategy->capabilities & WX_CLOSES_FILES}};
  const WxScenario *scenario = parameters->scenario;
  const WxClrVersion *version = asked             ? asked
                                : scenario->model ? wx_clr_version_find(scenario->model)
                                                  : NULL;
  run->result = (WxResult){.scenario = scenario->name,
                           .strategy = strategy->name,
                           .model = version ? version->name : NULL,
                           .metrics = wx_metrics_unknown()};
  run->result.skipped = wx_os_interrupted() ? wx_interrupted : wx_need_missing(scenario->needs);
  if (run->result.skipped)
    return 0;
  Playing playing = {
      .run = run,
      .order = {.parameters = parameters,
                .strategy = choose_path(scenario, strategy, version),
                .options = wx_strategy_options_default(),
                .version = version},
  };
  int result = version ? wx_clr_version_options(version, &playing.order.options) : 0;
  if (result)
    snprintf(run->problem, sizeof run->problem, "%s: %s", version->name, strerror(-result));
  else
    result = wx_parameters_options(parameters, &playing.order.options, run->problem);
  return result ? result : play_shared(&playing, time_limit_ns);
}

void wx_run_free(WxRun *run) {
  wx_sampling_free(&run->sampling);
}
