#include "output/compare_rows.h"

#include "output/json.h"
#include "output/result.h"
#include "output/rounds.h"
#include "stats/figures.h"
#include "stats/interval.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *const gate_names[WX_GATES] = {"same", "better", "worse", "info"};

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

static WxGate judge(WxFigureRule rule, WxFigure base, WxFigure now) {
  if (rule == WX_RULE_INFORMATION || !wx_known(base))
    return WX_GATE_INFO;
  if (!wx_known(now))
    return WX_GATE_WORSE;
  const bool worse = rule == WX_RULE_EXACT ? now > base : exceeds_percent(base, now);
  const bool better = rule == WX_RULE_EXACT ? now < base : exceeds_percent(now, base);
  return worse ? WX_GATE_WORSE : better ? WX_GATE_BETTER : WX_GATE_SAME;
}

typedef struct {
  WxComparing *comparing;
  const json_t *subject;
} Pair;

static void compare_figure(const Pair *pair, const char *metric, WxFigureRule rule, WxFigure was,
                           WxFigure is) {
  if (wx_known(was) || wx_known(is))
    wx_compare_add(pair->comparing, pair->subject, metric, wx_json_figure(was), wx_json_figure(is),
                   judge(pair->comparing->gated ? rule : WX_RULE_INFORMATION, was, is));
}

// The total stands first.
static void compare_by_verb(const Pair *pair, const WxFigureRow *row, const json_t *was,
                            const json_t *is) {
  for (size_t i = 0; i < wx_by_verb.count; ++i) {
    const char *verb = wx_by_verb.rows[(i + wx_by_verb.count - 1) % wx_by_verb.count].key;
    char metric[64];
    snprintf(metric, sizeof metric, "%s.%s", row->key, verb);
    compare_figure(pair, metric, row->rule, wx_json_get_figure(was, verb),
                   wx_json_get_figure(is, verb));
  }
}

// The gated figures, or those for information.
static void compare_figures(const Pair *pair, const json_t *now, bool gated) {
  const json_t *before = json_object_get(pair->subject, "metrics");
  const json_t *after = json_object_get(now, "metrics");
  for (size_t i = 0; i < wx_metric_figures.count; ++i) {
    const WxFigureRow *row = &wx_metric_figures.rows[i];
    if (row->rule == WX_RULE_NONE || (row->rule != WX_RULE_INFORMATION) != gated)
      continue;
    if (row->type == WX_TYPE_BY_VERB)
      compare_by_verb(pair, row, json_object_get(before, row->key),
                      json_object_get(after, row->key));
    else
      compare_figure(pair, row->key, row->rule, wx_json_get_figure(before, row->key),
                     wx_json_get_figure(after, row->key));
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
  const Pair pair = {comparing, base};
  compare_figures(&pair, now, true);
  compare_figures(&pair, now, false);
  compare_times(comparing, base, now);
}
