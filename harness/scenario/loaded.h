/**
   @file loaded.h
   From a name on the command line to a scenario with its numbers.

   These return 0, or a negative errno with a problem for who typed it.
*/
#ifndef WX_SCENARIO_LOADED_H
#define WX_SCENARIO_LOADED_H

#include "scenario/parameters.h"
#include "stats/problem.h"

/// What was asked for; borrowed.
typedef struct {
  const char *what;   ///< The noun, for messages.
  const char *folder; ///< `scenarios` or `scenarios/workloads`.
  const char *name;   ///< In it; or a file, where it ends in .yaml or has a slash.
  const WxSetting *settings;
  size_t setting_count;
} WxScenarioAsked;

/// A scenario and where its numbers come from; `parameters` borrows from the rest and from the
/// settings.
typedef struct {
  WxScenario *scenario;
  WxParameters parameters;
} WxLoadedScenario;

/// Loads it, and checks that each setting can be set.
int wx_loaded_scenario(const WxScenarioAsked *asked, WxLoadedScenario *loaded, WxProblem *problem);

void wx_loaded_free(WxLoadedScenario *loaded);

/// The names of all scenarios of `folder` (wx_scenario_names_free()).
int wx_loaded_names(const char *folder, char ***names, size_t *count, WxProblem *problem);

#endif
