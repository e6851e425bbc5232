#include "output/compare.h"

#include "output/json.h"
#include "output/load.h"
#include "output/result.h"
#include "output/rounds.h"
#include "stats/figures.h"
#include "stats/interval.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Whether results have the shape that the contract gives them, so that a comparison does not take
 * damage for a change
 * -------------------------------------------------------------------------------------------------
 */

// What a member may be, beside absent.
typedef enum { TEXT, FIGURES, SAMPLES, EXPECTATIONS, ANYTHING } Shape;

typedef struct {
  const char *key;
  Shape shape;
} Member;

static const Member of_result[] = {{"scenario", TEXT},   {"workload", TEXT},
                                   {"strategy", TEXT},   {"mode", TEXT},
                                   {"model", TEXT},      {"runtime", TEXT},
                                   {"skipped", TEXT},    {"metrics", FIGURES},
                                   {"samples", SAMPLES}, {"expectations", EXPECTATIONS},
                                   {NULL, ANYTHING}};

typedef struct {
  const char *name; ///< Of the file.
  char *problem;
} Report;

static int refuse(const Report *report, const char *path, const char *expected) {
  snprintf(report->problem, WX_PROBLEM, "%s: %s: expected %s", report->name, path, expected);
  return -EINVAL;
}

static int check_figures(const Report *report, const char *path, json_t *object, int depth) {
  if (!json_is_object(object))
    return refuse(report, path, "an object");
  const char *key;
  json_t *value;
  json_object_foreach(object, key, value) {
    char inner[256];
    snprintf(inner, sizeof inner, "%s.%s", path, key);
    int error = 0;
    if (json_is_object(value) && depth > 0)
      error = check_figures(report, inner, value, depth - 1);
    else if (!json_is_number(value) && !json_is_null(value))
      error = refuse(report, inner, "a number or null");
    if (error)
      return error;
  }
  return 0;
}

static int check_sample(const Report *report, const char *path, json_t *sample) {
  if (!json_is_object(sample))
    return refuse(report, path, "an object");
  const char *key;
  json_t *value;
  json_object_foreach(sample, key, value) {
    const bool step = strcmp(key, "step") == 0;
    char inner[256];
    snprintf(inner, sizeof inner, "%s.%s", path, key);
    if (step ? !json_is_string(value) : !json_is_number(value) && !json_is_null(value))
      return refuse(report, inner, step ? "a string" : "a number or null");
  }
  return 0;
}

static int check_expectation(const Report *report, const char *path, json_t *expectation) {
  if (!json_is_string(json_object_get(expectation, "name")))
    return refuse(report, path, "a name");
  const json_t *ok = json_object_get(expectation, "ok");
  if (!json_is_boolean(ok) && !json_is_null(ok))
    return refuse(report, path, "ok to be true, false or null");
  return 0;
}

static int check_list(const Report *report, const char *path, json_t *list,
                      int (*check_one)(const Report *, const char *, json_t *)) {
  if (!json_is_array(list))
    return refuse(report, path, "an array");
  for (size_t i = 0; i < json_array_size(list); ++i) {
    char inner[192];
    snprintf(inner, sizeof inner, "%s[%zu]", path, i);
    const int error = check_one(report, inner, json_array_get(list, i));
    if (error)
      return error;
  }
  return 0;
}

static int check_member(const Report *report, const char *path, json_t *value, Shape shape) {
  switch (shape) {
  case TEXT:
    return json_is_string(value) || json_is_null(value) ? 0 : refuse(report, path, "a string");
  case FIGURES: // Of a program that did not run to its end they are null.
    return json_is_null(value) ? 0 : check_figures(report, path, value, 3);
  case SAMPLES:
    return check_list(report, path, value, check_sample);
  case EXPECTATIONS:
    return check_list(report, path, value, check_expectation);
  case ANYTHING:
    break;
  }
  return 0;
}

// 0, or -EINVAL with `problem` set to a line such as
// `new.json: results[2].metrics.retained_bytes: expected a number or null`.
static int check_results(const json_t *root, const char *name, char problem[WX_PROBLEM]) {
  const Report report = {name, problem};
  const json_t *results = json_object_get(root, "results");
  for (size_t i = 0; i < json_array_size(results); ++i) {
    for (const Member *member = of_result; member->key; ++member) {
      char path[96];
      snprintf(path, sizeof path, "results[%zu].%s", i, member->key);
      json_t *value = json_object_get(json_array_get(results, i), member->key);
      const int error = value ? check_member(&report, path, value, member->shape) : 0;
      if (error)
        return error;
    }
  }
  return 0;
}

/// A comparison under way.
typedef struct {
  WxComparison *comparison;
  bool gated; ///< run and replay; figures of a real program vary too much.
  bool lost;  ///< Memory ran out.
} Comparing;

/* The rows of two results of one name
 * -------------------------------------------------------------------------------------------------
 */

static const char *const gate_names[WX_GATES] = {"same", "better", "worse", "info"};

// Appends a row named as `subject` and takes ownership of the two values. Returns the row, owned
// by the comparison, or NULL where memory ran out.
static json_t *add_row(Comparing *comparing, const json_t *subject, const char *metric,
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
  Comparing *comparing;
  const json_t *subject;
} Pair;

static void compare_figure(const Pair *pair, const char *metric, WxFigureRule rule, WxFigure was,
                           WxFigure is) {
  if (wx_known(was) || wx_known(is))
    add_row(pair->comparing, pair->subject, metric, wx_json_figure(was), wx_json_figure(is),
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

static void add_time(Comparing *comparing, const json_t *base, const char *metric, WxFigure was,
                     WxFigure is, const WxInterval *ratio) {
  if (!wx_known(was) || !wx_known(is))
    return;
  json_t *row =
      add_row(comparing, base, metric, wx_json_figure(was), wx_json_figure(is), WX_GATE_INFO);
  if (!row || !ratio)
    return;
  comparing->lost |= wx_json_set(row, "ratio", wx_json_real(ratio->median)) < 0;
  comparing->lost |= wx_json_set(row, "ratio_low", wx_json_real(ratio->low)) < 0;
  comparing->lost |= wx_json_set(row, "ratio_high", wx_json_real(ratio->high)) < 0;
}

// Times never gate: they come from two runs that were not measured in turns. The ratio of the
// rounds says how far they lie apart.
static void compare_times(Comparing *comparing, const json_t *base, const json_t *now) {
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

static void compare_expectations(Comparing *comparing, const json_t *base, const json_t *now) {
  static const char *const words[] = {"missing", "not judged", "failed", "ok"};
  const json_t *expectations = json_object_get(base, "expectations");
  for (size_t i = 0; i < json_array_size(expectations); ++i) {
    const char *name = wx_json_get_text(json_array_get(expectations, i), "name");
    if (!name)
      continue;
    const Outcome was = outcome(base, name), is = outcome(now, name);
    char metric[256];
    snprintf(metric, sizeof metric, "expectation: %s", name);
    add_row(comparing, base, metric, json_string(words[was]), json_string(words[is]),
            judge_outcome(was, is));
  }
}

// "present", "skipped: REASON" or "not finished: REASON", as a new value.
static json_t *presence(const json_t *result) {
  const char *skipped = wx_json_get_text(result, "skipped");
  const char *ended = wx_json_get_text(json_object_get(result, "ended"), "text");
  if (skipped)
    return json_sprintf("skipped: %s", skipped);
  return ended ? json_sprintf("not finished: %s", ended) : json_string("present");
}

// Whether there is something to compare: it was neither skipped nor ended before its end.
static bool has_run(const json_t *result) {
  return !json_object_get(result, "skipped") && !json_object_get(result, "ended");
}

// Appends all rows of two results of one name.
static void compare_pair(Comparing *comparing, const json_t *base, const json_t *now) {
  const bool was = has_run(base), is = has_run(now);
  if (!was || !is) {
    add_row(comparing, base, "result", presence(base), presence(now),
            was ? WX_GATE_WORSE : WX_GATE_INFO);
    return;
  }
  compare_expectations(comparing, base, now);
  const Pair pair = {comparing, base};
  compare_figures(&pair, now, true);
  compare_figures(&pair, now, false);
  compare_times(comparing, base, now);
}

/* All results of two documents
 * -------------------------------------------------------------------------------------------------
 */

static bool same_name(const json_t *one, const json_t *other) {
  for (size_t i = 0; i < WX_NAMES_OF_RESULT; ++i) {
    const char *a = wx_json_get_text(one, wx_result_names[i]),
               *b = wx_json_get_text(other, wx_result_names[i]);
    if (!a != !b || (a && strcmp(a, b) != 0))
      return false;
  }
  return true;
}

// The first result of that name that has no partner yet; the count of results where there is none.
static size_t find_partner(const json_t *results, const json_t *wanted, const bool *taken) {
  size_t i = 0;
  while (i < json_array_size(results) &&
         (taken[i] || !same_name(json_array_get(results, i), wanted)))
    ++i;
  return i;
}

static void compare_all(Comparing *comparing, const json_t *base, const json_t *now, bool *taken) {
  for (size_t i = 0; i < json_array_size(base); ++i) {
    const json_t *result = json_array_get(base, i);
    const size_t partner = find_partner(now, result, taken);
    if (partner == json_array_size(now)) {
      const bool was = has_run(result);
      add_row(comparing, result, "result", presence(result), json_string("missing"),
              was ? WX_GATE_WORSE : WX_GATE_INFO);
      continue;
    }
    taken[partner] = true;
    compare_pair(comparing, result, json_array_get(now, partner));
  }
  for (size_t i = 0; i < json_array_size(now); ++i) {
    if (!taken[i])
      add_row(comparing, json_array_get(now, i), "result", json_string("missing"),
              presence(json_array_get(now, i)), WX_GATE_INFO);
  }
}

// Whether the two can be compared, and by which rules.
static int check_kinds(const json_t *base, const json_t *now, const char *const names[2],
                       bool *gated, char *problem) {
  static const char *const kinds[] = {"run", "replay", "validate"};
  const char *kind = wx_json_get_text(base, "kind"), *other = wx_json_get_text(now, "kind");
  if (strcmp(kind, other) != 0) {
    snprintf(problem, WX_PROBLEM, "%s is of kind '%.32s', but %s is of kind '%.32s'", names[0],
             kind, names[1], other);
    return -EINVAL;
  }
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; ++i) {
    if (strcmp(kind, kinds[i]) == 0) {
      *gated = i < 2;
      return 0;
    }
  }
  snprintf(problem, WX_PROBLEM, "%s: kind: is '%.32s', expected 'run', 'replay' or 'validate'",
           names[0], kind);
  return -EINVAL;
}

int wx_compare(const json_t *base, const json_t *now, const char *const names[2],
               WxComparison *comparison, char problem[WX_PROBLEM]) {
  *comparison = (WxComparison){0};
  Comparing comparing = {.comparison = comparison};
  int error = check_kinds(base, now, names, &comparing.gated, problem);
  if (!error)
    error = check_results(base, names[0], problem);
  if (!error)
    error = check_results(now, names[1], problem);
  if (error)
    return error;
  const json_t *after = json_object_get(now, "results");
  bool *taken = calloc(json_array_size(after) + 1, sizeof *taken);
  comparison->rows = json_array();
  comparing.lost = !taken || !comparison->rows;
  if (!comparing.lost)
    compare_all(&comparing, json_object_get(base, "results"), after, taken);
  free(taken);
  if (!comparing.lost)
    return 0;
  wx_comparison_free(comparison);
  snprintf(problem, WX_PROBLEM, "out of memory");
  return -ENOMEM;
}

void wx_comparison_free(WxComparison *comparison) {
  json_decref(comparison->rows);
  *comparison = (WxComparison){0};
}
