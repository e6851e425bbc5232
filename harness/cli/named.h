/**
   @file named.h
   Checks names of the command line against what there is, and prints the one line for an unknown
   one.
*/
#ifndef WX_CLI_NAMED_H
#define WX_CLI_NAMED_H

#include "cli/options.h"
#include "strategy/plugin.h"

/// The plug-ins among the strategies that were named. Start with {0}, end with wx_plugins_free().
typedef struct {
  WxPlugin *items;
  size_t count;
} WxPlugins;

/// Returns 0 where every name is that of a strategy; plug-ins have been loaded once, in a process
/// of their own, to see what they can do. (One that did not survive that is left to fail again
/// where it runs.) Else an exit status after the line is printed.
int wx_cli_check_strategies(const char *verb, const WxNames *strategies, WxPlugins *plugins);

/// The same, and refuses plug-ins without blocks.
int wx_cli_check_block_strategies(const char *verb, const WxNames *strategies, WxPlugins *plugins);

/// 0 where every name is that of a model, else an exit status after the line is printed.
int wx_cli_check_models(const char *verb, const WxNames *models);

/// The strategy of a name that was checked.
const WxStrategy *wx_cli_strategy(const WxPlugins *plugins, const char *name);

/// The `index`-th of all strategies, then of the plug-ins; NULL at the end.
const WxStrategy *wx_cli_strategy_at(const WxPlugins *plugins, size_t index);

/// Whether it was named; where none was, whether it has none of the capabilities `unless`.
bool wx_cli_is_wanted(const WxNames *strategies, const WxStrategy *strategy, unsigned unless);

void wx_plugins_free(WxPlugins *plugins);

#endif
