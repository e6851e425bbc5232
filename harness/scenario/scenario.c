#include "scenario/scenario.h"

#include "clr/versions.h"
#include "scenario/actions.h"
#include "scenario/expect.h"
#include "scenario/needs.h"
#include "scenario/parameters.h"
#include "stats/words.h"
#include "strategy/strategy.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/// A part of a scenario: a key of its file, and which entry where that is a list. `key` NULL is the
/// whole.
typedef struct {
  const char *key;
  size_t item;
} Place;

/* What a table of keys cannot say: words that stand for something, and numbers
 * -------------------------------------------------------------------------------------------------
 */

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

// Checks every word and number of a scenario: actions, groups, strategies, modes, metrics,
// operators, quantities. Returns 0, or -EINVAL with `problem` and `place` set.
static int check_words(const WxScenario *scenario, Place *place, char problem[WX_PROBLEM_SIZE]) {
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
  *place = (Place){0};
  for (size_t part = 0; part < sizeof parts / sizeof *parts; ++part)
    for (size_t item = 0; item < parts[part].count; ++item)
      if (parts[part].check(&checking, item)) {
        *place = (Place){parts[part].key, item};
        return -EINVAL;
      }
  return check_purpose(&checking);
}

/* Reading
 * -------------------------------------------------------------------------------------------------
 */

#define WORD(STRUCT, MEMBER, ABOUT)                                                                \
  { .key = #MEMBER, .offset = offsetof(STRUCT, MEMBER), .about = (ABOUT) }
#define OPTIONAL_WORD(STRUCT, MEMBER, ABOUT)                                                       \
  { .key = #MEMBER, .optional = true, .offset = offsetof(STRUCT, MEMBER), .about = (ABOUT) }
#define LIST(MEMBER, OF, ABOUT)                                                                    \
  {                                                                                                \
    .key = #MEMBER, .kind = WX_YAML_LIST, .optional = true,                                        \
    .offset = offsetof(WxScenario, MEMBER), .count_offset = offsetof(WxScenario, MEMBER##_count),  \
    .of = (OF), .about = (ABOUT)                                                                   \
  }

static const WxYamlStruct parameter = {
    sizeof(WxParameter),
    (const WxYamlField[]){
        WORD(WxParameter, name, "what expectations, actions and --set NAME=VALUE call it"),
        WORD(WxParameter, value, "a count, or bytes as 64KiB; of an option also its words"),
        OPTIONAL_WORD(WxParameter, means, "what it is, in a few words"),
        {0},
    }};

static const WxYamlStruct action = {sizeof(WxAction), (const WxYamlField[]){
                                                          WORD(WxAction, act, "what is done"),
#define FIELD(CAPITALS, MEMBER, WORDS, ABOUT) OPTIONAL_WORD(WxAction, MEMBER, ABOUT),
                                                          WX_ACTION_FIELDS(FIELD)
#undef FIELD
                                                              {0},
                                                      }};

static const WxYamlStruct value = {
    sizeof(WxExpectedValue),
    (const WxYamlField[]){
        OPTIONAL_WORD(WxExpectedValue, number, "a number, bytes as 1MiB, or a parameter"),
        OPTIONAL_WORD(WxExpectedValue, of, "a figure, or a parameter"),
        OPTIONAL_WORD(WxExpectedValue, times, "what it is multiplied by"),
        OPTIONAL_WORD(WxExpectedValue, strategy, "whose figure, where it is another's"),
        OPTIONAL_WORD(WxExpectedValue, mode, "the same, of a workload"),
        {0},
    }};

static const WxYamlStruct expectation = {
    sizeof(WxExpectation),
    (const WxYamlField[]){
        OPTIONAL_WORD(WxExpectation, strategy, "the one it is about; without it each of them"),
        OPTIONAL_WORD(WxExpectation, mode, "the same, of a workload"),
        WORD(WxExpectation, metric, "the figure it is about"),
        WORD(WxExpectation, op, "what is demanded of it"),
        {.key = "value",
         .kind = WX_YAML_STRUCT,
         .optional = true,
         .offset = offsetof(WxExpectation, value),
         .of = &value,
         .about = "what it is compared with; a bare one is a number"},
        {0},
    }};

static const WxYamlStruct scenario_type = {
    sizeof(WxScenario),
    (const WxYamlField[]){
        WORD(WxScenario, name, "its name, that of the file"),
        WORD(WxScenario, shows, "a sentence: what it proves or refutes"),
        OPTIONAL_WORD(WxScenario, workload, "a program of the real runtime instead of rounds"),
        OPTIONAL_WORD(WxScenario, wx,
                      "env: DOTNET_EnableWriteXorExecute chooses the path of coreclr; or on"),
        OPTIONAL_WORD(WxScenario, model, "the runtime version that actions on a model get"),
        OPTIONAL_WORD(WxScenario, needs, "what the machine must have, or the scenario is skipped"),
        OPTIONAL_WORD(WxScenario, at_end,
                      "what becomes of what is live: release (if nothing is said) or keep"),
        LIST(parameters, &parameter, "numbers that can be set"),
        LIST(strategies, NULL, "which are compared; without it those of the runtime and rwx"),
        LIST(round, &action, "what is done in each round, in order"),
        LIST(expect, &expectation, "what must come of it"),
        {0},
    }};

static const WxScenarioKeys keys[] = {
    {"", &scenario_type},      {"parameters.", &parameter}, {"round.", &action},
    {"expect.", &expectation}, {"expect.value.", &value},
};

const WxScenarioKeys *wx_scenario_keys_at(size_t index) {
  return index < sizeof keys / sizeof *keys ? &keys[index] : NULL;
}

_Static_assert(WX_PROBLEM_SIZE <= sizeof((WxComplaint *)0)->text, "a problem is a complaint");

int wx_scenario_parse(const char *text, size_t length, WxScenario **loaded,
                      WxComplaint *complaint) {
  void *data;
  const int result = wx_yaml_parse(text, length, &scenario_type, &data, complaint);
  if (result == 0)
    *loaded = data;
  return result;
}

static int load(const WxText *text, WxScenario **loaded, WxComplaint *complaint) {
  WxScenario *scenario;
  int result = wx_scenario_parse(text->data, text->length, &scenario, complaint);
  Place place = {0};
  if (result)
    return result;
  result = check_words(scenario, &place, complaint->text);
  if (result == 0) {
    *loaded = scenario;
    return 0;
  }
  complaint->line = place.key ? wx_yaml_line(text->data, text->length, place.key, place.item) : 0;
  wx_scenario_free(scenario);
  return result;
}

int wx_scenario_load(const char *path, WxScenario **loaded, WxComplaint *complaint) {
  WxText text = {0};
  int result = wx_yaml_read(path, &text, complaint);
  if (result == 0)
    result = load(&text, loaded, complaint);
  if (result)
    wx_text_free(&text);
  else
    (*loaded)->source = text;
  return result;
}

void wx_scenario_free(WxScenario *scenario) {
  if (scenario)
    wx_text_free(&scenario->source);
  wx_yaml_free(&scenario_type, scenario);
}
