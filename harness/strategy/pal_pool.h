/**
   @file pal_pool.h
   The runtime's address pool: about 2 GiB of reserved address space next to the program, handed out
   upwards, never taken back (dotnet/runtime PR 69430: why it must be near).
*/
#ifndef WX_STRATEGY_PAL_POOL_H
#define WX_STRATEGY_PAL_POOL_H

#include "strategy/strategy.h"

typedef struct WxPoolTail WxPoolTail;

/// Start with {0}: a pool that is always exhausted.
typedef struct {
  uintptr_t start;  ///< First address of the reservation, 0 where there is none.
  uintptr_t first;  ///< First address ever handed out.
  uintptr_t cursor; ///< Next address to hand out.
  uintptr_t end;
  WxPoolTail *tails; ///< What stays reserved behind blocks that are no multiple of 64 KiB.
} WxPool;

/// Reserves the pool. Where there is no room for one it is exhausted from the start, as in the
/// runtime.
void wx_pool_open(WxPool *pool, const WxStrategyOptions *options);

/// Takes round_up(size, 64 KiB) bytes at the cursor: `*taken` is the address, NULL where the pool
/// is exhausted or the cursor is not inside `within` (the runtime does not search either). No
/// system call. -ENOMEM.
int wx_pool_take(WxPool *pool, size_t size, WxRange within, void **taken);

/// Undoes the last wx_pool_take(), which returned `taken`. (The runtime loses such addresses for
/// good.)
void wx_pool_untake(WxPool *pool, void *taken);

/// Whether `address` is inside the reservation.
bool wx_pool_owns(const WxPool *pool, uintptr_t address);

/// Unmaps what was never handed out, and the tails; blocks are their owner's to unmap. Can be tried
/// again.
int wx_pool_close(WxPool *pool);

#endif
