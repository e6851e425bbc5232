#include "scenario/loaded.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

static bool is_file_name(const char *name) {
  const char *dot = strrchr(name, '.');
  return strchr(name, '/') || (dot && strcmp(dot, ".yaml") == 0);
}

int wx_loaded_names(const char *folder, char ***names, size_t *count, WxProblem *problem) {
  char directory[PATH_MAX], cure[WX_SCENARIO_CURE];
  wx_scenario_directory(folder, directory, sizeof directory);
  const int failed = wx_scenario_names(directory, names, count);
  if (!failed)
    return 0;
  wx_scenario_cure(cure);
  return wx_problem(problem, -EINVAL, "cannot read the folder '%s': %s; %s", folder,
                    strerror(-failed), cure);
}

static int unknown_name(const WxScenarioAsked *asked, WxProblem *problem) {
  char **names;
  size_t count;
  int failed = wx_loaded_names(asked->folder, &names, &count, problem);
  if (failed)
    return failed;
  failed = wx_problem_unknown(problem, asked->what, asked->name, (const char *const *)(void *)names,
                              count);
  wx_scenario_names_free(names, count);
  return failed;
}

static int load_file(const char *path, WxScenario **scenario, WxProblem *problem) {
  WxComplaint complaint;
  const int failed = wx_scenario_load(path, scenario, &complaint);
  if (!failed)
    return 0;
  return complaint.line
             ? wx_problem(problem, -EINVAL, "%s:%zu: %s", path, complaint.line, complaint.text)
             : wx_problem(problem, -EINVAL, "%s: %s", path, complaint.text);
}

static int unknown_setting(const WxScenario *scenario, const char *key, WxProblem *problem) {
  enum { MOST = 64 };
  const char *names[MOST];
  const size_t count = wx_parameters_names(scenario, names, MOST);
  return wx_problem_unknown(problem, "parameter", key, names, count < MOST ? count : MOST);
}

static int check_settings(const WxLoadedScenario *loaded, WxProblem *problem) {
  const WxParameters *parameters = &loaded->parameters;
  for (size_t i = 0; i < parameters->override_count; ++i) {
    char wrong[WX_PROBLEM_SIZE];
    const char *key = parameters->overrides[i].key;
    if (!wx_parameters_known(parameters, key))
      return unknown_setting(loaded->scenario, key, problem);
    if (wx_parameters_check(parameters, key, wrong))
      return wx_problem(problem, -EINVAL, "--set %s", wrong);
  }
  return 0;
}

static int find_path(const WxScenarioAsked *asked, char path[PATH_MAX], WxProblem *problem) {
  if (is_file_name(asked->name)) {
    snprintf(path, PATH_MAX, "%s", asked->name);
    return 0;
  }
  char directory[PATH_MAX];
  wx_scenario_directory(asked->folder, directory, sizeof directory);
  return wx_scenario_path(directory, asked->name, path, PATH_MAX) ? unknown_name(asked, problem)
                                                                  : 0;
}

int wx_loaded_scenario(const WxScenarioAsked *asked, WxLoadedScenario *loaded, WxProblem *problem) {
  *loaded = (WxLoadedScenario){0};
  char path[PATH_MAX];
  int failed = find_path(asked, path, problem);
  if (!failed)
    failed = load_file(path, &loaded->scenario, problem);
  if (failed)
    return failed;
  loaded->parameters = (WxParameters){loaded->scenario, asked->settings, asked->setting_count};
  failed = check_settings(loaded, problem);
  if (failed)
    wx_loaded_free(loaded);
  return failed;
}

void wx_loaded_free(WxLoadedScenario *loaded) {
  wx_scenario_free(loaded->scenario);
  *loaded = (WxLoadedScenario){0};
}
