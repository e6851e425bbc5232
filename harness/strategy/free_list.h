/**
   @file free_list.h
   The runtime's list of released blocks: newest first, reused only for a request of exactly the
   same size; never split, merged or trimmed.
*/
#ifndef WX_STRATEGY_FREE_LIST_H
#define WX_STRATEGY_FREE_LIST_H

#include "strategy/blocks.h"

/// {0} is empty.
typedef struct {
  WxRanked by_size; ///< Key: size in units of 4 KiB, then newest first.
  WxRanked by_turn; ///< Key: position in the list.
  uint64_t turns;
} WxFreeList;

/// Puts a block that is in no other container at the head.
void wx_free_list_push(WxFreeList *list, WxBlock *block);

/// Takes the first block of exactly `size` bytes out, or returns NULL. `*visited` is the number of
/// nodes that a walk visits.
WxBlock *wx_free_list_take(WxFreeList *list, size_t size, size_t *visited);

/// Takes some block out, NULL where there is none.
WxBlock *wx_free_list_pop(WxFreeList *list);

#endif
