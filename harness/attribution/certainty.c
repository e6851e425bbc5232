#include "attribution/certainty.h"

const char *wx_certainty_name(WxCertainty certainty) {
  static const char *const names[] = {
      [WX_CERTAINTY_NONE] = "none",           [WX_CERTAINTY_LOW] = "low",
      [WX_CERTAINTY_MEDIUM] = "medium",       [WX_CERTAINTY_HIGH] = "high",
      [WX_CERTAINTY_VERY_HIGH] = "very high",
  };
  return names[certainty];
}
