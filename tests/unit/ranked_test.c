// The ordered set agrees with a sorted array.
#include "strategy/ranked.h"
#include "support/suite.h"

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

WX_TEST_MAIN("ranked", every_answer_agrees_with_a_linear_search)
