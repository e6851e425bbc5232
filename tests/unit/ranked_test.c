// The ordered set agrees with a sorted array, and stays flat.
#include "strategy/blocks.h"
#include "support/suite.h"

#include <stdio.h>
#include <stdlib.h>

enum { MEMBERS = 500, STEPS = 20000 };

static WxRankedNode nodes[MEMBERS];
static int present[MEMBERS]; // Member i has key 2 * i + 1.

static size_t count_before(uint64_t key) {
  size_t before = 0;
  for (size_t i = 0; i < MEMBERS; ++i)
    before += present[i] && 2 * i + 1 < key;
  return before;
}

static const WxRankedNode *naive_floor(uint64_t key) {
  const WxRankedNode *found = NULL;
  for (size_t i = 0; i < MEMBERS; ++i)
    if (present[i] && 2 * i + 1 <= key)
      found = &nodes[i];
  return found;
}

static const WxRankedNode *naive_ceiling(uint64_t key) {
  for (size_t i = 0; i < MEMBERS; ++i)
    if (present[i] && 2 * i + 1 >= key)
      return &nodes[i];
  return NULL;
}

START_TEST(every_answer_agrees_with_a_linear_search) {
  WxRanked set = {0};
  srandom(1);
  for (int step = 0; step < STEPS; ++step) {
    const size_t i = (size_t)random() % MEMBERS;
    if (present[i])
      wx_ranked_remove(&set, &nodes[i]);
    else
      wx_ranked_insert(&set, &nodes[i], 2 * i + 1);
    present[i] = !present[i];
    const uint64_t key = (uint64_t)random() % (2 * MEMBERS + 2);
    ck_assert_uint_eq(wx_ranked_before(&set, key), count_before(key));
    ck_assert_uint_eq(wx_ranked_count(&set), count_before(UINT64_MAX));
    ck_assert_ptr_eq(wx_ranked_floor(&set, key), naive_floor(key));
    ck_assert_ptr_eq(wx_ranked_ceiling(&set, key), naive_ceiling(key));
  }
}
END_TEST

// Nodes on the longest way down: what the most expensive operation visits.
static size_t depth(const WxRankedNode *node) {
  if (!node)
    return 0;
  const size_t left = depth(node->left);
  const size_t right = depth(node->right);
  return 1 + (left > right ? left : right);
}

static size_t doublings(size_t count) {
  size_t doubled = 0;
  for (; count > 1; count /= 2)
    ++doubled;
  return doubled;
}

// As an allocator that hands out rising addresses, whose list reorders itself at each write. A tree
// of random shape is about 2.5 to 3 times as deep as a perfect one.
START_TEST(no_operation_on_a_hundred_thousand_blocks_visits_many) {
  enum { MOST = 100000, GRANULE = 65536, TIMES_A_PERFECT_TREE = 4 };
  static const size_t counts[] = {8000, 16000, 32000, MOST};
  WxBlocks blocks = {0};
  WxBlock *all = calloc(MOST, sizeof *all);
  ck_assert_ptr_nonnull(all);
  size_t made = 0;
  srandom(1);
  for (size_t i = 0; i < sizeof counts / sizeof *counts; ++i) {
    for (; made < counts[i]; ++made) {
      all[made].size = GRANULE;
      wx_blocks_insert(&blocks, &all[made], (made + 1) * GRANULE);
    }
    for (size_t write = 0; write < made; ++write)
      wx_blocks_to_head(&blocks, &all[(size_t)random() % made]);
    const size_t by_place = depth(blocks.by_place.root);
    const size_t by_turn = depth(blocks.by_turn.root);
    printf("# %zu blocks: at most %zu nodes by place, %zu by turn\n", made, by_place, by_turn);
    ck_assert_uint_le(by_place, TIMES_A_PERFECT_TREE * doublings(made));
    ck_assert_uint_le(by_turn, TIMES_A_PERFECT_TREE * doublings(made));
  }
  free(all);
}
END_TEST

WX_TEST_MAIN("ranked", every_answer_agrees_with_a_linear_search,
             no_operation_on_a_hundred_thousand_blocks_visits_many)
