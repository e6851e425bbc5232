/**
   @file scenarios.h
   What `run` and `validate` share: from a name on the command line to a scenario with its numbers.
*/
#ifndef WX_CLI_SCENARIOS_H
#define WX_CLI_SCENARIOS_H

#include "cli/options.h"
#include "scenario/parameters.h"

/// A scenario and where its numbers come from; `parameters` borrows from the rest.
typedef struct {
  WxScenario *scenario;
  WxOverride *overrides;
  WxParameters parameters;
} WxLoadedScenario;

/// Loads `name` from `folder`, or as a file where it ends in .yaml or has a slash, and checks that
/// each setting can be set. `what` is the noun for messages. Returns 0, or an exit status after the
/// one line is printed.
int wx_cli_load_scenario(const char *verb, const char *what, const char *folder, const char *name,
                         const WxSettings *settings, WxLoadedScenario *loaded);

void wx_cli_loaded_free(WxLoadedScenario *loaded);

/// Says that `folder` (`scenarios`) cannot be read for `error` (a negative errno), and where it is
/// looked for. Returns WX_EXIT_USAGE.
int wx_cli_no_scenarios(const char *verb, const char *folder, int error);

/// The names of all scenarios of `folder` (wx_scenario_names_free()). Returns as
/// wx_cli_load_scenario().
int wx_cli_all_scenarios(const char *verb, const char *folder, char ***names, size_t *count);

#endif
