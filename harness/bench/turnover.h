/**
   @file turnover.h
   Functions that come and go as those of a JIT do: a thousand live, and in each turn one of them,
   at random, makes way for a new one, whose size is drawn from those of a real program.
*/
#ifndef WX_BENCH_TURNOVER_H
#define WX_BENCH_TURNOVER_H

#include "bench/maker.h"

enum { WX_TURNOVER_LIVE = 1000 };

typedef struct WxTurnover WxTurnover;

/// Makes the functions that live at first. `maker` must live longer. Returns 0 or a negative errno,
/// as all of these; what was made before a failure is wx_turnover_close()'s to drop.
int wx_turnover_open(WxMaker *maker, WxTurnover **opened);

/// Drops a function, makes another one, and calls it.
int wx_turnover_turn(WxTurnover *self);

/// Calls all that live: whether each is whole.
int wx_turnover_check(WxTurnover *self);

/// Some function that lives.
void *wx_turnover_some(const WxTurnover *self);

/// Drops all.
int wx_turnover_close(WxTurnover *self);

#endif
