#include "cli/named.h"

#include "cli/say.h"
#include "clr/versions.h"
#include "strategy/strategy.h"

static int check(const char *verb, const char *what, const WxNames *given, WxWordAt *at) {
  for (size_t i = 0; i < given->count; ++i)
    if (!wx_words_have(at, given->items[i]))
      return wx_cli_unknown_word(verb, what, given->items[i], at);
  return 0;
}

int wx_cli_check_strategies(const char *verb, const WxNames *strategies) {
  return check(verb, "strategy", strategies, wx_strategy_name);
}

int wx_cli_check_models(const char *verb, const WxNames *models) {
  return check(verb, "model", models, wx_clr_version_name);
}
