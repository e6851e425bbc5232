#include "output/compare_rows.h"

#include "output/json.h"
#include "output/result.h"
#include "output/rounds.h"
#include "stats/interval.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *const gate_names[WX_GATES] = {"same", "better", "worse", "info"};

#define LENGTH(array) (sizeof(array) / sizeof *(array))

// How a figure is judged.
typedef enum { FOR_INFORMATION, EXACT, WITHIN_PERCENT } Rule;

// The figures of `metrics`, gated ones first.
static const struct {
  const char *object; ///< The member of metrics that holds it, NULL for metrics itself.
  const char *name;
  const char *metric;
  Rule rule;
} figures[] = {
    {NULL, "retained_bytes", "retained_bytes", EXACT},
    {NULL, "mappings_peak", "mappings_peak", EXACT},
    {"syscalls", "total", "syscalls.total", EXACT},
    {"syscalls", "reserve", "syscalls.reserve", EXACT},
    {"syscalls", "commit", "syscalls.commit", EXACT},
    {"syscalls", "map_rw", "syscalls.map_rw", EXACT},
    {"syscalls", "unmap_rw", "syscalls.unmap_rw", EXACT},
    {"syscalls", "release", "syscalls.release", EXACT},
    {NULL, "minor_faults", "minor_faults", WITHIN_PERCENT},
    {NULL, "live_peak_bytes", "live_peak_bytes", FOR_INFORMATION},
    {NULL, "allocated_peak_bytes", "allocated_peak_bytes", FOR_INFORMATION},
    {NULL, "orphaned_bytes", "orphaned_bytes", FOR_INFORMATION},
    {NULL, "wx_pages_seen", "wx_pages_seen", FOR_INFORMATION},
    {NULL, "failures", "failures", FOR_INFORMATION},
};

json_t *wx_compare_add(WxComparing *comparing, const json_t *subject, const char *metric,
                       json_t *base, json_t *now, WxGate gate) {
  json_t *row = json_object();
  bool lost = !row;
  for (size_t i = 0; i < WX_NAMES_OF_RESULT; ++i) {
    json_t *name = json_object_get(subject, wx_result_names[i]);
    lost |= name && json_object_set(row, wx_result_names[i], name) != 0;
  }
  lost |= wx_json_set(row, "metric", wx_json_text(metric)) < 0;
  lost |= wx_json_set(row, "base", base) < 0;
  lost |= wx_json_set(row, "new", now) < 0;
  lost |= wx_json_set(row, "gate", json_string(gate_names[gate])) < 0;
  lost |= json_array_append_new(comparing->comparison->rows, row) != 0;
  comparing->lost |= lost;
  ++comparing->comparison->count[gate];
  return lost ? NULL : row;
}

// Whether `now` exceeds `base` by more than 1 %, without overflow for any figure.
static bool exceeds_percent(WxFigure base, WxFigure now) {
  return (double)now - (double)base > 0.01 * (double)base;
}

static WxGate judge(Rule rule, WxFigure base, WxFigure now) {
  if (rule == FOR_INFORMATION || !wx_known(base))
    return WX_GATE_INFO;
  if (!wx_known(now))
    return WX_GATE_WORSE;
  const bool worse = rule == EXACT ? now > base : exceeds_percent(base, now);
  const bool better = rule == EXACT ? now < base : exceeds_percent(now, base);
  return worse ? WX_GATE_WORSE : better ? WX_GATE_BETTER : WX_GATE_SAME;
}

static void compare_figures(WxComparing *comparing, const json_t *base, const json_t *now) {
  const json_t *before = json_object_get(base, "metrics"), *after = json_object_get(now, "metrics");
  for (size_t i = 0; i < LENGTH(figures); ++i) {
    const char *object = figures[i].object;
    const WxFigure was =
        wx_json_get_figure(object ? json_object_get(before, object) : before, figures[i].name);
    const WxFigure is =
        wx_json_get_figure(object ? json_object_get(after, object) : after, figures[i].name);
    if (wx_known(was) || wx_known(is))
      wx_compare_add(comparing, base, figures[i].metric, wx_json_figure(was), wx_json_figure(is),
                     judge(comparing->gated ? figures[i].rule : FOR_INFORMATION, was, is));
  }
}

static void add_time(WxComparing *comparing, const json_t *base, const char *metric, WxFigure was,
                     WxFigure is, const WxInterval *ratio) {
  if (!wx_known(was) || !wx_known(is))
    return;
  json_t *row = wx_compare_add(comparing, base, metric, wx_json_figure(was), wx_json_figure(is),
                               WX_GATE_INFO);
  if (!row || !ratio)
    return;
  comparing->lost |= wx_json_set(row, "ratio", wx_json_real(ratio->median)) < 0;
  comparing->lost |= wx_json_set(row, "ratio_low", wx_json_real(ratio->low)) < 0;
  comparing->lost |= wx_json_set(row, "ratio_high", wx_json_real(ratio->high)) < 0;
}

// Times never gate: they come from two runs that were not measured in turns. The ratio of the
// rounds says how far they lie apart.
static void compare_times(WxComparing *comparing, const json_t *base, const json_t *now) {
  const json_t *before = json_object_get(base, "metrics"), *after = json_object_get(now, "metrics");
  WxInterval ratio;
  const int error =
      wx_rounds_ratio(json_object_get(base, "samples"), json_object_get(now, "samples"), &ratio);
  comparing->lost |= error == -ENOMEM;
  add_time(comparing, base, "wall_ns", wx_json_get_figure(before, "wall_ns"),
           wx_json_get_figure(after, "wall_ns"), error ? NULL : &ratio);
  const char *operation;
  json_t *time;
  json_object_foreach(json_object_get(before, "time_ns"), operation, time) {
    char metric[96];
    snprintf(metric, sizeof metric, "time_ns.%s", operation);
    const json_t *other = json_object_get(json_object_get(after, "time_ns"), operation);
    add_time(comparing, base, metric, wx_json_get_figure(time, "median"),
             wx_json_get_figure(other, "median"), NULL);
  }
}

/// What became of an expectation.
typedef enum { MISSING, NOT_JUDGED, FAILED, HELD } Outcome;

static Outcome judged(const json_t *ok) {
  return json_is_true(ok) ? HELD : json_is_false(ok) ? FAILED : NOT_JUDGED;
}

static Outcome outcome(const json_t *result, const char *name) {
  const json_t *expectations = json_object_get(result, "expectations");
  for (size_t i = 0; i < json_array_size(expectations); ++i) {
    const json_t *expectation = json_array_get(expectations, i);
    const char *other = wx_json_get_text(expectation, "name");
    if (other && strcmp(other, name) == 0)
      return judged(json_object_get(expectation, "ok"));
  }
  return MISSING;
}

// One that held must hold still; one that failed gets better by holding only.
static WxGate judge_outcome(Outcome was, Outcome is) {
  if (was == is)
    return WX_GATE_SAME;
  if (was == HELD)
    return WX_GATE_WORSE;
  return was == FAILED && is == HELD ? WX_GATE_BETTER : WX_GATE_INFO;
}

static void compare_expectations(WxComparing *comparing, const json_t *base, const json_t *now) {
  static const char *const words[] = {"missing", "not judged", "failed", "ok"};
  const json_t *expectations = json_object_get(base, "expectations");
  for (size_t i = 0; i < json_array_size(expectations); ++i) {
    const char *name = wx_json_get_text(json_array_get(expectations, i), "name");
    if (!name)
      continue;
    const Outcome was = outcome(base, name), is = outcome(now, name);
    char metric[256];
    snprintf(metric, sizeof metric, "expectation: %s", name);
    wx_compare_add(comparing, base, metric, json_string(words[was]), json_string(words[is]),
                   judge_outcome(was, is));
  }
}

json_t *wx_compare_presence(const json_t *result) {
  const char *skipped = wx_json_get_text(result, "skipped");
  const char *ended = wx_json_get_text(json_object_get(result, "ended"), "text");
  if (skipped)
    return json_sprintf("skipped: %s", skipped);
  return ended ? json_sprintf("not finished: %s", ended) : json_string("present");
}

bool wx_compare_ran(const json_t *result) {
  return !json_object_get(result, "skipped") && !json_object_get(result, "ended");
}

void wx_compare_pair(WxComparing *comparing, const json_t *base, const json_t *now) {
  const bool was = wx_compare_ran(base), is = wx_compare_ran(now);
  if (!was || !is) {
    wx_compare_add(comparing, base, "result", wx_compare_presence(base), wx_compare_presence(now),
                   was ? WX_GATE_WORSE : WX_GATE_INFO);
    return;
  }
  compare_expectations(comparing, base, now);
  compare_figures(comparing, base, now);
  compare_times(comparing, base, now);
}
