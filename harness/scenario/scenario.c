#include "scenario/scenario.h"

#include "scenario/scenario_check.h"

#include <errno.h>

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
    OPTIONAL_WORD(WxAction, methods),
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
    OPTIONAL_WORD(WxScenario, model),
    OPTIONAL_WORD(WxScenario, needs),
    OPTIONAL_WORD(WxScenario, at_end),
    LIST(parameters, &parameter_schema),
    LIST(strategies, &name_schema),
    LIST(round, &action_schema),
    LIST(expect, &expectation_schema),
    CYAML_FIELD_END,
};

static const cyaml_schema_value_t scenario_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, WxScenario, scenario_fields)};

_Static_assert(WX_PROBLEM_SIZE <= sizeof((WxComplaint *)0)->text, "a problem is a complaint");

int wx_scenario_save(const WxScenario *scenario, char **text, size_t *length) {
  const cyaml_err_t error =
      cyaml_save_data(text, length, &wx_yaml_config, &scenario_schema, scenario, 0);
  return error ? -ENOMEM : 0; // What was loaded can be saved.
}

void wx_scenario_text_free(char *text) {
  wx_yaml_config.mem_fn(wx_yaml_config.mem_ctx, text, 0);
}

int wx_scenario_parse(const char *text, WxScenario **loaded, WxComplaint *complaint) {
  void *data;
  const int result = wx_yaml_parse(text, &scenario_schema, &data, complaint);
  if (result == 0)
    *loaded = data;
  return result;
}

int wx_scenario_load(const char *path, WxScenario **loaded, WxComplaint *complaint) {
  void *data;
  int result = wx_yaml_load(path, &scenario_schema, &data, complaint);
  if (result)
    return result;
  WxPlace place = {0};
  result = wx_scenario_check(data, &place, complaint->text);
  if (result) {
    complaint->line = place.key ? wx_yaml_line(path, place.key, place.item) : 0;
    wx_scenario_free(data);
  } else {
    *loaded = data;
  }
  return result;
}

void wx_scenario_free(WxScenario *scenario) {
  if (scenario)
    cyaml_free(&wx_yaml_config, &scenario_schema, scenario, 0);
}
