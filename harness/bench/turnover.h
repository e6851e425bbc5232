/**
   @file turnover.h
   Functions that come and go: some live, and in each turn one of them, at random, makes way for a
   new one, whose size is drawn.
*/
#ifndef WX_BENCH_TURNOVER_H
#define WX_BENCH_TURNOVER_H

#include "bench/maker.h"

/// What comes and goes.
typedef struct {
  const uint32_t *sizes; ///< Each is drawn equally often.
  size_t size_count;
  size_t live;
} WxTurnoverPlan;

/// A thousand functions of the sizes that a JIT makes, of a real program.
extern const WxTurnoverPlan wx_turnover_of_functions;

/// A hundred blocks of the sizes that the runtime reserves, of recordings.
extern const WxTurnoverPlan wx_turnover_of_blocks;

typedef struct WxTurnover WxTurnover;

/// Makes what lives at first. `maker` and `plan` must live longer. Returns 0 or a negative errno,
/// as all of these; what was made before a failure is wx_turnover_close()'s to drop.
int wx_turnover_open(WxMaker *maker, const WxTurnoverPlan *plan, WxTurnover **opened);

/// Drops a function, makes another one, and calls it.
int wx_turnover_turn(WxTurnover *self);

/// Calls all that live: whether each is whole.
int wx_turnover_check(WxTurnover *self);

/// Some function that lives.
void *wx_turnover_some(const WxTurnover *self);

/// Drops all.
int wx_turnover_close(WxTurnover *self);

#endif
