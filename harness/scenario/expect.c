#include "scenario/expect.h"

#include "os/text.h"
#include "scenario/mode.h"
#include "stats/units.h"
#include "stats/words.h"
#include "strategy/strategy.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The figures of a result by name
 * -------------------------------------------------------------------------------------------------
 */

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

/* Judging
 * -------------------------------------------------------------------------------------------------
 */

static bool is_equal(double actual, double expected) {
  return fabs(actual - expected) < 0.5;
}

static bool is_at_most(double actual, double expected) {
  return actual <= expected;
}

static bool is_at_least(double actual, double expected) {
  return actual >= expected;
}

static bool is_above(WxFigure value, WxFigure before, WxFigure first) {
  (void)first;
  return value > before;
}

static bool is_as_first(WxFigure value, WxFigure before, WxFigure first) {
  (void)before;
  return value == first;
}

/// An operator: between a figure and a value, or of each round of a figure after the first.
typedef struct {
  const char *name;
  const char *about;
  const char *sign;
  bool (*holds)(double actual, double expected);
  bool (*goes_on)(WxFigure value, WxFigure before, WxFigure first);
} Operator;

static const Operator operators[] = {
    {"eq", "is the value, to the nearest whole number", "=", is_equal, NULL},
    {"le", "is the value at the most", "<=", is_at_most, NULL},
    {"ge", "is the value at least", ">=", is_at_least, NULL},
    {"grows", "is larger in each round than in the one before", NULL, NULL, is_above},
    {"flat", "is the same in each round", NULL, NULL, is_as_first},
};

enum { OPERATORS = sizeof operators / sizeof *operators };

static const Operator *find_operator(const char *op) {
  for (size_t i = 0; i < OPERATORS; ++i)
    if (strcmp(operators[i].name, op) == 0)
      return &operators[i];
  return NULL;
}

const char *wx_expect_op_name(size_t index) {
  return index < OPERATORS ? operators[index].name : NULL;
}

const char *wx_expect_op_about(size_t index) {
  return operators[index].about;
}

bool wx_expect_is_series(const char *op) {
  const Operator *found = find_operator(op);
  return found && found->goes_on;
}

static bool series_holds(const char *op, const WxFigure values[], size_t count) {
  const Operator *found = find_operator(op);
  bool ok = true;
  for (size_t i = 1; i < count && ok; ++i)
    ok = found->goes_on(values[i], values[i - 1], values[0]);
  return ok;
}

static char *print_series(const WxFigure values[], size_t count) {
  WxText text = {0};
  FILE *stream = wx_text_stream(&text);
  if (!stream)
    return NULL;
  for (size_t i = 0; i < count; ++i) {
    char number[WX_UNITS_TEXT];
    fprintf(stream, "%s%s", i ? " " : "", wx_units_format_count(number, values[i]));
  }
  return wx_text_stream_end(stream, &text) ? NULL : text.data;
}

static char *print_figure(WxFigure figure) {
  char number[WX_UNITS_TEXT];
  return strdup(wx_units_format_count(number, figure));
}

// Says that an expectation about `self` cannot be judged, since a figure of `result` is unknown.
static int cannot_judge(WxExpectationResult *judged, const char *metric, const WxResult *result,
                        const WxResult *self) {
  const bool of_file = result->unknown && wx_expect_is_of_file(metric);
  const char *why = result->ended ? "it did not run to its end"
                    : of_file     ? result->unknown
                                  : "it was not measured";
  const char *name = result->strategy ? result->strategy : result->mode;
  char *reason;
  if (asprintf(&reason, "%s%s%s is not known: %s", metric, result == self ? "" : " of ",
               result == self ? "" : name, why) < 0)
    return -ENOMEM;
  judged->reason = reason;
  return 0;
}

static bool all_known(const WxFigure values[], size_t count) {
  for (size_t i = 0; i < count; ++i)
    if (!wx_known(values[i]))
      return false;
  return true;
}

static int judge_series(const WxExpectation *expectation, const WxResult *result,
                        WxExpectationResult *judged) {
  WxFigure *values = calloc(result->sample_count + 1, sizeof *values);
  if (!values)
    return -ENOMEM;
  const size_t count = wx_expect_series(result, expectation->metric, values);
  judged->expected = strdup(expectation->op);
  judged->actual = print_series(values, count);
  int failed = judged->expected && judged->actual ? 0 : -ENOMEM;
  if (failed == 0 && !result->ended && count < 2)
    failed = (judged->reason = strdup("needs at least two rounds")) ? 0 : -ENOMEM;
  else if (failed == 0 && (result->ended || !all_known(values, count)))
    failed = cannot_judge(judged, expectation->metric, result, result);
  else
    judged->ok = failed == 0 && series_holds(expectation->op, values, count);
  free(values);
  return failed;
}

static const WxResult *find_result(const WxResult results[], size_t count,
                                   const WxExpectedValue *value, const WxResult *self) {
  const char *wanted = value->strategy ? value->strategy : value->mode;
  if (!wanted)
    return self;
  for (size_t i = 0; i < count; ++i) {
    const char *name = results[i].strategy ? results[i].strategy : results[i].mode;
    if (strcmp(name, wanted) == 0 && !results[i].skipped)
      return &results[i];
  }
  return NULL;
}

// The number that `value` stands for. Returns 1, 0 where it cannot be known, or -EINVAL with a
// problem.
static int expected_value(const WxParameters *parameters, const WxExpectedValue *value,
                          const WxResult *other, double *expected, char problem[WX_PROBLEM_SIZE]) {
  double times = 1;
  // NOLINTNEXTLINE(clang-analyzer-core.NullDereference): the reader requires a value for this op.
  if (value->times && wx_units_number(value->times, &times, NULL)) {
    snprintf(problem, WX_PROBLEM_SIZE, "times: '%.40s' is no number", value->times);
    return -EINVAL;
  }
  uint64_t number;
  const char *text = value->number ? value->number : value->of;
  if (value->of && wx_expect_is_figure(value->of)) {
    const WxFigure figure = wx_expect_figure(other, value->of);
    if (!wx_known(figure))
      return 0;
    *expected = (double)figure * times;
    return 1;
  }
  if (wx_parameters_quantity(parameters, text, &number, problem))
    return -EINVAL;
  *expected = (double)number * times;
  return 1;
}

static WxFigure nearest(double number) {
  const double most = 9e18; // Below INT64_MAX, which a double cannot hold.
  return llround(fmax(-most, fmin(most, number)));
}

// Says what is unknown of the two sides of a comparison, if anything.
static int judge_unknown(const WxExpectation *expectation, const WxResult *result,
                         const WxResult *other, bool expected_known, WxExpectationResult *judged) {
  if (!wx_known(wx_expect_figure(result, expectation->metric)))
    return cannot_judge(judged, expectation->metric, result, result);
  // NOLINTNEXTLINE(clang-analyzer-core.NullDereference): the reader requires a value for this op.
  return expected_known ? 0 : cannot_judge(judged, expectation->value->of, other, result);
}

static int judge_value(const WxParameters *parameters, const WxExpectation *expectation,
                       const WxResult *result, const WxResult *other, WxExpectationResult *judged) {
  const Operator *comparison = find_operator(expectation->op);
  const WxFigure actual = wx_expect_figure(result, expectation->metric);
  double expected = 0;
  char problem[WX_PROBLEM_SIZE];
  const int known = expected_value(parameters, expectation->value, other, &expected, problem);
  if (known < 0)
    return known;
  judged->ok = known && wx_known(actual) && comparison->holds((double)actual, expected);
  const int failed = judge_unknown(expectation, result, other, known, judged);
  if (failed)
    return failed;
  char number[WX_UNITS_TEXT];
  wx_units_format_count(number, known ? nearest(expected) : WX_UNKNOWN);
  char *text;
  if (asprintf(&text, "%s %s", comparison->sign, number) < 0)
    return -ENOMEM;
  judged->expected = text;
  judged->actual = print_figure(actual);
  return judged->actual ? 0 : -ENOMEM;
}

static bool is_about(const WxExpectation *expectation, const WxResult *result) {
  const char *wanted = expectation->strategy ? expectation->strategy : expectation->mode;
  const char *name = result->strategy ? result->strategy : result->mode;
  return !wanted || strcmp(wanted, name) == 0;
}

static int judge_one(const WxParameters *parameters, const WxExpectation *expectation,
                     const WxResult *result, const WxResult *other, WxExpectationResult *judged) {
  char *name;
  if (asprintf(&name, "%s %s", expectation->metric, expectation->op) < 0)
    return -ENOMEM;
  judged->name = name;
  judged->of_ending = wx_expect_is_of_ending(expectation->metric);
  return wx_expect_is_series(expectation->op)
             ? judge_series(expectation, result, judged)
             : judge_value(parameters, expectation, result, other, judged);
}

int wx_expect_judge(const WxParameters *parameters, const WxResult results[], size_t count,
                    size_t index, WxExpectationResult **judged, size_t *judged_count) {
  const WxScenario *scenario = parameters->scenario;
  const WxResult *result = &results[index];
  *judged_count = 0;
  *judged = calloc(scenario->expect_count + 1U, sizeof **judged);
  if (!*judged)
    return -ENOMEM;
  for (unsigned i = 0; i < scenario->expect_count && !result->skipped; ++i) {
    const WxExpectation *expectation = &scenario->expect[i];
    if (!is_about(expectation, result))
      continue;
    const WxResult *other =
        expectation->value ? find_result(results, count, expectation->value, result) : result;
    if (!other)
      continue;
    const int failed =
        judge_one(parameters, expectation, result, other, &(*judged)[(*judged_count)++]);
    if (failed) {
      wx_expect_free(*judged, *judged_count);
      *judged = NULL;
      *judged_count = 0;
      return failed;
    }
  }
  return 0;
}

void wx_expect_free(WxExpectationResult *judged, size_t count) {
  for (size_t i = 0; i < count && judged; ++i) {
    free((char *)(uintptr_t)judged[i].name);
    free((char *)(uintptr_t)judged[i].expected);
    free((char *)(uintptr_t)judged[i].actual);
    free((char *)(uintptr_t)judged[i].reason);
  }
  free(judged);
}

/* The words and numbers of an expectation
 * -------------------------------------------------------------------------------------------------
 */

// Checks a name of whose result is meant: a strategy where a scenario is played, a mode where it is
// a workload of the real runtime. Either may be missing.
static int check_whose(const WxScenario *scenario, const char *strategy, const char *mode,
                       char *problem) {
  char words[WX_WORDS];
  if (mode && !scenario->workload)
    snprintf(problem, WX_PROBLEM_SIZE, "'mode' is for workloads; expected 'strategy'");
  else if (strategy && scenario->workload)
    snprintf(problem, WX_PROBLEM_SIZE, "'strategy' is not for workloads; expected 'mode'");
  else if (strategy && !wx_strategy_find(strategy))
    snprintf(problem, WX_PROBLEM_SIZE,
             "unknown strategy '%.40s'; expected a name of `wxbench list strategies`", strategy);
  else if (mode && !wx_mode_find(mode))
    snprintf(problem, WX_PROBLEM_SIZE, "unknown mode '%.40s'; expected %s", mode,
             wx_words_or(words, wx_mode_name));
  else
    return 0;
  return -EINVAL;
}

static int check_value(const WxExpectedValue *value, const WxParameters *parameters,
                       char *problem) {
  double times;
  uint64_t number;
  if (!value->number == !value->of) {
    snprintf(problem, WX_PROBLEM_SIZE, "a value is a number, or a figure: {of: NAME, times: X}");
    return -EINVAL;
  }
  if (value->times && wx_units_number(value->times, &times, NULL)) {
    snprintf(problem, WX_PROBLEM_SIZE, "times: '%.40s' is no number", value->times);
    return -EINVAL;
  }
  if (!(value->of && wx_expect_is_figure(value->of)) &&
      wx_parameters_quantity(parameters, value->of ? value->of : value->number, &number, problem))
    return -EINVAL;
  return check_whose(parameters->scenario, value->strategy, value->mode, problem);
}

int wx_expect_check(const WxExpectation *expectation, const WxParameters *parameters,
                    char problem[WX_PROBLEM_SIZE]) {
  const WxExpectedValue *value = expectation->value;
  const bool series = wx_expect_is_series(expectation->op);
  char words[WX_WORDS];
  if (!wx_expect_is_figure(expectation->metric))
    snprintf(problem, WX_PROBLEM_SIZE,
             "unknown metric '%.40s'; expected a name of `wxbench list metrics samples`",
             expectation->metric);
  else if (!wx_words_have(wx_expect_op_name, expectation->op))
    snprintf(problem, WX_PROBLEM_SIZE, "unknown op '%.40s'; expected %s", expectation->op,
             wx_words_or(words, wx_expect_op_name));
  else if (series && !wx_expect_is_sampled(expectation->metric))
    snprintf(problem, WX_PROBLEM_SIZE, "'%s' needs a figure of the samples, not '%.40s'",
             expectation->op, expectation->metric);
  else if (series == (value != NULL))
    snprintf(problem, WX_PROBLEM_SIZE, series ? "'%s' takes no value" : "'%s' needs a value",
             expectation->op);
  else
    return value && check_value(value, parameters, problem)
               ? -EINVAL
               : check_whose(parameters->scenario, expectation->strategy, expectation->mode,
                             problem);
  return -EINVAL;
}
