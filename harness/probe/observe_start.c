#include "probe/observe_start.h"

#include "measure/maps.h"
#include "measure/process_status.h"
#include "measure/runtime.h"
#include "measure/wx_state.h"
#include "os/text.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static WxState state_of(pid_t pid, const WxMaps *maps, const char *version, WxText *text) {
  char path[WX_PROCESS_PATH_SIZE];
  wx_process_path(path, pid, "environ");
  if (wx_text_read(text, path))
    return wx_state_judge(maps, version, pid, NULL);
  const WxSwitch set = wx_switch_in(text->data, text->length);
  return wx_state_judge(maps, version, pid, &set);
}

static bool has_preload(const WxMaps *maps) {
  static const char name[] = "/libwxreclaim.so";
  for (size_t i = 0; i < maps->count; ++i) {
    const size_t length = strlen(maps->items[i].path);
    if (length >= sizeof name - 1 && !strcmp(maps->items[i].path + length - sizeof name + 1, name))
      return true;
  }
  return false;
}

int wx_observe_start(pid_t pid, WxObservedStart *observed) {
  *observed = (WxObservedStart){.start = WX_START_UNKNOWN};
  WxMaps maps = {0};
  WxText text = {0};
  WxRuntime runtime = {0};
  int result = wx_maps_read(&maps, pid);
  if (result == -ENOENT)
    result = -ESRCH;
  const int runs = result ? result : wx_runtime_runs(pid, &maps);
  result = runs < 0 ? runs : runs ? 0 : -ENOENT;
  if (!result) {
    runtime = wx_runtime_find(&maps);
    result = wx_runtime_identify(&runtime, pid, &maps);
  }
  if (!result) {
    (void)snprintf(observed->version, sizeof observed->version, "%s", runtime.version);
    const WxState state = state_of(pid, &maps, observed->version, &text);
    const bool on = state == WX_STATE_ON || state == WX_STATE_ON_BUT_OTHER;
    observed->state = wx_state_code(state);
    observed->preloaded = has_preload(&maps);
    observed->start = on                           ? WX_STARTS_ON
                      : state == WX_STATE_STARTING ? WX_START_UNKNOWN
                                                   : WX_STARTS_OFF;
    observed->why = on ? NULL : wx_state_text(state);
  }
  wx_text_free(&text);
  wx_maps_free(&maps);
  return result;
}
