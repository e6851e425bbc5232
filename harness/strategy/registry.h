/**
   @file registry.h
   Every strategy there is. A new one: a file that defines `wx_strategy_NAME`, and its row here.
*/
#ifndef WX_STRATEGY_REGISTRY_H
#define WX_STRATEGY_REGISTRY_H

#include "strategy/strategy.h"

/// In the order in which they are listed and run.
#define WX_STRATEGIES(STRATEGY)                                                                    \
  STRATEGY(coreclr)                                                                                \
  STRATEGY(coreclr_punch)                                                                          \
  STRATEGY(coreclr_off)                                                                            \
  STRATEGY(rwx)                                                                                    \
  STRATEGY(dual)                                                                                   \
  STRATEGY(pwrite)                                                                                 \
  STRATEGY(mprotect)                                                                               \
  STRATEGY(publish)                                                                                \
  STRATEGY(close_without_munmap)

#define WX_STRATEGY_DECLARE(name) extern const WxStrategy wx_strategy_##name;
WX_STRATEGIES(WX_STRATEGY_DECLARE)
#undef WX_STRATEGY_DECLARE

#endif
