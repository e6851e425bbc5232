#include "scenario/validation.h"

#include "measure/memfd.h"
#include "measure/observe.h"
#include "measure/retention.h"
#include "os/interrupt.h"
#include "scenario/cached.h"
#include "stats/units.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The verdict
 * -------------------------------------------------------------------------------------------------
 */

static double percent(WxFigure part, WxFigure whole) {
  return whole > 0 ? 100.0 * (double)part / (double)whole : 0;
}

const char *wx_validation_verdict(const WxMetrics *metrics, WxFigure allocated_at_end, char *text,
                                  size_t size) {
  const WxFigure orphaned = metrics->orphaned_bytes;
  char orphaned_text[WX_UNITS_TEXT], allocated_text[WX_UNITS_TEXT], live_text[WX_UNITS_TEXT];
  wx_units_format_bytes(orphaned_text, orphaned);
  wx_units_format_bytes(allocated_text, allocated_at_end);
  wx_units_format_bytes(live_text, metrics->live_peak_bytes);
  if (!wx_known(orphaned) || !wx_known(allocated_at_end)) {
    snprintf(text, size, "The memfd of the process could not be examined.");
    return "unknown";
  }
  if (metrics->allocated_peak_bytes == 0) {
    snprintf(text, size, "There is no memfd: executable memory is private and freed by munmap.");
    return "not-affected";
  }
  if (wx_is_retained(orphaned, allocated_at_end)) {
    const bool has_grown =
        wx_known(metrics->live_peak_bytes) && allocated_at_end > metrics->live_peak_bytes;
    snprintf(text, size,
             "%s: %s of %s (%.0f %%) are allocated and mapped nowhere, "
             "after a live peak of %s. RSS, Pss and dumps do not show them.",
             has_grown ? "Releasing made the memfd grow" : "What was released was not given back",
             orphaned_text, allocated_text, percent(orphaned, allocated_at_end), live_text);
    return "retained";
  }
  const bool is_live = allocated_at_end - orphaned >= WX_RETAINED_LEAST_BYTES;
  snprintf(text, size, "%s in the memfd at the end, %s of it mapped nowhere: %s.", allocated_text,
           orphaned_text, is_live ? "the rest is live code and its data" : "nothing to give back");
  return is_live ? "live" : "clean";
}

/* The run
 * -------------------------------------------------------------------------------------------------
 */

enum { ARGUMENTS_MOST = 32 };

// One run while it goes on.
typedef struct {
  const WxValidationOrder *order;
  WxValidation *validation;
  bool beside; ///< What goes on beside it has been started, and not stopped.
} Validating;

// The command line: dotnet exec --fx-version V PROGRAM WORKLOAD key=value...
typedef struct {
  char *items[ARGUMENTS_MOST + 1];
  size_t count;
} Arguments;

static int add_argument(Arguments *arguments, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static int add_argument(Arguments *arguments, const char *format, ...) {
  va_list values;
  va_start(values, format);
  char *text;
  const int length = vasprintf(&text, format, values);
  va_end(values);
  if (length < 0)
    return -ENOMEM;
  if (arguments->count == ARGUMENTS_MOST) {
    free(text);
    return -E2BIG;
  }
  arguments->items[arguments->count++] = text;
  return 0;
}

static void free_arguments(Arguments *arguments) {
  for (size_t i = 0; i < arguments->count; ++i)
    free(arguments->items[i]);
}

static int build_arguments(const WxValidationOrder *order, Arguments *arguments, char *problem) {
  const WxScenario *scenario = order->parameters->scenario;
  int result = add_argument(arguments, "%s/dotnet", order->runtime->root);
  if (result == 0)
    result = add_argument(arguments, "exec");
  if (result == 0)
    result = add_argument(arguments, "--fx-version");
  if (result == 0)
    result = add_argument(arguments, "%s", order->runtime->version);
  if (result == 0)
    result = add_argument(arguments, "%s", order->program);
  if (result == 0)
    result = add_argument(arguments, "%s", scenario->workload);
  for (unsigned i = 0; i < scenario->parameters_count && result == 0; ++i) {
    const char *name = scenario->parameters[i].name;
    uint64_t value;
    result = wx_parameters_quantity(order->parameters, name, &value, problem);
    if (result == 0)
      result = add_argument(arguments, "%s=%llu", name, (unsigned long long)value);
  }
  return result;
}

static bool is_step(const WxStep *step, const char *name) {
  return strcmp(step->name, name) == 0;
}

static int stop_beside(Validating *validating) {
  if (!validating->beside)
    return 0;
  validating->beside = false;
  const WxBeside *beside = validating->order->beside;
  // NOLINTNEXTLINE(clang-analyzer-core.NullDereference): it was started, so there is one.
  return beside->stop(beside->context, validating->validation->problem);
}

static int settle(Validating *validating, const WxStep *step) {
  if (!validating->beside || !(is_step(step, "collected") || is_step(step, "end")))
    return 0;
  const WxBeside *beside = validating->order->beside;
  // NOLINTNEXTLINE(clang-analyzer-core.NullDereference): it was started, so there is one.
  return beside->settle(beside->context, validating->validation->problem);
}

static int look(Validating *validating, pid_t pid, const WxStep *step) {
  WxValidation *validation = validating->validation;
  const int result = wx_sampling_take(&validation->sampling, pid, step);
  if (result == 0)
    wx_mode_look(&validation->ran, pid, validating->order->mode);
  return result;
}

static int sample_step(void *context, pid_t pid, const WxStep *step) {
  Validating *validating = context;
  const WxBeside *beside = validating->order->beside;
  int result = settle(validating, step);
  if (result == 0 && !validating->order->unsampled)
    result = look(validating, pid, step);
  if (result == 0 && beside && is_step(step, "start")) {
    result = beside->start(beside->context, pid);
    validating->beside = result == 0;
  }
  if (result == 0 && is_step(step, "end"))
    result = stop_beside(validating);
  return result;
}

// The last sample at the step of that name, NULL where it was never reached.
static const WxSample *sample_at(const WxSampling *sampling, const char *step) {
  for (size_t i = sampling->count; i-- > 0;)
    if (strcmp(sampling->samples[i].step, step) == 0)
      return &sampling->samples[i];
  return NULL;
}

static uint64_t nanoseconds(struct timeval time) {
  return (uint64_t)time.tv_sec * 1000000000U + (uint64_t)time.tv_usec * 1000U;
}

static void fill_times(WxValidation *validation, const WxObserved *observed) {
  WxMetrics *metrics = &validation->result.metrics;
  metrics->minor_faults = observed->usage.ru_minflt;
  metrics->wall_ns = (WxFigure)(observed->wall_ns - observed->waiting_ns);
  validation->user_ns = nanoseconds(observed->usage.ru_utime);
  validation->system_ns = nanoseconds(observed->usage.ru_stime);
}

static void fill_result(WxValidation *validation) {
  WxMetrics *metrics = &validation->result.metrics;
  const WxSample *start = sample_at(&validation->sampling, "start");
  const WxSample *end = sample_at(&validation->sampling, "end");
  wx_sampling_metrics(&validation->sampling, metrics);
  if (start && end)
    metrics->retained_bytes = wx_figure_minus(end->orphaned_bytes, start->orphaned_bytes);
  validation->result.samples = validation->sampling.samples;
  validation->result.sample_count = validation->sampling.count;
  validation->result.unknown = validation->sampling.unknown;
  validation->result.verdict_code =
      wx_validation_verdict(metrics, end ? end->allocated_bytes : WX_UNKNOWN, validation->verdict,
                            sizeof validation->verdict);
  validation->result.verdict_text = validation->verdict;
}

void wx_validation_fill(WxValidation *validation, const WxObserved *observed) {
  fill_times(validation, observed);
  fill_result(validation);
}

void wx_validation_end(WxValidation *validation, WxObserved *observed) {
  wx_confined_explain(&validation->confined, &validation->ended);
  wx_mode_label(&validation->ran, &validation->result);
  if (validation->ended.how != WX_ENDED_WELL)
    wx_sampling_ended(&validation->sampling, &validation->ended, &validation->result);
  validation->output = observed->output;
  validation->errors = observed->errors;
  observed->output = observed->errors = (WxText){0};
  wx_observed_free(observed);
}

// How the program ended. What went wrong beside it is the cause where something did.
static void explain(Validating *validating, const WxObserved *observed) {
  WxValidation *validation = validating->validation;
  WxEnded *ended = &validation->ended;
  const int failed = stop_beside(validating);
  wx_observed_ended(observed, ended);
  const bool beside_failed = failed && failed != -ESRCH;
  if (beside_failed || (*validation->problem && observed->outcome == WX_OBSERVED_STOPPED)) {
    *ended =
        (WxEnded){.how = WX_ENDED_STOPPED, .error = beside_failed ? failed : observed->stopped_by};
    snprintf(ended->text, sizeof ended->text, "%s",
             *validation->problem ? validation->problem : strerror(-ended->error));
  }
}

static void observe(Validating *validating, Arguments *arguments, WxConfinement *confinement) {
  const WxValidationOrder *order = validating->order;
  WxValidation *validation = validating->validation;
  char preload[PATH_MAX + 16];
  char trace[PATH_MAX + 16];
  const bool preloads = order->mode->preload || order->recorder;
  snprintf(preload, sizeof preload, "LD_PRELOAD=%s",
           order->recorder ? order->recorder : order->preload);
  snprintf(trace, sizeof trace, "WXRECORD=%s", order->recorder ? order->trace : "");
  // Whatever this process was started with must not reach the program.
  const char *const environment[] = {
      order->mode->wx ? "DOTNET_EnableWriteXorExecute=1" : "DOTNET_EnableWriteXorExecute=0",
      preloads ? preload : "LD_PRELOAD",
      order->recorder ? trace : "WXRECORD",
      "COMPlus_EnableWriteXorExecute",
      "DOTNET_ROOT",
      NULL,
  };
  const WxObserveOptions options = {
      .argv = arguments->items,
      .environment = environment,
      .output = WX_STREAM_CAPTURE,
      .errors = WX_STREAM_CAPTURE,
      .group = wx_confinement_folder(confinement),
      .time_limit_ns = order->time_limit_ns,
      .on_step = sample_step,
      .context = validating,
  };
  WxObserved observed = {0};
  const int failed = wx_observe(&options, &observed);
  wx_sampling_close(&validation->sampling);
  wx_confinement_end(confinement, observed.wall_ns, &validation->confined);
  if (failed) {
    (void)stop_beside(validating);
    wx_observed_not_started(arguments->items[0], failed, &validation->ended);
  } else if (observed.outcome != WX_OBSERVED_ENDED || observed.wait_status) {
    explain(validating, &observed);
  } else {
    wx_validation_fill(validation, &observed);
  }
  wx_validation_end(validation, &observed);
}

static int observe_confined(Validating *validating, Arguments *arguments) {
  WxConfinement confinement;
  if (validating->order->memory_limit)
    wx_cache_files(validating->order->runtime, validating->order->program);
  const int failed = wx_confinement_begin(&confinement, validating->order->memory_limit);
  if (!failed)
    observe(validating, arguments, &confinement);
  return failed;
}

int wx_validate(const WxValidationOrder *order, WxValidation *validation) {
  *validation = (WxValidation){.sampling.file = WX_DOUBLEMAPPER};
  validation->result = (WxResult){.workload = order->parameters->scenario->name,
                                  .mode = order->mode->name,
                                  .runtime = order->runtime->version,
                                  .metrics = wx_metrics_unknown()};
  if (wx_os_interrupted()) {
    validation->result.skipped = wx_interrupted;
    return 0;
  }
  Arguments arguments = {0};
  int result = build_arguments(order, &arguments, validation->problem);
  if (result == 0)
    result = observe_confined(&(Validating){order, validation, false}, &arguments);
  if (result && *validation->problem == '\0')
    snprintf(validation->problem, sizeof validation->problem, "%s", strerror(-result));
  free_arguments(&arguments);
  return result;
}

void wx_validation_free(WxValidation *validation) {
  wx_sampling_free(&validation->sampling);
  wx_text_free(&validation->output);
  wx_text_free(&validation->errors);
  wx_confined_free(&validation->confined);
}
