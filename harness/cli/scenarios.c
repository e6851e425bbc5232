#include "cli/scenarios.h"

#include "cli/say.h"
#include "cli/verb.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_file_name(const char *name) {
  const char *dot = strrchr(name, '.');
  return strchr(name, '/') || (dot && strcmp(dot, ".yaml") == 0);
}

int wx_cli_no_scenarios(const char *verb, const char *folder, int error) {
  char places[PATH_MAX + 64];
  wx_scenario_places(places, sizeof places);
  return wx_cli_fail(verb,
                     "cannot read the folder '%s': %s; it is looked for in %s; set "
                     "WXBENCH_HOME=FOLDER to the folder of the sources",
                     folder, strerror(-error), places);
}

int wx_cli_all_scenarios(const char *verb, const char *folder, char ***names, size_t *count) {
  char directory[PATH_MAX];
  wx_scenario_directory(folder, directory, sizeof directory);
  const int failed = wx_scenario_names(directory, names, count);
  return failed ? wx_cli_no_scenarios(verb, folder, failed) : 0;
}

static int unknown_name(const char *verb, const char *what, const char *folder, const char *name) {
  char **names;
  size_t count;
  const int failed = wx_cli_all_scenarios(verb, folder, &names, &count);
  if (failed)
    return failed;
  const int status = wx_cli_unknown(verb, what, name, (const char *const *)(void *)names, count);
  wx_scenario_names_free(names, count);
  return status;
}

static int load_file(const char *verb, const char *path, WxScenario **scenario) {
  WxComplaint complaint;
  if (wx_scenario_load(path, scenario, &complaint) == 0)
    return 0;
  return complaint.line ? wx_cli_fail(verb, "%s:%zu: %s", path, complaint.line, complaint.text)
                        : wx_cli_fail(verb, "%s: %s", path, complaint.text);
}

static int unknown_setting(const char *verb, const WxScenario *scenario, const char *key) {
  const char *names[64];
  const size_t count = wx_parameters_names(scenario, names, 64);
  return wx_cli_unknown(verb, "parameter", key, names, count < 64 ? count : 64);
}

static int apply_settings(const char *verb, const WxSettings *settings, WxLoadedScenario *loaded) {
  loaded->overrides = calloc(settings->count + 1, sizeof *loaded->overrides);
  if (!loaded->overrides)
    return wx_cli_fail(verb, "out of memory");
  for (size_t i = 0; i < settings->count; ++i)
    loaded->overrides[i] = (WxOverride){settings->items[i].key, settings->items[i].value};
  loaded->parameters = (WxParameters){loaded->scenario, loaded->overrides, settings->count};
  for (size_t i = 0; i < settings->count; ++i) {
    char problem[WX_PROBLEM_SIZE];
    const char *key = settings->items[i].key;
    if (!wx_parameters_known(&loaded->parameters, key))
      return unknown_setting(verb, loaded->scenario, key);
    if (wx_parameters_check(&loaded->parameters, key, problem))
      return wx_cli_fail(verb, "--set %s", problem);
  }
  return 0;
}

int wx_cli_load_scenario(const char *verb, const char *what, const char *folder, const char *name,
                         const WxSettings *settings, WxLoadedScenario *loaded) {
  *loaded = (WxLoadedScenario){0};
  char path[PATH_MAX];
  if (is_file_name(name)) {
    snprintf(path, sizeof path, "%s", name);
  } else {
    char directory[PATH_MAX];
    wx_scenario_directory(folder, directory, sizeof directory);
    if (wx_scenario_path(directory, name, path, sizeof path))
      return unknown_name(verb, what, folder, name);
  }
  int status = load_file(verb, path, &loaded->scenario);
  if (status == 0)
    status = apply_settings(verb, settings, loaded);
  if (status)
    wx_cli_loaded_free(loaded);
  return status;
}

void wx_cli_loaded_free(WxLoadedScenario *loaded) {
  wx_scenario_free(loaded->scenario);
  free(loaded->overrides);
  *loaded = (WxLoadedScenario){0};
}
