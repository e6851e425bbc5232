#include "scenario/expect_figure.h"

#include <string.h>

typedef struct {
  const char *name;
  size_t offset;
  bool of_file; ///< Of the memfd, so that WxResult.unknown says why it is unknown.
} Field;

#define OF_METRICS(NAME, MEMBER)                                                                   \
  { NAME, offsetof(WxMetrics, MEMBER), false }
#define OF_SAMPLE(MEMBER)                                                                          \
  { #MEMBER, offsetof(WxSample, MEMBER), false }
#define OF_FILE(STRUCT, MEMBER)                                                                    \
  { #MEMBER, offsetof(STRUCT, MEMBER), true }

static const Field of_metrics[] = {
    OF_FILE(WxMetrics, live_peak_bytes),
    OF_FILE(WxMetrics, allocated_peak_bytes),
    OF_FILE(WxMetrics, retained_bytes),
    OF_METRICS("mappings_peak", mappings_peak),
    OF_METRICS("syscalls", syscalls.total),
    OF_METRICS("syscalls.reserve", syscalls.reserve),
    OF_METRICS("syscalls.commit", syscalls.commit),
    OF_METRICS("syscalls.map_rw", syscalls.map_rw),
    OF_METRICS("syscalls.unmap_rw", syscalls.unmap_rw),
    OF_METRICS("syscalls.release", syscalls.release),
    OF_METRICS("list_nodes", list_nodes.total),
    OF_METRICS("minor_faults", minor_faults),
    OF_METRICS("wx_pages_seen", wx_pages_seen),
    OF_METRICS("failures", failures),
};

// Of a step: the last one, or for `grows` and `flat` the last one of each round.
static const Field of_sample[] = {
    OF_FILE(WxSample, live_bytes),      OF_SAMPLE(reserved_bytes),
    OF_FILE(WxSample, allocated_bytes), OF_FILE(WxSample, mapped_bytes),
    OF_FILE(WxSample, orphaned_bytes),  OF_SAMPLE(rss_bytes),
    OF_SAMPLE(rss_shmem_bytes),         OF_SAMPLE(pss_bytes),
    OF_SAMPLE(cgroup_shmem_bytes),      OF_SAMPLE(mappings),
    OF_SAMPLE(doublemapper_mappings),
};

static const Field *find_field(const Field fields[], size_t count, const char *name) {
  for (size_t i = 0; i < count; ++i)
    if (strcmp(fields[i].name, name) == 0)
      return &fields[i];
  return NULL;
}

static const Field *metric_field(const char *name) {
  return find_field(of_metrics, sizeof of_metrics / sizeof *of_metrics, name);
}

static const Field *sample_field(const char *name) {
  return find_field(of_sample, sizeof of_sample / sizeof *of_sample, name);
}

static WxFigure figure_at(const void *base, const Field *field) {
  return *(const WxFigure *)(const void *)((const char *)base + field->offset);
}

// The largest whole live blocks of any step.
static WxFigure reserved_peak(const WxResult *result) {
  WxFigure peak = WX_UNKNOWN;
  for (size_t i = 0; i < result->sample_count; ++i)
    peak = wx_figure_max(peak, result->samples[i].reserved_bytes);
  return peak;
}

// What the largest live size has above that of the first step, where the runtime has only started.
static WxFigure live_growth(const WxResult *result) {
  return result->sample_count
             ? wx_figure_minus(result->metrics.live_peak_bytes, result->samples[0].live_bytes)
             : WX_UNKNOWN;
}

static WxFigure ran(const WxResult *result) {
  return wx_result_ran(result);
}

static WxFigure signal_of(const WxResult *result) {
  const WxEnded *ended = result->ended;
  return ended && ended->how == WX_ENDED_SIGNAL ? ended->signal : 0;
}

// Of a program that was killed there is none.
static WxFigure status_of(const WxResult *result) {
  const WxEnded *ended = result->ended;
  if (!ended)
    return 0;
  return ended->how == WX_ENDED_EXIT ? ended->status : WX_UNKNOWN;
}

/// Figures that are in no document: only expectations use them.
typedef struct {
  const char *name;
  WxFigure (*figure)(const WxResult *result);
  bool of_ending;
} Derived;

static const Derived derived[] = {
    {"reserved_peak_bytes", reserved_peak, false},
    {"live_growth_bytes", live_growth, false},
    {"ran", ran, true},
    {"signal", signal_of, true},
    {"status", status_of, true},
};

static const Derived *derived_figure(const char *name) {
  for (size_t i = 0; i < sizeof derived / sizeof *derived; ++i)
    if (strcmp(derived[i].name, name) == 0)
      return &derived[i];
  return NULL;
}

bool wx_expect_is_figure(const char *name) {
  return metric_field(name) || sample_field(name) || derived_figure(name);
}

bool wx_expect_is_sampled(const char *name) {
  return sample_field(name) != NULL;
}

bool wx_expect_is_of_file(const char *name) {
  const Field *field = metric_field(name) ? metric_field(name) : sample_field(name);
  return field && field->of_file;
}

bool wx_expect_is_of_ending(const char *name) {
  const Derived *computed = derived_figure(name);
  return computed && computed->of_ending;
}

WxFigure wx_expect_figure(const WxResult *result, const char *metric) {
  const Derived *computed = derived_figure(metric);
  if (result->ended && !wx_expect_is_of_ending(metric))
    return WX_UNKNOWN;
  if (computed)
    return computed->figure(result);
  const Field *field = metric_field(metric);
  if (field)
    return figure_at(&result->metrics, field);
  field = sample_field(metric);
  if (!field || !result->sample_count)
    return WX_UNKNOWN;
  return figure_at(&result->samples[result->sample_count - 1], field);
}

size_t wx_expect_series(const WxResult *result, const char *figure, WxFigure values[]) {
  const Field *field = sample_field(figure);
  size_t count = 0;
  WxFigure round = WX_UNKNOWN;
  for (size_t i = 0; i < result->sample_count; ++i) {
    const WxSample *sample = &result->samples[i];
    if (strcmp(sample->step, "start") == 0 || strcmp(sample->step, "end") == 0)
      continue;
    if (count == 0 || sample->round != round)
      ++count;
    round = sample->round;
    values[count - 1] = figure_at(sample, field);
  }
  return count;
}
