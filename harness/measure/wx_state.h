/**
   @file wx_state.h
   Whether W^X is really on in a process, and if not, who switched it off.
*/
#ifndef WX_MEASURE_WX_STATE_H
#define WX_MEASURE_WX_STATE_H

#include "measure/runtime.h"
#include "measure/wx_switch.h"

typedef enum {
  WX_STATE_NONE,           ///< No .NET runtime was found.
  WX_STATE_ON,             ///< The double mapper's file is mapped.
  WX_STATE_ON_BUT_OTHER,   ///< So it is, and other memory is writable and executable at once.
  WX_STATE_OFF_BY_SETTING, ///< By the environment.
  WX_STATE_OFF_BY_CONFIG,  ///< By runtimeconfig.json.
  WX_STATE_OFF_BY_DEFAULT, ///< Before .NET 7.
  WX_STATE_OFF_SILENTLY,   ///< The memfd could not be made, or not with its size.
  WX_STATE_OFF,            ///< Why is not known: the environment or the version is not.
  WX_STATE_STARTING,       ///< The runtime is loaded and has no executable memory of either kind.
} WxState;

/// "on", "off-by-setting", ...
const char *wx_state_code(WxState state);

/// A sentence about it.
const char *wx_state_text(WxState state);

/// Judges a process that runs a runtime, by its mappings. `environment` is what the environment
/// sets; NULL: it could not be read. The runtimeconfig.json is asked where it decides; `pid` 0: a
/// file, where nothing is asked.
WxState wx_state_judge(const WxMaps *maps, const char *version, pid_t pid,
                       const WxSwitch *environment);

#endif
