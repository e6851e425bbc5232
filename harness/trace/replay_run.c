#include "trace/replay_run.h"

#include "measure/memfd.h"
#include "measure/observe.h"
#include "os/interrupt.h"
#include "os/layout.h"
#include "strategy/registry.h"
#include "trace/replay_play.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

typedef struct {
  const WxReplayOrder *order;
  WxReplayRun *run;
  WxReplayReport *shared;
} Playing;

static int play_in_child(WxStepChannel channel, void *context) {
  const Playing *playing = context;
  wx_os_close_gaps();
  return wx_replay_play(playing->order, playing->shared, channel) ? 1 : 0;
}

static int sample_step(void *context, pid_t pid, const WxStep *step) {
  Playing *playing = context;
  const int failed = wx_sampling_take(&playing->run->sampling, pid, step);
  if (failed)
    return failed;
  WxMetrics *metrics = &playing->run->result.metrics;
  wx_sampling_last(&playing->run->sampling)->reserved_bytes = WX_UNKNOWN;
  if (strcmp(step->name, "start") != 0) {
    metrics->mappings_peak = wx_figure_max(metrics->mappings_peak, playing->shared->mappings);
    metrics->wx_pages_seen = wx_figure_max(metrics->wx_pages_seen, playing->shared->wx_pages);
  }
  return 0;
}

/// What a step of the last round held; NULL where it was not reached.
static const WxSample *last_sample(const WxSampling *sampling, const char *step) {
  const WxSample *found = NULL;
  for (size_t i = 0; i < sampling->count; i++)
    if (strcmp(sampling->samples[i].step, step) == 0)
      found = &sampling->samples[i];
  return found;
}

static void fill_result(WxReplayRun *run, const WxStrategy *strategy) {
  WxMetrics *metrics = &run->result.metrics;
  const WxFigure own_mappings = metrics->mappings_peak;
  wx_sampling_metrics(&run->sampling, metrics);
  metrics->mappings_peak = own_mappings;
  // What is released after the replay proper is not recorded.
  metrics->allocated_peak_bytes =
      wx_sampling_peak(&run->sampling, offsetof(WxSample, allocated_bytes), false);
  metrics->minor_faults = (WxFigure)run->report.minor_faults;
  metrics->wall_ns = (WxFigure)run->report.replaying_ns;
  wx_verb_counts(strategy, &run->report.cost, metrics);
  metrics->time_ns = (WxOperationTimes){
      run->times, wx_verb_times(&run->report.cost, &run->report.durations, run->times)};
  const WxSample *last = last_sample(&run->sampling, "collected");
  metrics->orphaned_bytes = last ? last->orphaned_bytes : WX_UNKNOWN;
  // Which pages were used is known only up to the last scan.
  if (run->report.tally.recorded_end_known && last)
    metrics->retained_bytes = last->orphaned_bytes;
  run->result.samples = run->sampling.samples;
  run->result.sample_count = run->sampling.count;
  run->result.unknown = run->sampling.unknown;
}

/* As recorded?
 * -------------------------------------------------------------------------------------------------
 */

/// Adds an expectation: `actual` within `percent` of `expected`.
static void check(WxReplayRun *run, const char *name, WxFigure expected, WxFigure actual,
                  int percent) {
  const size_t index = run->result.expectation_count++;
  WxExpectationResult *result = &run->checks[index];
  const WxFigure slack = expected / 100 * percent;
  char *expected_text = run->texts[index][0];
  char *actual_text = run->texts[index][1];
  snprintf(expected_text, sizeof run->texts[index][0], percent ? "= %jd +- %d %%" : "= %jd",
           (intmax_t)expected, percent);
  snprintf(actual_text, sizeof run->texts[index][1], "%jd", (intmax_t)actual);
  const char *unknown = run->result.unknown ? run->result.unknown : "it was not measured";
  *result = (WxExpectationResult){.name = name,
                                  .ok = wx_known(actual) && actual >= expected - slack &&
                                        actual <= expected + slack,
                                  .expected = expected_text,
                                  .actual = actual_text,
                                  .reason = wx_known(actual) ? NULL : unknown};
}

/// System calls of an event on the runtime's own path.
static const unsigned calls_of[WX_OPERATIONS] = {
    [WX_RESERVE] = 1, [WX_COMMIT] = 1, [WX_MAP_RW] = 1, [WX_UNMAP_RW] = 1, [WX_RELEASE] = 2,
};

static void check_calls(WxReplayRun *run) {
  const WxReplayReport *report = &run->report;
  uint64_t expected = report->tally.left_out;
  uint64_t actual = 0;
  for (int i = 0; i < WX_OPERATIONS; i++) {
    expected += report->done[i] * calls_of[i];
    actual += report->cost.syscalls[i];
  }
  check(run, "system calls as recorded", (WxFigure)expected, (WxFigure)actual, 0);
}

static void check_memory(WxReplayRun *run) {
  const WxReplayReport *report = &run->report;
  const WxSample *end = last_sample(&run->sampling, "collected");
  if (!end || !report->tally.recorded_end_known)
    return;
  check(run, "memory at the end as recorded", (WxFigure)report->tally.recorded_end_bytes,
        end->allocated_bytes, 0);
  check(run, "peak of memory as recorded", (WxFigure)report->tally.recorded_peak,
        run->result.metrics.allocated_peak_bytes, 1);
}

/// The runtime's own path does as recorded; where its memory was given back at each release, the
/// memory is that of the path which does so.
static void check_against_recording(WxReplayRun *run, const WxStrategy *strategy) {
  static const WxStrategy *const keeps_as[] = {
      [WX_REPLAY_NOBODY] = &wx_strategy_coreclr,
      [WX_REPLAY_PRELOAD] = &wx_strategy_coreclr_punch,
      [WX_REPLAY_OUTSIDE] = NULL,
  };
  run->result.expectations = run->checks;
  if (strategy == &wx_strategy_coreclr)
    check_calls(run);
  if (strategy == keeps_as[wx_replay_giver(&run->report.tally)])
    check_memory(run);
}

/* Running
 * -------------------------------------------------------------------------------------------------
 */

static const char *base_name(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

static int play_shared(Playing *playing) {
  WxReplayRun *run = playing->run;
  playing->shared = wx_child_report_new(sizeof *playing->shared);
  if (!playing->shared)
    return -ENOMEM;
  const WxChildOrder order = {.play = play_in_child,
                              .on_step = sample_step,
                              .context = playing,
                              .error = &playing->shared->error,
                              .said = playing->shared->problem,
                              .without_steps = playing->order->unobserved,
                              .time_limit_ns = playing->order->time_limit_ns};
  WxObserved observed;
  wx_observe_child(&order, &observed, &run->ended);
  wx_sampling_close(&run->sampling);
  run->report = *playing->shared;
  if (run->ended.how == WX_ENDED_WELL)
    fill_result(run, playing->order->strategy);
  else
    wx_sampling_ended(&run->sampling, &run->ended, &run->result);
  wx_child_report_free(playing->shared, sizeof *playing->shared);
  return 0;
}

int wx_replay_run(const WxReplayOrder *order, WxReplayRun *run) {
  *run = (WxReplayRun){.sampling = {.file = WX_DOUBLEMAPPER,
                                    .keeps = order->strategy->capabilities & WX_CLOSES_FILES}};
  run->result = (WxResult){.scenario = base_name(order->path),
                           .strategy = order->strategy->name,
                           .metrics = wx_metrics_unknown()};
  run->result.skipped = wx_os_interrupted() ? wx_interrupted : wx_strategy_lacks(order->strategy);
  if (run->result.skipped)
    return 0;
  Playing playing = {order, run, NULL};
  const int failed = play_shared(&playing);
  const bool as_itself = strcmp(run->report.path, order->strategy->name) == 0;
  if (!failed && wx_result_ran(&run->result) && as_itself && order->rounds <= 1 &&
      !order->unobserved)
    check_against_recording(run, order->strategy);
  return failed;
}

void wx_replay_run_free(WxReplayRun *run) {
  wx_sampling_free(&run->sampling);
}
