#include "cli/built.h"

#include "cli/say.h"
#include "os/preloads.h"
#include "scenario/scenario.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int wx_cli_find_built(const char *verb, const char *name, const char *command, char *path) {
  char below[64], found[PATH_MAX];
  snprintf(below, sizeof below, "build/%s", name);
  wx_scenario_directory(below, found, sizeof found);
  if (realpath(found, path))
    return 0;
  char places[PATH_MAX + 64];
  wx_scenario_places(places, sizeof places);
  return wx_cli_impossible(verb, "%s is not built; type: %s (it is looked for in %s)", below,
                           command, places);
}

int wx_cli_find_preload(const char *verb, const char *library, char *name) {
  char path[PATH_MAX];
  const int status = wx_cli_find_built(verb, library, "make", path);
  if (status)
    return status;
  const int failed = wx_preload_name(path, name, PATH_MAX);
  return failed ? wx_cli_fail(verb, "cannot preload '%s': %s", path, strerror(-failed)) : 0;
}
