#include "stats/ended.h"

#include <stddef.h>

const char *wx_ended_name(WxEndedHow how) {
  static const char *const names[] = {[WX_ENDED_WELL] = NULL,
                                      [WX_ENDED_EXIT] = "exit",
                                      [WX_ENDED_SIGNAL] = "signal",
                                      [WX_ENDED_TIMEOUT] = "timeout",
                                      [WX_ENDED_NOT_STARTED] = "not-started",
                                      [WX_ENDED_STOPPED] = "stopped"};
  return names[how];
}
