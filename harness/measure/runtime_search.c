#include "measure/runtime_search.h"

#include "measure/family.h"
#include "measure/runtime.h"

#include <stdio.h>

static void identify(pid_t pid, const WxMaps *maps, char *version) {
  WxRuntime runtime = wx_runtime_find(maps);
  if (wx_runtime_identify(&runtime, pid, maps) == 0 && *runtime.version)
    snprintf(version, WX_RUNTIME_VERSION_SIZE, "%s", runtime.version);
}

pid_t wx_runtime_search(pid_t root, char version[static WX_RUNTIME_VERSION_SIZE]) {
  WxProcesses family = {0};
  WxText text = {0};
  WxMaps maps = {0};
  pid_t found = 0;
  const int failed = wx_family_read(&family, root, &text);
  for (size_t i = 0; !failed && i < family.count && !found; ++i) {
    const pid_t pid = family.pids[i];
    if (wx_maps_read(&maps, pid) == 0 && wx_runtime_runs(pid, &maps) == 1)
      found = pid;
  }
  if (found)
    identify(found, &maps, version);
  wx_maps_free(&maps);
  wx_text_free(&text);
  wx_processes_free(&family);
  return failed ? failed : found;
}
