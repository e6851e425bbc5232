#include "scenario/expect_figure.h"

#include <string.h>

// The figure of metrics or samples that expectations call `name`.
typedef struct {
  const WxFigureRow *row; ///< NULL: there is none.
  size_t offset;
  bool sampled;
} Found;

static Found find(const WxFigureTable *table, const char *name) {
  Found found = {.sampled = table == &wx_sample_figures};
  found.row = wx_figure_find(table, name, &found.offset);
  if (found.row && found.row->names == WX_NAMES_UNNAMED)
    found.row = NULL;
  return found;
}

// Of a step: the last one, or for `grows` and `flat` the last one of each round.
static Found find_figure(const char *name) {
  const Found metric = find(&wx_metric_figures, name);
  return metric.row ? metric : find(&wx_sample_figures, name);
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
  return find_figure(name).row || derived_figure(name);
}

bool wx_expect_is_sampled(const char *name) {
  const Found found = find_figure(name);
  return found.row && found.sampled;
}

bool wx_expect_is_of_file(const char *name) {
  const Found found = find_figure(name);
  return found.row && found.row->names == WX_NAMES_OF_FILE;
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
  const Found found = find_figure(metric);
  if (!found.row || (found.sampled && !result->sample_count))
    return WX_UNKNOWN;
  return found.sampled ? wx_figure_of(&result->samples[result->sample_count - 1], found.offset)
                       : wx_figure_of(&result->metrics, found.offset);
}

size_t wx_expect_series(const WxResult *result, const char *figure, WxFigure values[]) {
  const Found found = find(&wx_sample_figures, figure);
  size_t count = 0;
  WxFigure round = WX_UNKNOWN;
  for (size_t i = 0; i < result->sample_count; ++i) {
    const WxSample *sample = &result->samples[i];
    if (strcmp(sample->step, "start") == 0 || strcmp(sample->step, "end") == 0)
      continue;
    if (count == 0 || sample->round != round)
      ++count;
    round = sample->round;
    values[count - 1] = wx_figure_of(sample, found.offset);
  }
  return count;
}
