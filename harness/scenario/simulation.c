#include "scenario/simulation.h"

#include "measure/memfd.h"
#include "measure/observe.h"
#include "measure/wx_switch.h"
#include "os/interrupt.h"
#include "scenario/needs.h"
#include "scenario/play.h"
#include "strategy/registry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
      WxFigure *figure = wx_figure_at(&samples[i], figures[f]);
      if (i == 0)
        own = *figure;
      *figure = wx_figure_minus(*figure, own);
      if (wx_known(*figure) && *figure < 0) // A page of the program was taken away.
        *figure = 0;
    }
  }
}

static void fill_result(WxRun *run, const WxStrategy *strategy, const WxObserved *observed) {
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
  wx_verb_counts(strategy, &run->report.cost, metrics);
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
  if (by_switch && strategy == &wx_strategy_coreclr && !wx_switch_on_here((int)major))
    return &wx_strategy_coreclr_off;
  return strategy;
}

static int play_shared(Playing *playing, uint64_t time_limit_ns) {
  WxRun *run = playing->run;
  WxFresh fresh = {.fd = -1};
  const int failed = wx_play_order_open(&fresh, &playing->order);
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
    fill_result(run, playing->order.strategy, &observed);
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
  if (!run->result.skipped)
    run->result.skipped = wx_strategy_lacks(strategy);
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
