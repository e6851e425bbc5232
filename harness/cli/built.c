#include "cli/built.h"

#include "cli/say.h"
#include "cli/verb.h"
#include "os/preloads.h"
#include "os/process.h"
#include "scenario/scenario.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

static _Noreturn void become_script(const char *script) {
  char cache[PATH_MAX], entry[PATH_MAX + 16];
  wx_scenario_cache(cache, sizeof cache);
  snprintf(entry, sizeof entry, "WXBENCH_BUILD=%s", cache);
  char **environment = wx_preload_environment((char *[]){entry, NULL});
  int failed = environment ? wx_os_duplicate_onto(STDERR_FILENO, STDOUT_FILENO) : -ENOMEM;
  if (failed >= 0)
    failed = wx_os_exec((char *[]){(char *)script, NULL}, environment);
  _exit(wx_cli_impossible(NULL, "cannot start '%s': %s", script, strerror(-failed)));
}

// Runs the script, which says itself why it fails. Returns an exit status.
static int run_script(const char *verb, const char *script) {
  const pid_t pid = wx_os_fork();
  if (pid == 0)
    become_script(script);
  int status = 0;
  const pid_t ended = pid < 0 ? pid : wx_os_wait(pid, 0, &status, NULL);
  if (ended < 0)
    return wx_cli_fail(verb, "cannot run '%s': %s", script, strerror(-ended));
  return status == 0 ? WX_EXIT_OK : WX_EXIT_IMPOSSIBLE;
}

int wx_cli_find_workload(const char *verb, char *path) {
  static const char name[] = "workloads/wxworkload.dll";
  static const char command[] = "scripts/build-workloads";
  char found[PATH_MAX], script[PATH_MAX];
  wx_scenario_directory("build/workloads/wxworkload.dll", found, sizeof found);
  wx_scenario_directory(command, script, sizeof script);
  if (wx_scenario_installed() && access(found, R_OK) && access(script, X_OK) == 0) {
    const int status = run_script(verb, script);
    if (status)
      return status;
  }
  return wx_cli_find_built(verb, name, command, path);
}

int wx_cli_find_preload(const char *verb, const char *library, char *name) {
  char path[PATH_MAX];
  const int status = wx_preload_find(library, path, sizeof path)
                         ? wx_cli_find_built(verb, library, "make", path)
                         : 0;
  if (status)
    return status;
  const int failed = wx_preload_name(path, name, PATH_MAX);
  return failed ? wx_cli_fail(verb, "cannot preload '%s': %s", path, strerror(-failed)) : 0;
}
