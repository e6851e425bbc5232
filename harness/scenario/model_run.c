#include "scenario/model_run.h"

#include "measure/memfd.h"
#include "measure/observe.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const WxClrVersion *wx_model_of(const char *runtime_version, bool *stands_in) {
  const unsigned long major = strtoul(runtime_version, NULL, 10);
  const WxClrVersion *version;
  *stands_in = false;
  for (size_t i = 0; (version = wx_clr_version_at(i)); ++i)
    if (wx_clr_version_major(version) == major)
      return version;
  version = wx_clr_version_newest();
  *stands_in = major > wx_clr_version_major(version);
  return *stands_in ? version : NULL;
}

// What the child needs, and what it leaves in memory that both map.
typedef struct {
  const WxModelOrder *order;
  const WxClrWorkload *workload;
  WxClrSettings settings;
  WxStepChannel channel;
  WxModelRun *run;
  struct {
    WxClrCounts counts;
    int error;
  } * shared;
} Modelling;

static int say_step(void *context, const WxClr *clr, unsigned round, const char *name) {
  const Modelling *modelling = context;
  return wx_step_write(modelling->channel, round, name, (WxFigure)wx_clr_usage(clr).live_bytes);
}

static int run_process(Modelling *modelling, WxAllocator *allocator) {
  WxClr *clr;
  int result = wx_clr_open(modelling->order->version, allocator, &clr);
  if (result)
    return result;
  result = wx_clr_workload_run(modelling->workload, clr, &modelling->settings, say_step, modelling);
  modelling->shared->counts = *wx_clr_counts(clr);
  const int closed = wx_clr_close(clr);
  return result ? result : closed;
}

static int run_in_child(WxStepChannel channel, void *context) {
  Modelling *modelling = context;
  modelling->channel = channel;
  WxStrategyOptions options = wx_strategy_options_default();
  WxAllocator *allocator = NULL;
  int result = wx_clr_version_options(modelling->order->version, &options);
  if (result == 0)
    result = wx_allocator_open(modelling->order->strategy, &options, &allocator);
  if (result == 0) {
    result = run_process(modelling, allocator);
    const int closed = wx_allocator_close(allocator);
    result = result ? result : closed;
  }
  modelling->shared->error = result;
  return result != 0;
}

static int sample_step(void *context, pid_t pid, const WxStep *step) {
  Modelling *modelling = context;
  return wx_sampling_take(&modelling->run->sampling, pid, step);
}

static void fill_result(Modelling *modelling, const WxObserved *observed) {
  WxModelRun *run = modelling->run;
  WxMetrics *metrics = &run->result.metrics;
  wx_sampling_metrics(&run->sampling, metrics);
  const WxSample *last = wx_sampling_last(&run->sampling);
  metrics->retained_bytes =
      wx_figure_minus(last->orphaned_bytes, run->sampling.samples[0].orphaned_bytes);
  metrics->minor_faults = observed->usage.ru_minflt;
  metrics->wall_ns = (WxFigure)(observed->wall_ns - observed->waiting_ns);
  run->counts = modelling->shared->counts;
  run->result.samples = run->sampling.samples;
  run->result.sample_count = run->sampling.count;
}

static int read_setting(const WxParameters *parameters, const char *name, unsigned *setting,
                        char *problem) {
  uint64_t value;
  const int result = wx_parameters_number(parameters, name, *setting, &value, problem);
  if (result)
    return result;
  if (value <= INT_MAX) {
    *setting = (unsigned)value;
    return 0;
  }
  snprintf(problem, WX_PROBLEM_SIZE, "%s: at most %d", name, INT_MAX);
  return -EINVAL;
}

static int read_settings(const WxParameters *parameters, WxClrSettings *settings, char *problem) {
  int result = read_setting(parameters, "rounds", &settings->rounds, problem);
  if (result == 0)
    result = read_setting(parameters, "count", &settings->count, problem);
  if (result == 0)
    result = read_setting(parameters, "size", &settings->size, problem);
  return result ? result : read_setting(parameters, "drift", &settings->drift, problem);
}

static int play_shared(Modelling *modelling) {
  WxModelRun *run = modelling->run;
  modelling->shared = wx_child_report_new(sizeof *modelling->shared);
  if (!modelling->shared) {
    snprintf(run->problem, sizeof run->problem, "no memory for a report");
    return -ENOMEM;
  }
  const WxChildOrder order = {.play = run_in_child,
                              .on_step = sample_step,
                              .context = modelling,
                              .error = &modelling->shared->error};
  WxObserved observed;
  WxEnded ended;
  wx_observe_child(&order, &observed, &ended);
  wx_sampling_close(&run->sampling);
  if (ended.how == WX_ENDED_WELL)
    fill_result(modelling, &observed);
  else
    snprintf(run->problem, sizeof run->problem, "%.*s", WX_PROBLEM_SIZE - 1, ended.text);
  wx_child_report_free(modelling->shared, sizeof *modelling->shared);
  return ended.how == WX_ENDED_WELL ? 0 : ended.error ? ended.error : -EIO;
}

int wx_model_run(const WxModelOrder *order, WxModelRun *run) {
  const char *name = order->parameters->scenario->workload;
  *run = (WxModelRun){.sampling.file = WX_DOUBLEMAPPER};
  run->result = (WxResult){.workload = order->parameters->scenario->name,
                           .strategy = order->strategy->name,
                           .model = order->version->name,
                           .metrics = wx_metrics_unknown()};
  const WxClrWorkload *workload = name ? wx_clr_workload_find(name) : NULL;
  if (!workload) {
    snprintf(run->problem, sizeof run->problem, "there is no model of this workload");
    return -ENOTSUP;
  }
  Modelling modelling = {
      .order = order, .workload = workload, .settings = workload->defaults, .run = run};
  const int result = read_settings(order->parameters, &modelling.settings, run->problem);
  return result ? result : play_shared(&modelling);
}

void wx_model_run_free(WxModelRun *run) {
  wx_sampling_free(&run->sampling);
}
