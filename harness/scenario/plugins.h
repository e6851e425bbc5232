/**
   @file plugins.h
   The strategies that were named on a command line: those of the registry, and plug-ins.
*/
#ifndef WX_SCENARIO_PLUGINS_H
#define WX_SCENARIO_PLUGINS_H

#include "stats/problem.h"
#include "strategy/plugin.h"

/// The plug-ins among the strategies that were named. Start with {0}, end with wx_plugins_free().
typedef struct {
  WxPlugin *items;
  size_t count;
} WxPlugins;

/// Returns 0 where every name is that of a strategy; plug-ins have been loaded once, in a process
/// of their own, to see what they can do. (One that did not survive that is left to fail again
/// where it runs.) Else a negative errno with a problem: -ENOTSUP where this machine lacks what all
/// of them need.
int wx_plugins_check(const WxNames *strategies, WxPlugins *plugins, WxProblem *problem);

/// The same, and refuses plug-ins without blocks.
int wx_plugins_check_blocks(const WxNames *strategies, WxPlugins *plugins, WxProblem *problem);

/// The strategy of a name that was checked.
const WxStrategy *wx_plugins_strategy(const WxPlugins *plugins, const char *name);

/// The `index`-th of all strategies, then of the plug-ins; NULL at the end.
const WxStrategy *wx_plugins_strategy_at(const WxPlugins *plugins, size_t index);

/// Whether it was named; where none was, whether it has none of the capabilities `unless`.
bool wx_plugins_is_wanted(const WxNames *strategies, const WxStrategy *strategy, unsigned unless);

void wx_plugins_free(WxPlugins *plugins);

#endif
