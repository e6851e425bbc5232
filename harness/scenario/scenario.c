#include "scenario/scenario.h"

#include "scenario/scenario_check.h"

#include <errno.h>

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
        WORD(WxParameter, name, "what expectations, actions and `--set NAME=VALUE` call it"),
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
         .about = "what it is compared with; a bare one is a `number`"},
        {0},
    }};

static const WxYamlStruct scenario_type = {
    sizeof(WxScenario),
    (const WxYamlField[]){
        WORD(WxScenario, name, "its name, that of the file"),
        WORD(WxScenario, shows, "a sentence: what it proves or refutes"),
        OPTIONAL_WORD(WxScenario, workload, "a program of the real runtime instead of rounds"),
        OPTIONAL_WORD(WxScenario, wx,
                      "env: DOTNET_EnableWriteXorExecute chooses the path of `coreclr`; or on"),
        OPTIONAL_WORD(WxScenario, model, "the runtime version that actions on a model get"),
        OPTIONAL_WORD(WxScenario, needs, "what the machine must have, or the scenario is skipped"),
        OPTIONAL_WORD(WxScenario, at_end,
                      "what becomes of what is live: release (if nothing is said) or keep"),
        LIST(parameters, &parameter, "numbers that can be set"),
        LIST(strategies, NULL, "which are compared; without it those of the runtime and `rwx`"),
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
  int result = wx_scenario_parse(text->data, text->length, loaded, complaint);
  WxPlace place = {0};
  if (result)
    return result;
  result = wx_scenario_check(*loaded, &place, complaint->text);
  if (result == 0)
    return 0;
  complaint->line = place.key ? wx_yaml_line(text->data, text->length, place.key, place.item) : 0;
  wx_scenario_free(*loaded);
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
