// The table of verbs, of the program or of that for servers (WX_SERVER).
#include "cli/verb.h"

#include <string.h>

#define SERVER(...) __VA_ARGS__
#ifdef WX_SERVER
#define HERE(...)
#else
#define HERE(...) __VA_ARGS__
#endif

static const WxCliVerb verbs[] = {
#define ROW(NAME, WHERE, FIXED_LAYOUT, SUMMARY)                                                    \
  WHERE({.name = #NAME,                                                                            \
         .summary = (SUMMARY),                                                                     \
         .run = wx_cli_##NAME,                                                                     \
         .fixed_layout = (FIXED_LAYOUT)}, )
    WX_CLI_VERBS(ROW)
#undef ROW
};

const WxCliVerb *wx_cli_verb_at(size_t index) {
  return index < sizeof verbs / sizeof *verbs ? &verbs[index] : NULL;
}

const WxCliVerb *wx_cli_verb_find(const char *name, size_t length) {
  for (size_t i = 0; i < sizeof verbs / sizeof *verbs; ++i) {
    if (strlen(verbs[i].name) == length && memcmp(verbs[i].name, name, length) == 0)
      return &verbs[i];
  }
  return NULL;
}
