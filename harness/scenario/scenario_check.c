#include "scenario/scenario_check.h"

#include "clr/versions.h"
#include "scenario/actions.h"
#include "scenario/expect.h"
#include "scenario/needs.h"
#include "stats/words.h"
#include "strategy/strategy.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

// What is being checked, and where a complaint about it goes.
typedef struct {
  const WxScenario *scenario;
  WxParameters parameters;
  char *problem; ///< WX_PROBLEM_SIZE bytes.
} Checking;

static int check_choice(Checking *checking, const char *key, const char *value,
                        const char *const choices[2]) {
  if (!value || strcmp(value, choices[0]) == 0 || strcmp(value, choices[1]) == 0)
    return 0;
  snprintf(checking->problem, WX_PROBLEM_SIZE, "'%s' is '%.40s'; expected %s or %s", key, value,
           choices[0], choices[1]);
  return -EINVAL;
}

static int check_wx(Checking *checking, size_t item) {
  (void)item;
  static const char *const choices[] = {"env", "on"};
  return check_choice(checking, "wx", checking->scenario->wx, choices);
}

static int check_model(Checking *checking, size_t item) {
  (void)item;
  const char *name = checking->scenario->model;
  if (!name || wx_clr_version_find(name))
    return 0;
  snprintf(checking->problem, WX_PROBLEM_SIZE,
           "unknown model '%.40s'; expected a name of `wxbench list models`", name);
  return -EINVAL;
}

static int check_needs(Checking *checking, size_t item) {
  (void)item;
  const char *name = checking->scenario->needs;
  if (!name || wx_words_have(wx_need_name, name))
    return 0;
  char words[WX_WORDS];
  snprintf(checking->problem, WX_PROBLEM_SIZE, "unknown need '%.40s'; expected %s", name,
           wx_words_or(words, wx_need_name));
  return -EINVAL;
}

static int check_at_end(Checking *checking, size_t item) {
  (void)item;
  static const char *const choices[] = {"release", "keep"};
  return check_choice(checking, "at_end", checking->scenario->at_end, choices);
}

static int check_parameter(Checking *checking, size_t item) {
  const WxScenario *scenario = checking->scenario;
  const char *name = scenario->parameters[item].name;
  for (size_t i = 0; i < item; ++i)
    if (strcmp(scenario->parameters[i].name, name) == 0) {
      snprintf(checking->problem, WX_PROBLEM_SIZE, "parameter '%.40s' is given twice", name);
      return -EINVAL;
    }
  return wx_parameters_check(&checking->parameters, name, checking->problem);
}

static int check_strategy(Checking *checking, size_t item) {
  const char *name = checking->scenario->strategies[item];
  if (wx_strategy_find(name))
    return 0;
  snprintf(checking->problem, WX_PROBLEM_SIZE,
           "unknown strategy '%.40s'; expected a name of `wxbench list strategies`", name);
  return -EINVAL;
}

// Whether an action puts blocks into the group: it says how many.
static bool is_made(const WxScenario *scenario, const char *group) {
  for (unsigned i = 0; i < scenario->round_count; ++i) {
    const WxAction *action = &scenario->round[i];
    if (action->count && action->group && strcmp(action->group, group) == 0)
      return true;
  }
  return false;
}

static int check_action(Checking *checking, size_t item) {
  const WxAction *action = &checking->scenario->round[item];
  const int result = wx_action_check(action, &checking->parameters, checking->problem);
  if (result == 0 && wx_action_on_model(action) && !checking->scenario->model) {
    snprintf(checking->problem, WX_PROBLEM_SIZE, "action %s needs a 'model', as model: net10",
             action->act);
    return -EINVAL;
  }
  if (result || !action->group || is_made(checking->scenario, action->group))
    return result;
  snprintf(checking->problem, WX_PROBLEM_SIZE, "nothing puts blocks into group '%.40s'",
           action->group);
  return -EINVAL;
}

static int check_expectation(Checking *checking, size_t item) {
  return wx_expect_check(&checking->scenario->expect[item], &checking->parameters,
                         checking->problem);
}

// A scenario has rounds, or leaves them to a workload of the real runtime.
static int check_purpose(Checking *checking) {
  const WxScenario *scenario = checking->scenario;
  if (!scenario->workload == (scenario->round_count > 0))
    return 0;
  snprintf(checking->problem, WX_PROBLEM_SIZE, "expected either a list 'round' or a 'workload'");
  return -EINVAL;
}

int wx_scenario_check(const WxScenario *scenario, WxPlace *place, char problem[WX_PROBLEM_SIZE]) {
  Checking checking = {scenario, {.scenario = scenario}, problem};
  const struct {
    const char *key;
    size_t count;
    int (*check)(Checking *checking, size_t item);
  } parts[] = {
      {"wx", 1, check_wx},
      {"model", 1, check_model},
      {"needs", 1, check_needs},
      {"at_end", 1, check_at_end},
      {"parameters", scenario->parameters_count, check_parameter},
      {"strategies", scenario->strategies_count, check_strategy},
      {"round", scenario->round_count, check_action},
      {"expect", scenario->expect_count, check_expectation},
  };
  *place = (WxPlace){0};
  for (size_t part = 0; part < sizeof parts / sizeof *parts; ++part)
    for (size_t item = 0; item < parts[part].count; ++item)
      if (parts[part].check(&checking, item)) {
        *place = (WxPlace){parts[part].key, item};
        return -EINVAL;
      }
  return check_purpose(&checking);
}
