/**
   @file plugin.h
   A shared library as a strategy, named `plugin:/path/lib.so` (wxbench_plugin.h). Its code runs
   where it is opened, so only in a process that may come to grief; what it returns is checked.
*/
#ifndef WX_STRATEGY_PLUGIN_H
#define WX_STRATEGY_PLUGIN_H

#include "strategy/strategy.h"

enum { WX_PLUGIN_SUMMARY = 128, WX_PLUGIN_PROBLEM = 256 };

/// Room for one. `strategy` points into it, so it must not move.
typedef struct {
  WxStrategy strategy; ///< First: a WxStrategy is cast to it. What it can do is known when loaded.
  char name[WX_STRATEGY_NAME];
  char summary[WX_PLUGIN_SUMMARY];
  const struct wxbench_plugin *loaded;
  char problem[WX_PLUGIN_PROBLEM]; ///< Why it cannot be loaded, one phrase; "" where it can.
} WxPlugin;

/// Whether that is the name of a plug-in, there or not.
bool wx_plugin_is_named(const char *name);

/// The strategy `name`: of the registry, or of `plugin`, which is filled. Nothing is loaded. NULL
/// where there is none of that name, or it is too long.
const WxStrategy *wx_strategy_named(const char *name, WxPlugin *plugin);

/// Loads it, which runs code of the library, and fills in what it can do. Returns 0; -ENOSYS where
/// this program cannot load anything; another negative errno, with `problem`. Done by opening it.
int wx_plugin_load(WxPlugin *plugin);

#endif
