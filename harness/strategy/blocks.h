/**
   @file blocks.h
   The live blocks of a strategy, found by address, and in the order of a list that the imitated
   runtime walks.

   Not thread-safe. Nothing here makes a system call.
*/
#ifndef WX_STRATEGY_BLOCKS_H
#define WX_STRATEGY_BLOCKS_H

#include "strategy/ranked.h"
#include "strategy/spans.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// What one reserve returned. `by_place` must come first.
typedef struct WxBlock {
  WxRankedNode by_place; ///< Key: the base address.
  WxRankedNode by_turn;  ///< Key: position in the imitated list, smallest at its head.
  struct WxBlock *previous;
  struct WxBlock *next;
  size_t size;               ///< Bytes.
  uint64_t offset;           ///< In the file behind the block, if there is one.
  WxRankedNode by_alias;     ///< Key: a writable view of the whole block, 0 where there is none.
  struct WxPageState *pages; ///< One a page where the strategy keeps them, else NULL; of the block.
  WxSpan *part;  ///< To hold its place in the file when it is free, or NULL; of the block.
  bool has_data; ///< Of a strategy that maps code before it is committed: data was committed.
  bool kept;     ///< Of one that is free: its pages are there, zero, and counted.
  bool unmapped; ///< A release got as far as the munmap and failed after it.
} WxBlock;

/// Live blocks; {0} is empty.
typedef struct {
  WxRanked by_place;
  WxRanked by_turn;
  WxBlock *head;  ///< Of the imitated list.
  uint64_t turns; ///< Insertions at the head so far.
} WxBlocks;

static inline uintptr_t wx_block_base(const WxBlock *block) {
  return (uintptr_t)block->by_place.key;
}

/// Inserts `block`, whose size is set, at `base` and at the head of the list.
void wx_blocks_insert(WxBlocks *blocks, WxBlock *block, uintptr_t base);

/// Takes a member out; it stays its owner's.
void wx_blocks_remove(WxBlocks *blocks, WxBlock *block);

/// Moves a member to the head of the list.
void wx_blocks_to_head(WxBlocks *blocks, WxBlock *block);

/// The block that contains all of [start, start + size), or NULL.
WxBlock *wx_blocks_containing(const WxBlocks *blocks, uintptr_t start, size_t size);

/// The block that starts at `base`, or NULL.
WxBlock *wx_blocks_at(const WxBlocks *blocks, uintptr_t base);

/// Some block, NULL where there is none.
WxBlock *wx_blocks_any(const WxBlocks *blocks);

/// How many list nodes a walk from the head visits until it stands on `block`; with NULL: all of
/// them.
size_t wx_blocks_walk(const WxBlocks *blocks, const WxBlock *block);

/// Passes `count` list nodes from the head, for the time that it takes.
void wx_blocks_pass(const WxBlocks *blocks, size_t count);

/// How many blocks lie below `base`: the length of a walk through a list sorted by address.
size_t wx_blocks_below(const WxBlocks *blocks, uintptr_t base);

#endif
