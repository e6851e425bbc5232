#include "scenario/runtime_switch.h"

#include "measure/wx_switch.h"

#include <stdlib.h>

bool wx_runtime_switch_on(int major) {
  const WxSwitch set =
      wx_switch_of(getenv("DOTNET_EnableWriteXorExecute"), getenv("COMPlus_EnableWriteXorExecute"));
  return set == WX_SWITCH_UNSET ? major >= WX_SWITCH_FIRST_ON : set == WX_SWITCH_ON;
}
