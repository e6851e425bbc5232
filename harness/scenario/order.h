/**
   @file order.h
   A play as an order to a process that was executed for it (measure/fresh.h): nothing in it points
   into this process, nor says where this program or the scenario's file lies.
*/
#ifndef WX_SCENARIO_ORDER_H
#define WX_SCENARIO_ORDER_H

#include "measure/fresh.h"
#include "scenario/play.h"

/// Makes `fresh` of `order`, whose `report` is not read: `fresh->report` is the WxPlayReport of the
/// play. Returns 0 or a negative errno; the caller ends with wx_fresh_close().
int wx_play_order_open(WxFresh *fresh, const WxPlayOrder *order);

#endif
