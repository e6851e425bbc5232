/**
   @file anonymous.h
   What the strategies over anonymous private memory share: code is written where it runs, so a
   writable view is the memory itself, and munmap really frees.
*/
#ifndef WX_STRATEGY_ANONYMOUS_H
#define WX_STRATEGY_ANONYMOUS_H

#include "strategy/blocks.h"
#include "strategy/pal_pool.h"

#include <pthread.h>

typedef struct {
  WxAllocator allocator; ///< First: a WxAllocator is cast to its owner.
  pthread_mutex_t lock;  ///< Guards what follows.
  WxPool pool;
  WxBlocks blocks;
  bool walks; ///< Charge the walks through the runtime's sorted list.
} WxAnonymous;

/// A new state of `size` bytes for `strategy`, which begins with a WxAnonymous, without a pool; the
/// rest is zero. NULL if memory is out.
WxAnonymous *wx_anonymous_new(const WxStrategy *strategy, const WxStrategyOptions *options,
                              size_t size);

/// Books a walk of the imitated sorted list up to `base`, and does it where walks are charged. With
/// the lock held.
void wx_anonymous_walk(WxAnonymous *self, WxOperation operation, uintptr_t base);

/// Reserves from the pool, without a system call, or else of the kernel, without any permission.
int wx_anonymous_reserve(WxAllocator *allocator, size_t size, WxRange within, void **base);
int wx_anonymous_map_rw(WxAllocator *allocator, void *start, size_t size, bool cacheable,
                        void **view);
int wx_anonymous_unmap_rw(WxAllocator *allocator, void *view);
int wx_anonymous_release(WxAllocator *allocator, void *base);
bool wx_anonymous_owns(WxAllocator *allocator, uintptr_t address);
int wx_anonymous_close(WxAllocator *allocator);

#endif
