#include "strategy/blocks.h"

// Later turns come first in the list.
static uint64_t next_turn(WxBlocks *blocks) {
  return UINT64_MAX - ++blocks->turns;
}

static void link_at_head(WxBlocks *blocks, WxBlock *block) {
  wx_ranked_insert(&blocks->by_turn, &block->by_turn, next_turn(blocks));
  block->previous = NULL;
  block->next = blocks->head;
  if (block->next)
    block->next->previous = block;
  blocks->head = block;
}

static void unlink_from_list(WxBlocks *blocks, WxBlock *block) {
  wx_ranked_remove(&blocks->by_turn, &block->by_turn);
  if (block->next)
    block->next->previous = block->previous;
  if (block->previous)
    block->previous->next = block->next;
  else
    blocks->head = block->next;
}

void wx_blocks_insert(WxBlocks *blocks, WxBlock *block, uintptr_t base) {
  wx_ranked_insert(&blocks->by_place, &block->by_place, base);
  link_at_head(blocks, block);
}

void wx_blocks_remove(WxBlocks *blocks, WxBlock *block) {
  wx_ranked_remove(&blocks->by_place, &block->by_place);
  unlink_from_list(blocks, block);
}

void wx_blocks_to_head(WxBlocks *blocks, WxBlock *block) {
  if (blocks->head == block)
    return;
  unlink_from_list(blocks, block);
  link_at_head(blocks, block);
}

WxBlock *wx_blocks_containing(const WxBlocks *blocks, uintptr_t start, size_t size) {
  WxBlock *block = (WxBlock *)wx_ranked_floor(&blocks->by_place, start);
  if (!block)
    return NULL;
  const size_t at = start - wx_block_base(block);
  return at < block->size && size <= block->size - at ? block : NULL;
}

WxBlock *wx_blocks_at(const WxBlocks *blocks, uintptr_t base) {
  WxBlock *block = (WxBlock *)wx_ranked_floor(&blocks->by_place, base);
  return block && wx_block_base(block) == base ? block : NULL;
}

WxBlock *wx_blocks_any(const WxBlocks *blocks) {
  return blocks->head;
}

size_t wx_blocks_walk(const WxBlocks *blocks, const WxBlock *block) {
  return block ? wx_ranked_before(&blocks->by_turn, block->by_turn.key) + 1
               : wx_ranked_count(&blocks->by_turn);
}

void wx_blocks_pass(const WxBlocks *blocks, size_t count) {
  const WxBlock *volatile at = blocks->head; // Volatile: the loads are the purpose.
  while (count-- && at)
    at = at->next;
}

size_t wx_blocks_below(const WxBlocks *blocks, uintptr_t base) {
  return wx_ranked_before(&blocks->by_place, base);
}
