#include "scenario/mode.h"

#include "measure/wx_state.h"
#include "probe/observe_start.h"

#include <stdio.h>
#include <string.h>

static const WxMode modes[] = {
    {"on", "W^X on, as shipped", .wx = true},
    {"off", "DOTNET_EnableWriteXorExecute=0", .wx = false},
    {"preload", "W^X on, with libwxreclaim.so", .wx = true, .preload = true},
    {"live", "W^X on, reclaimed from outside", .wx = true, .live = true},
};

const WxMode *wx_mode_at(size_t index) {
  return index < sizeof modes / sizeof *modes ? &modes[index] : NULL;
}

const char *wx_mode_name(size_t index) {
  return wx_mode_at(index) ? modes[index].name : NULL;
}

const WxMode *wx_mode_find(const char *name) {
  for (size_t i = 0; i < sizeof modes / sizeof *modes; ++i)
    if (strcmp(modes[i].name, name) == 0)
      return &modes[i];
  return NULL;
}

/* What a mode really ran as
 * -------------------------------------------------------------------------------------------------
 */

static void say_difference(WxModeSeen *ran, const WxMode *mode, const char *why) {
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

void wx_mode_look(WxModeSeen *ran, pid_t pid, const WxMode *mode) {
  WxObservedStart observed;
  if (ran->settled || wx_observe_start(pid, &observed))
    return;
  ran->w_xor_x = observed.state;
  ran->on = observed.start == WX_STARTS_ON;
  ran->settled = ran->on || !strcmp(observed.state, wx_state_code(WX_STATE_OFF_BY_SETTING));
  ran->preloaded = observed.preloaded;
  say_difference(ran, mode, observed.why);
}

void wx_mode_label(const WxModeSeen *ran, WxResult *result) {
  result->w_xor_x = ran->w_xor_x;
  result->mislabelled = *ran->differs ? ran->differs : NULL;
}
