#include "output/comparison.h"

#include "output/check.h"
#include "output/json.h"
#include "output/result_json.h"
#include "output/rounds.h"
#include "stats/figures.h"
#include "stats/interval.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// A comparison under way.
typedef struct {
  WxComparison *comparison;
  bool gated; // run, replay and bench; figures of a real program vary too much.
  bool bench; // Of strategies.
  bool lost;  // Memory ran out.
  WxRatios ratios;
} Comparing;

/* What two results of one name say about each other
 * -------------------------------------------------------------------------------------------------
 */

static const char *const gate_names[WX_GATES] = {"same", "better", "worse", "info"};

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
  bool gated; ///< Else all are for information.
} Pair;

static void compare_figure(const Pair *pair, const char *metric, WxFigureRule rule, WxFigure was,
                           WxFigure is) {
  if (wx_known(was) || wx_known(is))
    add_row(pair->comparing, pair->subject, metric, wx_json_figure(was), wx_json_figure(is),
            judge(pair->gated ? rule : WX_RULE_INFORMATION, was, is));
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

// The figures that can gate, or those for information.
static void compare_some(const Pair *pair, const json_t *before, const json_t *after, bool gated) {
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

static void compare_figures(const Pair *pair, const json_t *before, const json_t *after) {
  compare_some(pair, before, after, true);
  compare_some(pair, before, after, false);
}

static void add_ratio(Comparing *comparing, json_t *row, const WxInterval *ratio) {
  if (!row)
    return;
  comparing->lost |= wx_json_set(row, "ratio", wx_json_real(ratio->median)) < 0;
  comparing->lost |= wx_json_set(row, "ratio_low", wx_json_real(ratio->low)) < 0;
  comparing->lost |= wx_json_set(row, "ratio_high", wx_json_real(ratio->high)) < 0;
}

static void add_time(Comparing *comparing, const json_t *base, const char *metric, WxFigure was,
                     WxFigure is, const WxInterval *ratio) {
  if (!wx_known(was) || !wx_known(is))
    return;
  json_t *row =
      add_row(comparing, base, metric, wx_json_figure(was), wx_json_figure(is), WX_GATE_INFO);
  if (ratio)
    add_ratio(comparing, row, ratio);
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

static json_t *presence(const json_t *result) {
  const char *skipped = wx_json_get_text(result, "skipped");
  const char *ended = wx_json_get_text(json_object_get(result, "ended"), "text");
  if (skipped)
    return json_sprintf("skipped: %s", skipped);
  return ended ? json_sprintf("not finished: %s", ended) : json_string("present");
}

static bool ran(const json_t *result) {
  return !json_object_get(result, "skipped") && !json_object_get(result, "ended");
}

/* Strategies side by side
 * -------------------------------------------------------------------------------------------------
 */

// When code can be written, the best first; what is not said comes last.
static size_t rank(const char *writable) {
  static const char *const words[] = {"never", "while written", "not afterwards", "always"};
  size_t i = 0;
  while (i < sizeof words / sizeof *words && !(writable && strcmp(writable, words[i]) == 0))
    ++i;
  return i;
}

static WxGate judge_rank(size_t was, size_t is) {
  return is > was ? WX_GATE_WORSE : is < was ? WX_GATE_BETTER : WX_GATE_SAME;
}

static void compare_security(Comparing *comparing, const json_t *base, const json_t *now) {
  const json_t *before = json_object_get(base, "security"),
               *after = json_object_get(now, "security");
  if (!before || !after)
    return;
  const bool was = json_is_true(json_object_get(before, "wx_page"));
  const bool is = json_is_true(json_object_get(after, "wx_page"));
  add_row(comparing, base, "security.wx_page", json_string(was ? "yes" : "no"),
          json_string(is ? "yes" : "no"), judge_rank(was, is));
  const char *word = wx_json_get_text(before, "writable_alias");
  const char *now_word = wx_json_get_text(after, "writable_alias");
  add_row(comparing, base, "security.writable_alias", wx_json_text(word), wx_json_text(now_word),
          judge_rank(rank(word), rank(now_word)));
}

// Of fewer rounds no interval of 95 % is known: their least and most lie closer together.
enum { FEWEST = 6 };

static void compare_ratio(Comparing *comparing, const json_t *subject, const char *metric,
                          json_t *base, json_t *now, const WxInterval *ratio, double noise) {
  const bool known = ratio->n >= FEWEST;
  const bool slower = known && ratio->low > 1 + 2 * noise;
  const bool faster = known && ratio->high < 1 - 2 * noise;
  const WxGate gate = comparing->ratios != WX_RATIOS_GATED ? WX_GATE_INFO
                      : slower                             ? WX_GATE_WORSE
                      : faster                             ? WX_GATE_BETTER
                                                           : WX_GATE_SAME;
  json_t *row = add_row(comparing, subject, metric, base, now, gate);
  add_ratio(comparing, row, ratio);
  if (row)
    comparing->lost |= wx_json_set(row, "noise", wx_json_real(noise)) < 0;
  comparing->comparison->slower += slower;
}

static double real(const json_t *object, const char *key) {
  const json_t *value = json_object_get(object, key);
  return json_is_number(value) ? json_number_value(value) : NAN;
}

// Of two numbers of rounds the smaller one; 0 where one is not known.
static size_t fewer(WxFigure one, WxFigure other) {
  const WxFigure least = one < other ? one : other;
  return least > 0 ? (size_t)least : 0;
}

// Each ratio was measured in turns with the base of its own run, so that the speed of the machine
// is in neither. Of their quotient an interval is known that is wide enough.
static void compare_ratios(Comparing *comparing, const json_t *base, const json_t *now) {
  const json_t *was = json_object_get(base, "ratio"), *is = json_object_get(now, "ratio");
  const WxInterval ratio = {.median = real(is, "median") / real(was, "median"),
                            .low = real(is, "ci_low") / real(was, "ci_high"),
                            .high = real(is, "ci_high") / real(was, "ci_low"),
                            .n = fewer(wx_json_get_figure(is, "n"), wx_json_get_figure(was, "n"))};
  const double noise = fmax(real(was, "noise"), real(is, "noise"));
  const char *of = wx_json_get_text(was, "base"), *name = wx_json_get_text(base, "strategy");
  const bool itself = of && name && strncmp(of, name, strlen(of)) == 0 &&
                      (!name[strlen(of)] || strcmp(name + strlen(of), " again") == 0);
  if (itself || !isfinite(ratio.median) || !isfinite(ratio.low) || !isfinite(ratio.high) ||
      !isfinite(noise))
    return;
  compare_ratio(comparing, base, "ratio", wx_json_real(real(was, "median")),
                wx_json_real(real(is, "median")), &ratio, noise);
}

// Counters are those of the work alone where its system calls were counted: one thread, and none of
// another's code.
static void compare_bench(Comparing *comparing, const json_t *base, const json_t *now) {
  const bool counted = json_is_object(json_object_get(base, "syscalls")) &&
                       json_is_object(json_object_get(now, "syscalls"));
  const Pair pair = {comparing, base, counted};
  compare_figures(&pair, base, now);
  compare_security(comparing, base, now);
  if (comparing->ratios != WX_RATIOS_LEFT_OUT)
    compare_ratios(comparing, base, now);
}

static void compare_pair(Comparing *comparing, const json_t *base, const json_t *now) {
  const bool was = ran(base), is = ran(now);
  if (!was || !is) {
    add_row(comparing, base, "result", presence(base), presence(now),
            was ? WX_GATE_WORSE : WX_GATE_INFO);
    return;
  }
  if (comparing->bench) {
    compare_bench(comparing, base, now);
    return;
  }
  compare_expectations(comparing, base, now);
  const Pair pair = {comparing, base, comparing->gated};
  compare_figures(&pair, json_object_get(base, "metrics"), json_object_get(now, "metrics"));
  compare_times(comparing, base, now);
}

/* Which of them have one name
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
      const bool was = ran(result);
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

// Of a bench only rows of strategies are compared.
static int check_bench(const json_t *document, const char *name, char *problem) {
  const json_t *results = json_object_get(document, "results");
  for (size_t i = 0; i < json_array_size(results); ++i) {
    const char *of = wx_json_get_text(json_array_get(results, i), "benchmark");
    if (of && strcmp(of, "strategies") == 0)
      continue;
    snprintf(problem, WX_PROBLEM, "%s: results[%zu].benchmark: is '%.32s', expected 'strategies'",
             name, i, of ? of : "");
    return -EINVAL;
  }
  return 0;
}

// What another kernel counts is another matter.
static int check_kernels(const json_t *base, const json_t *now, const char *const names[2],
                         char *problem) {
  static const char *const keys[] = {"kernel", "page_size"};
  for (size_t i = 0; i < sizeof keys / sizeof *keys; ++i) {
    json_t *was = json_object_get(json_object_get(base, "context"), keys[i]);
    json_t *is = json_object_get(json_object_get(now, "context"), keys[i]);
    if (!was || !is || json_equal(was, is))
      continue;
    snprintf(problem, WX_PROBLEM,
             "%s and %s were measured with another %s: expected the same; measure both here, or in "
             "turns by --against",
             names[0], names[1], keys[i]);
    return -EINVAL;
  }
  return 0;
}

// Whether the two can be compared, and by which rules.
static int check_kinds(const json_t *base, const json_t *now, const char *const names[2],
                       Comparing *comparing, char *problem) {
  static const char *const kinds[] = {"run", "replay", "bench", "validate"};
  const char *kind = wx_json_get_text(base, "kind"), *other = wx_json_get_text(now, "kind");
  if (strcmp(kind, other) != 0) {
    snprintf(problem, WX_PROBLEM, "%s is of kind '%.32s', but %s is of kind '%.32s'", names[0],
             kind, names[1], other);
    return -EINVAL;
  }
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; ++i) {
    if (strcmp(kind, kinds[i]) == 0) {
      comparing->gated = i < 3;
      comparing->bench = i == 2;
      return 0;
    }
  }
  snprintf(problem, WX_PROBLEM,
           "%s: kind: is '%.32s', expected 'run', 'replay', 'validate' or 'bench'", names[0], kind);
  return -EINVAL;
}

int wx_compare(const json_t *base, const json_t *now, const char *const names[2], WxRatios ratios,
               WxComparison *comparison, char problem[WX_PROBLEM]) {
  *comparison = (WxComparison){0};
  Comparing comparing = {.comparison = comparison, .ratios = ratios};
  int error = check_kinds(base, now, names, &comparing, problem);
  if (!error && comparing.bench) {
    error = check_bench(base, names[0], problem);
    if (!error)
      error = check_bench(now, names[1], problem);
    if (!error)
      error = check_kernels(base, now, names, problem);
  }
  if (!error)
    error = wx_check_results(base, names[0], problem);
  if (!error)
    error = wx_check_results(now, names[1], problem);
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

int wx_compare_add_ratio(WxComparison *comparison, const json_t *subject, const char *metric,
                         json_t *base, json_t *now, const WxPaired *paired, WxRatios ratios) {
  Comparing comparing = {.comparison = comparison, .ratios = ratios};
  compare_ratio(&comparing, subject, metric, base, now, &paired->ratio, paired->noise);
  return comparing.lost ? -ENOMEM : 0;
}

void wx_comparison_free(WxComparison *comparison) {
  json_decref(comparison->rows);
  *comparison = (WxComparison){0};
}
