// The words and numbers of an expectation.
#include "scenario/expect.h"
#include "scenario/expect_figure.h"
#include "scenario/mode.h"
#include "stats/units.h"
#include "stats/words.h"
#include "strategy/strategy.h"

#include <errno.h>
#include <stdio.h>

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
