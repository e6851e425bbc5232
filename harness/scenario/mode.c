#include "scenario/mode.h"

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
