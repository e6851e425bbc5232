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
  int reserved; ///< How a block is mapped before it is committed: PROT_NONE, as in the runtime.
  uint64_t next_offset; ///< Where the next new block lies in the file; only ever rises.
  WxPool pool;
  WxBlocks blocks; ///< The list of live (RX) blocks.
  WxFreeList released;
  uint64_t kept; ///< Bytes of those whose pages were kept on purpose: WxBlock.kept.
  WxSpans parts; ///< Released ones in place of those where the strategy has WX_FITS_BEST.
  uint64_t top;  ///< Where the part of the file that was not yet used ends.
  WxViews views;
  WxRanked aliases; ///< Of the blocks that have one: WxBlock.by_alias.
} WxDoubleMapping;

/// How the pages of a block are given back. Called with the lock held and no view left; -errno
/// leaves the block live.
typedef int WxGiveBack(WxDoubleMapping *self, WxBlock *block);

/// As the runtime: where the file cannot be made, `coreclr-off` is opened.
int wx_double_mapping_open(const WxStrategy *strategy, const WxStrategyOptions *options,
                           WxAllocator **opened);

/// Where the file cannot be made, fails. The state has `size` bytes and begins with a
/// WxDoubleMapping; the rest is zero.
int wx_double_mapping_open_sized(const WxStrategy *strategy, const WxStrategyOptions *options,
                                 size_t size, WxAllocator **opened);
int wx_double_mapping_reserve(WxAllocator *allocator, size_t size, WxRange within, void **base);
int wx_double_mapping_commit(WxAllocator *allocator, void *start, size_t size, bool executable);
int wx_double_mapping_map_rw(WxAllocator *allocator, void *start, size_t size, bool cacheable,
                             void **view);
int wx_double_mapping_unmap_rw(WxAllocator *allocator, void *alias);
bool wx_double_mapping_owns(WxAllocator *allocator, uintptr_t address);
int wx_double_mapping_close(WxAllocator *allocator);

/// The verb release with `give_back` in its middle.
int wx_double_mapping_release(WxAllocator *allocator, void *base, WxGiveBack *give_back);

/// The block whose alias contains `address`, or NULL. With the lock held.
WxBlock *wx_double_mapping_alias(const WxDoubleMapping *self, uintptr_t address);

/// Unmaps the alias of `block`, if it has one. With the lock held.
int wx_double_mapping_drop_alias(WxDoubleMapping *self, WxBlock *block);

#endif
