#include "scenario/expect.h"

#include "stats/units.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  const char *name;
  size_t offset;
} Field;

#define OF_METRICS(NAME, MEMBER)                                                                   \
  { NAME, offsetof(WxMetrics, MEMBER) }
#define OF_SAMPLE(MEMBER)                                                                          \
  { #MEMBER, offsetof(WxSample, MEMBER) }

static const Field of_metrics[] = {
    OF_METRICS("live_peak_bytes", live_peak_bytes),
    OF_METRICS("allocated_peak_bytes", allocated_peak_bytes),
    OF_METRICS("retained_bytes", retained_bytes),
    OF_METRICS("mappings_peak", mappings_peak),
    OF_METRICS("syscalls", syscalls.total),
    OF_METRICS("syscalls.reserve", syscalls.reserve),
    OF_METRICS("syscalls.commit", syscalls.commit),
    OF_METRICS("syscalls.map_rw", syscalls.map_rw),
    OF_METRICS("syscalls.unmap_rw", syscalls.unmap_rw),
    OF_METRICS("syscalls.release", syscalls.release),
    OF_METRICS("minor_faults", minor_faults),
    OF_METRICS("wx_pages_seen", wx_pages_seen),
};

// Of a step: the last one, or for `grows` and `flat` the last one of each round.
static const Field of_sample[] = {
    OF_SAMPLE(live_bytes),
    OF_SAMPLE(reserved_bytes),
    OF_SAMPLE(allocated_bytes),
    OF_SAMPLE(mapped_bytes),
    OF_SAMPLE(orphaned_bytes),
    OF_SAMPLE(rss_bytes),
    OF_SAMPLE(rss_shmem_bytes),
    OF_SAMPLE(pss_bytes),
    OF_SAMPLE(cgroup_shmem_bytes),
    OF_SAMPLE(mappings),
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

static bool is_figure(const char *name) {
  return metric_field(name) || sample_field(name) || strcmp(name, "reserved_peak_bytes") == 0;
}

WxFigure wx_expect_figure(const WxResult *result, const char *metric) {
  if (strcmp(metric, "reserved_peak_bytes") == 0)
    return reserved_peak(result);
  const Field *field = metric_field(metric);
  if (field)
    return figure_at(&result->metrics, field);
  field = sample_field(metric);
  if (!field || !result->sample_count)
    return WX_UNKNOWN;
  return figure_at(&result->samples[result->sample_count - 1], field);
}

typedef struct {
  const char *name;
  const char *sign;
  bool (*holds)(double actual, double expected);
} Comparison;

static bool is_equal(double actual, double expected) {
  return fabs(actual - expected) < 0.5;
}

static bool is_at_most(double actual, double expected) {
  return actual <= expected;
}

static bool is_at_least(double actual, double expected) {
  return actual >= expected;
}

static const Comparison comparisons[] = {
    {"eq", "=", is_equal},
    {"le", "<=", is_at_most},
    {"ge", ">=", is_at_least},
};

static const Comparison *find_comparison(const char *op) {
  for (size_t i = 0; i < sizeof comparisons / sizeof *comparisons; ++i)
    if (strcmp(comparisons[i].name, op) == 0)
      return &comparisons[i];
  return NULL;
}

static bool is_series(const char *op) {
  return strcmp(op, "grows") == 0 || strcmp(op, "flat") == 0;
}

int wx_expect_check(const WxExpectation *expectation, char *problem, size_t size) {
  const WxExpectedValue *value = expectation->value;
  const bool series = is_series(expectation->op);
  if (!is_figure(expectation->metric))
    snprintf(problem, size, "unknown metric '%.40s' in an expectation", expectation->metric);
  else if (!find_comparison(expectation->op) && !series)
    snprintf(problem, size, "unknown op '%.40s'; expected eq, le, ge, grows or flat",
             expectation->op);
  else if (series && !sample_field(expectation->metric))
    snprintf(problem, size, "'%s' needs a figure of the samples, not %s", expectation->op,
             expectation->metric);
  else if (series == (value != NULL))
    snprintf(problem, size, series ? "'%s' takes no value" : "'%s' needs a value", expectation->op);
  else if (value && !value->number == !value->of)
    snprintf(problem, size, "a value is a number, or a figure: {of: NAME, times: X}");
  else
    return 0;
  return -EINVAL;
}

// The last sample of each round, steps `start` and `end` left out, in order. Returns how many.
static size_t round_values(const WxResult *result, const Field *field, WxFigure values[]) {
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

static bool series_holds(const char *op, const WxFigure values[], size_t count) {
  const bool grows = strcmp(op, "grows") == 0;
  bool ok = count >= 2;
  for (size_t i = 0; i < count; ++i)
    ok = ok && wx_known(values[i]);
  for (size_t i = 1; i < count && ok; ++i)
    ok = grows ? values[i] > values[i - 1] : values[i] == values[0];
  return ok;
}

static char *print_series(const WxFigure values[], size_t count) {
  char *text = NULL;
  size_t size;
  FILE *stream = open_memstream(&text, &size);
  if (!stream)
    return NULL;
  for (size_t i = 0; i < count; ++i) {
    char number[WX_UNITS_TEXT];
    fprintf(stream, "%s%s", i ? " " : "", wx_units_format_count(number, values[i]));
  }
  return fclose(stream) ? NULL : text;
}

static char *print_figure(WxFigure figure) {
  char number[WX_UNITS_TEXT];
  return strdup(wx_units_format_count(number, figure));
}

static int judge_series(const WxExpectation *expectation, const WxResult *result,
                        WxExpectationResult *judged) {
  WxFigure *values = calloc(result->sample_count + 1, sizeof *values);
  if (!values)
    return -ENOMEM;
  const size_t count = round_values(result, sample_field(expectation->metric), values);
  judged->ok = series_holds(expectation->op, values, count);
  judged->expected = strdup(expectation->op);
  judged->actual = print_series(values, count);
  free(values);
  return judged->expected && judged->actual ? 0 : -ENOMEM;
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
  if (value->times && wx_units_number(value->times, &times, NULL)) {
    snprintf(problem, WX_PROBLEM_SIZE, "times: '%.40s' is no number", value->times);
    return -EINVAL;
  }
  uint64_t number;
  const char *text = value->number ? value->number : value->of;
  if (value->of && is_figure(value->of)) {
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

static int judge_value(const WxParameters *parameters, const WxExpectation *expectation,
                       const WxResult *result, const WxResult *other, WxExpectationResult *judged) {
  const Comparison *comparison = find_comparison(expectation->op);
  const WxFigure actual = wx_expect_figure(result, expectation->metric);
  double expected = 0;
  char problem[WX_PROBLEM_SIZE];
  const int known = expected_value(parameters, expectation->value, other, &expected, problem);
  if (known < 0)
    return known;
  judged->ok = known && wx_known(actual) && comparison->holds((double)actual, expected);
  char number[WX_UNITS_TEXT];
  wx_units_format_count(number, known ? llround(expected) : WX_UNKNOWN);
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
  return is_series(expectation->op) ? judge_series(expectation, result, judged)
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
  }
  free(judged);
}
