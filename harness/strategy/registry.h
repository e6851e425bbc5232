/**
   @file registry.h
   Every strategy there is. A new one: a file that defines its row, a line here and one in
   strategy.c.
*/
#ifndef WX_STRATEGY_REGISTRY_H
#define WX_STRATEGY_REGISTRY_H

#include "strategy/strategy.h"

extern const WxStrategy wx_strategy_coreclr;
extern const WxStrategy wx_strategy_coreclr_punch;
extern const WxStrategy wx_strategy_coreclr_off;
extern const WxStrategy wx_strategy_rwx;
extern const WxStrategy wx_strategy_close_without_munmap;

#endif
