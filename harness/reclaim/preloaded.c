#include "reclaim/reclaim.h"

#include "os/preloads.h"
#include "os/process.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char LIBRARY[] = "libwxreclaim.so";

int wx_reclaim_preloaded(char *const *argv, WxProblem *problem) {
  char *entries[] = {NULL, NULL};
  int failed = wx_preload_entry(LIBRARY, WX_PRELOAD_LAST, &entries[0]);
  if (failed)
    return wx_problem(problem, failed, "%s, expected beside this program or in ../lib/wxbench: %s",
                      LIBRARY, strerror(-failed));
  char **environment = wx_preload_environment(entries);
  failed = environment ? wx_os_exec(argv, environment) : -ENOMEM;
  free(environment);
  free(entries[0]);
  return wx_problem(problem, failed, "cannot run '%s': %s", argv[0], strerror(-failed));
}
