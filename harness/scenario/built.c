#include "scenario/built.h"

#include "os/os.h"
#include "os/preloads.h"
#include "os/process.h"
#include "scenario/scenario.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int find_built(const char *name, const char *command, char *path, WxProblem *problem) {
  char below[64], found[PATH_MAX];
  snprintf(below, sizeof below, "build/%s", name);
  wx_scenario_directory(below, found, sizeof found);
  if (realpath(found, path))
    return 0;
  char places[PATH_MAX + 64];
  wx_scenario_places(places, sizeof places);
  return wx_problem(problem, -ENOTSUP, "%s is not built; type: %s (it is looked for in %s)", below,
                    command, places);
}

static int become_script(const char *script) {
  char cache[PATH_MAX], entry[PATH_MAX + 16];
  wx_scenario_cache(cache, sizeof cache);
  snprintf(entry, sizeof entry, "WXBENCH_BUILD=%s", cache);
  char **environment = wx_preload_environment((char *[]){entry, NULL});
  const int failed = environment ? wx_os_duplicate_onto(STDERR_FILENO, STDOUT_FILENO) : -ENOMEM;
  return failed < 0 ? failed : wx_os_exec((char *[]){(char *)script, NULL}, environment);
}

// Runs the script; where it cannot be started, what it wrote is why.
static int start_script(const char *script, int *status) {
  int ends[2], why = 0;
  const int failed = wx_os_pipe(ends);
  const pid_t pid = failed ? failed : wx_os_fork();
  if (pid == 0) {
    why = become_script(script);
    (void)wx_os_write(ends[1], &why, sizeof why);
    _exit(1);
  }
  if (failed)
    return failed;
  wx_os_close(ends[1]);
  const ssize_t got = pid < 0 ? pid : wx_os_read(ends[0], &why, sizeof why);
  wx_os_close(ends[0]);
  const pid_t ended = pid < 0 ? pid : wx_os_wait(pid, 0, status, NULL);
  return ended < 0 ? ended : got == sizeof why ? why : 0;
}

static int run_script(const char *script, WxProblem *problem) {
  int status = 0;
  const int failed = start_script(script, &status);
  if (failed)
    return wx_problem(problem, -ENOTSUP, "cannot start '%s': %s", script, strerror(-failed));
  return status ? wx_problem(problem, -ENOTSUP, "%s", "") : 0; // It says itself why it fails.
}

int wx_built_workload(char *path, WxProblem *problem) {
  static const char name[] = "workloads/wxworkload.dll";
  static const char command[] = "scripts/build-workloads";
  char found[PATH_MAX], script[PATH_MAX];
  wx_scenario_directory("build/workloads/wxworkload.dll", found, sizeof found);
  wx_scenario_directory(command, script, sizeof script);
  if (wx_scenario_installed() && access(found, R_OK) && access(script, X_OK) == 0) {
    const int failed = run_script(script, problem);
    if (failed)
      return failed;
  }
  return find_built(name, command, path, problem);
}

int wx_built_preload(const char *library, char *name, WxProblem *problem) {
  char path[PATH_MAX];
  int failed =
      wx_preload_find(library, path, sizeof path) ? find_built(library, "make", path, problem) : 0;
  if (failed)
    return failed;
  failed = wx_preload_name(path, name, PATH_MAX);
  return failed ? wx_problem(problem, -EINVAL, "cannot preload '%s': %s", path, strerror(-failed))
                : 0;
}
