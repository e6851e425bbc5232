/**
   @file double_mapping.h
   The runtime's executable allocator with W^X on: one file, every block mapped from it, and a
   second, writable view of what is being written. Strategies that differ in how they release share
   all the rest.

   One lock is held over each verb but commit, system calls included, as in the runtime.
*/
#ifndef WX_STRATEGY_DOUBLE_MAPPING_H
#define WX_STRATEGY_DOUBLE_MAPPING_H

#include "strategy/blocks.h"
#include "strategy/free_list.h"
#include "strategy/pal_pool.h"
#include "strategy/views.h"

#include <pthread.h>

typedef struct {
  WxAllocator allocator; ///< First: a WxAllocator is cast to its owner.
  WxStrategyOptions options;
  pthread_mutex_t lock; ///< Guards what follows.
  int fd;
  uint64_t next_offset; ///< Where the next new block lies in the file; only ever rises.
  WxPool pool;
  WxBlocks blocks; ///< The list of live (RX) blocks.
  WxFreeList released;
  WxViews views;
} WxDoubleMapping;

/// How the pages of a block are given back. Called with the lock held and no view left; -errno
/// leaves the block live.
typedef int WxGiveBack(WxDoubleMapping *self, WxBlock *block);

int wx_double_mapping_open(const WxStrategy *strategy, const WxStrategyOptions *options,
                           WxAllocator **opened);
int wx_double_mapping_reserve(WxAllocator *allocator, size_t size, WxRange within, void **base);
int wx_double_mapping_commit(WxAllocator *allocator, void *start, size_t size, bool executable);
int wx_double_mapping_map_rw(WxAllocator *allocator, void *start, size_t size, bool cacheable,
                             void **view);
int wx_double_mapping_unmap_rw(WxAllocator *allocator, void *alias);
bool wx_double_mapping_owns(WxAllocator *allocator, uintptr_t address);
int wx_double_mapping_close(WxAllocator *allocator);

/// The verb release with `give_back` in its middle.
int wx_double_mapping_release(WxAllocator *allocator, void *base, WxGiveBack *give_back);

/// What the runtime does: maps the whole block writable in its place, fills it with zeros, unmaps
/// it. The pages stay in the file, and those that had never been touched are allocated by the fill.
int wx_give_back_by_zeroing(WxDoubleMapping *self, WxBlock *block);

#endif
