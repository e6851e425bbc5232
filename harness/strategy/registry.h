/**
   @file registry.h
   Every strategy there is. A new one is a file in this folder with a line

       const WxStrategy wx_strategy_NAME = {

   The Makefile collects them in WX_STRATEGIES(STRATEGY).
*/
#ifndef WX_STRATEGY_REGISTRY_H
#define WX_STRATEGY_REGISTRY_H

#include "strategy/strategy.h"

#define WX_STRATEGY_DECLARE(name) extern const WxStrategy wx_strategy_##name;
WX_STRATEGIES(WX_STRATEGY_DECLARE)
#undef WX_STRATEGY_DECLARE

#endif
