#include "scenario/scenario.h"

#include "scenario/actions.h"
#include "scenario/expect.h"
#include "strategy/strategy.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define TEXT(NAME, STRUCT, MEMBER, FLAGS)                                                          \
  CYAML_FIELD_STRING_PTR(NAME, CYAML_FLAG_POINTER | (FLAGS), STRUCT, MEMBER, 0, CYAML_UNLIMITED)
#define WORD(STRUCT, MEMBER)          TEXT(#MEMBER, STRUCT, MEMBER, CYAML_FLAG_DEFAULT)
#define OPTIONAL_WORD(STRUCT, MEMBER) TEXT(#MEMBER, STRUCT, MEMBER, CYAML_FLAG_OPTIONAL)

static const cyaml_schema_field_t parameter_fields[] = {
    WORD(WxParameter, name),
    WORD(WxParameter, value),
    OPTIONAL_WORD(WxParameter, means),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t action_fields[] = {
    WORD(WxAction, act),
    OPTIONAL_WORD(WxAction, name),
    OPTIONAL_WORD(WxAction, group),
    OPTIONAL_WORD(WxAction, count),
    OPTIONAL_WORD(WxAction, size),
    OPTIONAL_WORD(WxAction, grow),
    OPTIONAL_WORD(WxAction, code),
    OPTIONAL_WORD(WxAction, pages),
    OPTIONAL_WORD(WxAction, order),
    OPTIONAL_WORD(WxAction, may_fail),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t value_fields[] = {
    OPTIONAL_WORD(WxExpectedValue, number), OPTIONAL_WORD(WxExpectedValue, of),
    OPTIONAL_WORD(WxExpectedValue, times),  OPTIONAL_WORD(WxExpectedValue, strategy),
    OPTIONAL_WORD(WxExpectedValue, mode),   CYAML_FIELD_END,
};

static const cyaml_schema_field_t expectation_fields[] = {
    OPTIONAL_WORD(WxExpectation, strategy),
    OPTIONAL_WORD(WxExpectation, mode),
    WORD(WxExpectation, metric),
    WORD(WxExpectation, op),
    CYAML_FIELD_MAPPING_PTR("value", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, WxExpectation, value,
                            value_fields),
    CYAML_FIELD_END,
};

static const cyaml_schema_value_t parameter_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, WxParameter, parameter_fields)};
static const cyaml_schema_value_t action_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, WxAction, action_fields)};
static const cyaml_schema_value_t expectation_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, WxExpectation, expectation_fields)};
static const cyaml_schema_value_t name_schema = {
    CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 0, CYAML_UNLIMITED)};

#define LIST(MEMBER, SCHEMA)                                                                       \
  CYAML_FIELD_SEQUENCE(#MEMBER, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, WxScenario, MEMBER,      \
                       SCHEMA, 0, CYAML_UNLIMITED)

static const cyaml_schema_field_t scenario_fields[] = {
    WORD(WxScenario, name),
    WORD(WxScenario, shows),
    OPTIONAL_WORD(WxScenario, workload),
    OPTIONAL_WORD(WxScenario, wx),
    OPTIONAL_WORD(WxScenario, at_end),
    LIST(parameters, &parameter_schema),
    LIST(strategies, &name_schema),
    LIST(round, &action_schema),
    LIST(expect, &expectation_schema),
    CYAML_FIELD_END,
};

static const cyaml_schema_value_t scenario_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, WxScenario, scenario_fields)};

static int say(WxComplaint *complaint, const char *what, const char *word, const char *expected) {
  snprintf(complaint->text, sizeof complaint->text, "%s '%.40s'; expected %s", what, word,
           expected);
  return -EINVAL;
}

static int check_choice(WxComplaint *complaint, const char *key, const char *value,
                        const char *const choices[2]) {
  if (!value || strcmp(value, choices[0]) == 0 || strcmp(value, choices[1]) == 0)
    return 0;
  snprintf(complaint->text, sizeof complaint->text, "'%s' is '%.40s'; expected %s or %s", key,
           value, choices[0], choices[1]);
  return -EINVAL;
}

// Checks what a schema cannot: names that stand for something.
static int check_words(const WxScenario *scenario, WxComplaint *complaint) {
  int result = check_choice(complaint, "wx", scenario->wx, (const char *const[]){"env", "on"});
  if (result == 0)
    result = check_choice(complaint, "at_end", scenario->at_end,
                          (const char *const[]){"release", "keep"});
  for (unsigned i = 0; i < scenario->strategies_count && result == 0; ++i)
    if (!wx_strategy_find(scenario->strategies[i]))
      result = say(complaint, "unknown strategy", scenario->strategies[i],
                   "a name of `wxbench list strategies`");
  for (unsigned i = 0; i < scenario->round_count && result == 0; ++i)
    result = wx_action_check(&scenario->round[i], complaint->text, sizeof complaint->text);
  for (unsigned i = 0; i < scenario->expect_count && result == 0; ++i)
    result = wx_expect_check(&scenario->expect[i], complaint->text, sizeof complaint->text);
  if (result == 0 && !scenario->workload && scenario->round_count == 0)
    result = say(complaint, "nothing is done in", scenario->name, "a list 'round' or a 'workload'");
  return result;
}

int wx_scenario_load(const char *path, WxScenario **loaded, WxComplaint *complaint) {
  void *data;
  int result = wx_yaml_load(path, &scenario_schema, &data, complaint);
  if (result)
    return result;
  result = check_words(data, complaint);
  if (result)
    wx_scenario_free(data);
  else
    *loaded = data;
  return result;
}

void wx_scenario_free(WxScenario *scenario) {
  if (scenario)
    cyaml_free(&wx_yaml_config, &scenario_schema, scenario, 0);
}
