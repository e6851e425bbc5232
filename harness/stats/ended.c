#include "stats/ended.h"

#include <stddef.h>
#include <string.h>

static const char *const names[] = {[WX_ENDED_WELL] = NULL,
                                    [WX_ENDED_EXIT] = "exit",
                                    [WX_ENDED_SIGNAL] = "signal",
                                    [WX_ENDED_TIMEOUT] = "timeout",
                                    [WX_ENDED_NOT_STARTED] = "not-started",
                                    [WX_ENDED_STOPPED] = "stopped"};

const char *wx_ended_name(WxEndedHow how) {
  return names[how];
}

WxEndedHow wx_ended_find(const char *name) {
  for (size_t i = 0; name && i < sizeof names / sizeof *names; ++i)
    if (names[i] && strcmp(names[i], name) == 0)
      return (WxEndedHow)i;
  return WX_ENDED_WELL;
}
