/**
   @file ranked.h
   An ordered set that knows ranks: who has the next key, and how many keys come before.

   The runtime's allocator keeps linear lists and walks them. This set says how long each walk would
   be, and finds what the walk would find, in logarithmic time, so that the harness does not become
   quadratic where the runtime does. (No library of Debian offers order statistics to C.) Intrusive:
   a node is part of its owner, nothing is allocated. Not thread-safe.
*/
#ifndef WX_STRATEGY_RANKED_H
#define WX_STRATEGY_RANKED_H

#include <stddef.h>
#include <stdint.h>

/// A member. The owner sets nothing; fields belong to the set.
typedef struct WxRankedNode {
  uint64_t key;
  uint64_t priority;
  size_t size; ///< Members of the subtree.
  struct WxRankedNode *left;
  struct WxRankedNode *right;
} WxRankedNode;

/// The set; {0} is empty.
typedef struct {
  WxRankedNode *root;
} WxRanked;

/// Adds `node` under `key`, which must not be in the set.
void wx_ranked_insert(WxRanked *set, WxRankedNode *node, uint64_t key);

/// Takes `node`, a member, out.
void wx_ranked_remove(WxRanked *set, WxRankedNode *node);

/// The member with the largest key <= `key`, or NULL.
WxRankedNode *wx_ranked_floor(const WxRanked *set, uint64_t key);

/// The member with the smallest key >= `key`, or NULL.
WxRankedNode *wx_ranked_ceiling(const WxRanked *set, uint64_t key);

/// How many members have a key < `key`.
size_t wx_ranked_before(const WxRanked *set, uint64_t key);

/// How many members there are.
size_t wx_ranked_count(const WxRanked *set);

#endif
