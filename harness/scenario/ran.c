#include "scenario/ran.h"

#include "measure/wx_state.h"
#include "probe/observe_start.h"

#include <stdio.h>
#include <string.h>

static void say_difference(WxRan *ran, const WxMode *mode, const char *why) {
  *ran->differs = '\0';
  if (mode->wx && !ran->on)
    snprintf(ran->differs, sizeof ran->differs, "W^X was %s", why);
  else if (!mode->wx && ran->on)
    snprintf(ran->differs, sizeof ran->differs,
             "W^X was on: DOTNET_EnableWriteXorExecute=0 did not reach the process");
  else if (mode->preload && !ran->preloaded)
    snprintf(ran->differs, sizeof ran->differs,
             "libwxreclaim.so was not loaded into the process with the runtime");
}

void wx_ran_look(WxRan *ran, pid_t pid, const WxMode *mode) {
  WxObservedStart observed;
  if (ran->settled || wx_observe_start(pid, &observed))
    return;
  ran->w_xor_x = observed.state;
  ran->on = observed.start == WX_STARTS_ON;
  ran->settled = ran->on || !strcmp(observed.state, wx_state_code(WX_STATE_OFF_BY_SETTING));
  ran->preloaded = observed.preloaded;
  say_difference(ran, mode, observed.why);
}

void wx_ran_label(const WxRan *ran, WxResult *result) {
  result->w_xor_x = ran->w_xor_x;
  result->mislabelled = *ran->differs ? ran->differs : NULL;
}
