/**
   @file parameters.h
   The numbers of a scenario: its own parameters and the strategy's options, each with a default
   that can be set.
*/
#ifndef WX_SCENARIO_PARAMETERS_H
#define WX_SCENARIO_PARAMETERS_H

#include "scenario/scenario.h"
#include "stats/words.h"
#include "strategy/strategy_options.h"

#include <stdint.h>

/// Where numbers come from; borrows all three. Later overrides win.
typedef struct {
  const WxScenario *scenario;
  const WxSetting *overrides;
  size_t override_count;
} WxParameters;

enum { WX_PROBLEM_SIZE = 200 };

/// The text of parameter or option `name`: the last override, else the file's value, else NULL.
const char *wx_parameters_text(const WxParameters *parameters, const char *name);

/// Resolves `text`: a quantity (bytes or a count), or the name of a parameter. Returns 0, or
/// -EINVAL with `problem` set.
int wx_parameters_quantity(const WxParameters *parameters, const char *text, uint64_t *value,
                           char problem[WX_PROBLEM_SIZE]);

/// As wx_parameters_quantity() for parameter `name`, `otherwise` where it has no value.
int wx_parameters_number(const WxParameters *parameters, const char *name, uint64_t otherwise,
                         uint64_t *value, char problem[WX_PROBLEM_SIZE]);

/// Sets every option of the strategy that has a value. Returns 0, or -EINVAL with `problem` set.
int wx_parameters_options(const WxParameters *parameters, WxStrategyOptions *options,
                          char problem[WX_PROBLEM_SIZE]);

/// Checks the value of `name`, a parameter or an option, if it has one. Returns 0, or -EINVAL with
/// `problem` set.
int wx_parameters_check(const WxParameters *parameters, const char *name,
                        char problem[WX_PROBLEM_SIZE]);

/// Whether `key` can be set for this scenario: its own parameters, and of a scenario that is played
/// on a strategy also the strategy's options.
int wx_parameters_known(const WxParameters *parameters, const char *key);

/// The names of all that can be set, into `names` (borrowed). Returns how many there are; may
/// exceed `capacity`.
size_t wx_parameters_names(const WxScenario *scenario, const char *names[], size_t capacity);

/// The name of the `index`-th option that every scenario has, NULL at the end; what it says.
const char *wx_parameters_option(size_t index);
const char *wx_parameters_option_about(size_t index);

#endif
