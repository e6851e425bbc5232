#include "cli/named.h"

#include "cli/say.h"
#include "clr/versions.h"
#include "strategy/strategy.h"

#include <string.h>

enum { NAMES_MOST = 64 };

static int check(const char *verb, const char *what, const WxNames *given,
                 const char *const names[], size_t count) {
  for (size_t i = 0; i < given->count; ++i) {
    size_t known = 0;
    while (known < count && strcmp(names[known], given->items[i]) != 0)
      ++known;
    if (known == count)
      return wx_cli_unknown(verb, what, given->items[i], names, count);
  }
  return 0;
}

int wx_cli_check_strategies(const char *verb, const WxNames *strategies) {
  const char *names[NAMES_MOST];
  size_t count = 0;
  for (const WxStrategy *at; count < NAMES_MOST && (at = wx_strategy_at(count)); ++count)
    names[count] = at->name;
  return check(verb, "strategy", strategies, names, count);
}

int wx_cli_check_models(const char *verb, const WxNames *models) {
  const char *names[NAMES_MOST];
  size_t count = 0;
  for (const WxClrVersion *at; count < NAMES_MOST && (at = wx_clr_version_at(count)); ++count)
    names[count] = at->name;
  return check(verb, "model", models, names, count);
}
