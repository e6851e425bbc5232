#include "scenario/run.h"

#include "measure/memfd.h"
#include "scenario/needs.h"
#include "scenario/runtime_switch.h"
#include "strategy/registry.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

enum { NEWEST_MAJOR = 10, SHM_LINK_SIZE = 64 };

typedef struct {
  WxRun *run;
  WxPlayOrder order;
  WxPlayReport *shared; ///< Written by the child while it plays.
  char shm_link[SHM_LINK_SIZE];
} Playing;

static int play_in_child(WxStepChannel channel, void *context) {
  const Playing *playing = context;
  return wx_play(&playing->order, channel) ? 1 : 0;
}

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

static void fill_syscalls(WxSyscalls *syscalls, const WxCost *cost) {
  syscalls->reserve = (WxFigure)cost->syscalls[WX_RESERVE];
  syscalls->commit = (WxFigure)cost->syscalls[WX_COMMIT];
  syscalls->map_rw = (WxFigure)cost->syscalls[WX_MAP_RW];
  syscalls->unmap_rw = (WxFigure)cost->syscalls[WX_UNMAP_RW];
  syscalls->release = (WxFigure)cost->syscalls[WX_RELEASE];
  syscalls->total = syscalls->reserve + syscalls->commit + syscalls->map_rw + syscalls->unmap_rw +
                    syscalls->release;
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
  fill_syscalls(&metrics->syscalls, &run->report.cost);
  run->result.samples = run->sampling.samples;
  run->result.sample_count = run->sampling.count;
}

// Says in one line why there is no result.
static int explain(Playing *playing, const WxObserved *observed) {
  WxRun *run = playing->run;
  if (run->report.error) {
    snprintf(run->problem, sizeof run->problem, "%s", run->report.problem);
    return run->report.error;
  }
  wx_observed_describe(observed, run->problem, sizeof run->problem);
  return observed->outcome == WX_OBSERVED_STOPPED ? observed->stopped_by : -EIO;
}

static int observe(Playing *playing) {
  const WxObserveOptions options = {
      .child = play_in_child,
      .child_context = playing,
      .output = WX_STREAM_INHERIT,
      .errors = WX_STREAM_INHERIT,
      .on_step = sample_step,
      .context = playing,
  };
  WxObserved observed = {0};
  int result = wx_observe(&options, &observed);
  playing->run->report = *playing->shared;
  if (result)
    snprintf(playing->run->problem, WX_PROBLEM_SIZE, "cannot start a child: %s", strerror(-result));
  else if (observed.outcome != WX_OBSERVED_ENDED || observed.wait_status)
    result = explain(playing, &observed);
  else
    fill_result(playing->run, &observed);
  wx_observed_free(&observed);
  return result;
}

// Where the scenario asks for it, the runtime's own switch chooses between its two paths.
static const WxStrategy *choose_path(const WxScenario *scenario, const WxStrategy *strategy,
                                     const WxClrVersion *version) {
  const int major = version ? atoi(version->name + sizeof "net" - 1) : NEWEST_MAJOR;
  const bool by_switch = scenario->wx && strcmp(scenario->wx, "env") == 0;
  if (by_switch && strategy == &wx_strategy_coreclr && !wx_runtime_switch_on(major))
    return &wx_strategy_coreclr_off;
  return strategy;
}

static int play_shared(Playing *playing) {
  // The child's report must be seen by this process: memory that both share, not a part of what is
  // measured.
  playing->shared = mmap(NULL, sizeof *playing->shared, PROT_READ | PROT_WRITE,
                         MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (playing->shared == MAP_FAILED) {
    snprintf(playing->run->problem, WX_PROBLEM_SIZE, "no memory for a report: %s", strerror(errno));
    return -ENOMEM;
  }
  playing->order.report = playing->shared;
  const int result = observe(playing);
  munmap(playing->shared, sizeof *playing->shared);
  return result;
}

int wx_run_scenario(const WxParameters *parameters, const WxStrategy *strategy,
                    const WxClrVersion *asked, WxRun *run) {
  *run = (WxRun){.sampling.file = WX_DOUBLEMAPPER};
  const WxScenario *scenario = parameters->scenario;
  const WxClrVersion *version = asked             ? asked
                                : scenario->model ? wx_clr_version_find(scenario->model)
                                                  : NULL;
  run->result = (WxResult){.scenario = scenario->name,
                           .strategy = strategy->name,
                           .model = version ? version->name : NULL,
                           .metrics = wx_metrics_unknown()};
  run->result.skipped = wx_need_missing(scenario->needs);
  if (run->result.skipped)
    return 0;
  Playing playing = {
      .run = run,
      .order = {parameters, choose_path(scenario, strategy, version), wx_strategy_options_default(),
                version, NULL},
  };
  int result = version ? wx_clr_version_options(version, &playing.order.options) : 0;
  if (result)
    snprintf(run->problem, sizeof run->problem, "%s: %s", version->name, strerror(-result));
  else
    result = wx_parameters_options(parameters, &playing.order.options, run->problem);
  return result ? result : play_shared(&playing);
}

void wx_run_free(WxRun *run) {
  wx_sampling_free(&run->sampling);
}
