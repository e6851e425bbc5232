#include "measure/wx_state.h"

#include "measure/memfd.h"
#include "measure/process_status.h"

#include <stdlib.h>

static const struct {
  const char *code;
  const char *text;
} states[] = {
    [WX_STATE_NONE] = {"none", "no .NET runtime was found"},
    [WX_STATE_ON] = {"on", "on: the double mapper's file is mapped"},
    [WX_STATE_ON_BUT_OTHER] = {"on-but-other",
                               "on for the runtime's own code; other memory of the process is "
                               "writable and executable at once"},
    [WX_STATE_OFF_BY_SETTING] = {"off-by-setting",
                                 "switched off by DOTNET_EnableWriteXorExecute=0"},
    [WX_STATE_OFF_BY_CONFIG] = {"off-by-config", "switched off by "
                                                 "System.Runtime.EnableWriteXorExecute in "
                                                 "runtimeconfig.json"},
    [WX_STATE_OFF_BY_DEFAULT] = {"off-by-default",
                                 "off: before .NET 7 it is so where nothing sets it"},
    [WX_STATE_OFF_SILENTLY] = {"off-silently",
                               "off without a word: no setting says so, and there is no memfd (it "
                               "could not be made, or not with its size)"},
    [WX_STATE_OFF] = {"off", "off: no memfd is mapped; whether a setting did that is not known"},
    [WX_STATE_STARTING] = {"starting", "not decided yet: the runtime is starting, and has made no "
                                       "executable memory"},
};

const char *wx_state_code(WxState state) {
  return states[state].code;
}

const char *wx_state_text(WxState state) {
  return states[state].text;
}

static bool has_other(const WxMaps *maps) {
  enum { BOTH = WX_WRITE | WX_EXECUTE };
  for (size_t i = 0; i < maps->count; ++i)
    if ((maps->items[i].protection & BOTH) == BOTH)
      return true;
  return false;
}

WxState wx_state_judge(const WxMaps *maps, const char *version, pid_t pid,
                       const WxSwitch *environment) {
  if (wx_process_count_mappings(maps, WX_DOUBLEMAPPER).count)
    return has_other(maps) ? WX_STATE_ON_BUT_OTHER : WX_STATE_ON;
  if (environment && *environment == WX_SWITCH_OFF)
    return WX_STATE_OFF_BY_SETTING;
  // Without the memfd its code would be in memory that is writable and executable.
  if (!has_other(maps))
    return WX_STATE_STARTING;
  if (!environment)
    return WX_STATE_OFF;
  const long major = strtol(version, NULL, 10);
  if (!major)
    return WX_STATE_OFF;
  if (*environment == WX_SWITCH_UNSET && major < WX_SWITCH_FIRST_ON)
    return WX_STATE_OFF_BY_DEFAULT;
  if (*environment == WX_SWITCH_UNSET && major >= WX_SWITCH_FIRST_CONFIGURED &&
      wx_switch_configured(pid) == WX_SWITCH_OFF)
    return WX_STATE_OFF_BY_CONFIG;
  return WX_STATE_OFF_SILENTLY;
}
