#include "strategy/free_list.h"

// 29 bits of 4 KiB units (2 TiB) above 35 bits of turn.
enum { UNIT = 4096, TURN_BITS = 35 };

static const uint64_t last_turn = (UINT64_C(1) << TURN_BITS) - 1;

static uint64_t size_key(size_t size) {
  return (uint64_t)(size / UNIT) << TURN_BITS;
}

static WxBlock *take(WxFreeList *list, WxBlock *block) {
  wx_ranked_remove(&list->by_size, &block->by_place);
  wx_ranked_remove(&list->by_turn, &block->by_turn);
  return block;
}

void wx_free_list_push(WxFreeList *list, WxBlock *block) {
  const uint64_t turn = last_turn - ++list->turns;
  wx_ranked_insert(&list->by_size, &block->by_place, size_key(block->size) | turn);
  wx_ranked_insert(&list->by_turn, &block->by_turn, turn);
}

WxBlock *wx_free_list_take(WxFreeList *list, size_t size, size_t *visited) {
  WxBlock *block = (WxBlock *)wx_ranked_ceiling(&list->by_size, size_key(size));
  if (!block || block->size != size) {
    *visited = wx_ranked_count(&list->by_turn);
    return NULL;
  }
  *visited = wx_ranked_before(&list->by_turn, block->by_turn.key) + 1;
  return take(list, block);
}

WxBlock *wx_free_list_pop(WxFreeList *list) {
  WxBlock *block = (WxBlock *)wx_ranked_ceiling(&list->by_size, 0);
  return block ? take(list, block) : NULL;
}
