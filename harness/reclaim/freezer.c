#include "reclaim/freezer.h"

#include <string.h>

static const WxFreezer *const freezers[] = {
#define ROW(NAME) &wx_freezer_##NAME,
    WX_FREEZERS(ROW)
#undef ROW
};

enum { FREEZERS = sizeof freezers / sizeof *freezers };

const WxFreezer *wx_freezer_at(size_t index) {
  return index < FREEZERS ? freezers[index] : NULL;
}

const char *wx_freezer_name(size_t index) {
  return index < FREEZERS ? freezers[index]->name : NULL;
}

const WxFreezer *wx_freezer_find(const char *name) {
  for (size_t i = 0; i < FREEZERS; ++i)
    if (strcmp(freezers[i]->name, name) == 0)
      return freezers[i];
  return NULL;
}
