#include "probe/observe_start.h"

#include "measure/maps.h"
#include "measure/memfd.h"
#include "measure/process.h"
#include "measure/runtime.h"
#include "os/text.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// What the environment with which a process was started says of W^X: a number in hexadecimal.
typedef enum { SET_NOT, SET_ON, SET_OFF } Setting;

static Setting setting_in(const WxText *environment) {
  static const char *const names[] = {"DOTNET_EnableWriteXorExecute=",
                                      "COMPlus_EnableWriteXorExecute="};
  for (size_t i = 0; i < sizeof names / sizeof *names; ++i)
    for (const char *at = environment->data; at < environment->data + environment->length;
         at += strlen(at) + 1) {
      const size_t length = strlen(names[i]);
      char *end;
      if (strncmp(at, names[i], length) != 0)
        continue;
      const unsigned long value = strtoul(at + length, &end, 16);
      if (end != at + length)
        return value ? SET_ON : SET_OFF;
    }
  return SET_NOT;
}

static const char *why_off(pid_t pid, const char *version, WxText *text) {
  enum { FIRST_ON = 7 };
  char path[WX_PROCESS_PATH_SIZE];
  wx_process_path(path, pid, "environ");
  if (wx_text_read(text, path))
    return "whether it was switched off by a setting cannot be read";
  const Setting setting = setting_in(text);
  const unsigned major = wx_probe_major(version);
  if (setting == SET_OFF)
    return "switched off by DOTNET_EnableWriteXorExecute=0";
  if (!major)
    return "no setting says so; its version, or whether it compiles at all, is not known";
  if (setting == SET_NOT && major < FIRST_ON)
    return "before .NET 7 it is off where nothing sets it";
  return "off without a word: no setting says so, and there is no memfd (it could not be made, or "
         "not with its size)";
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
    const bool on = wx_process_count_mappings(&maps, WX_DOUBLEMAPPER).count > 0;
    observed->start = on ? WX_STARTS_ON : WX_STARTS_OFF;
    if (observed->start == WX_STARTS_OFF)
      observed->why = why_off(pid, observed->version, &text);
  }
  wx_text_free(&text);
  wx_maps_free(&maps);
  return result;
}
