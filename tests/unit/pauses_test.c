// How long pauses were, and how long the next one may be.
#include "reclaim/freezer.h"
#include "reclaim/pauses.h"
#include "support/suite.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void is_near(uint64_t actual, uint64_t expected) {
  ck_assert_uint_ge(actual, expected - expected / 50);
  ck_assert_uint_le(actual, expected + expected / 50);
}

START_TEST(quantiles_of_pauses_are_exact_to_two_percent) {
  WxPauseLog *log = calloc(1, sizeof *log);
  for (uint64_t i = 1; i <= 1000; ++i)
    wx_pauses_add(log, i * 1777);
  const WxPauses summary = wx_pauses_summary(log);
  ck_assert_uint_eq(summary.count, 1000);
  ck_assert_uint_eq(summary.max_ns, 1000 * 1777);
  ck_assert_uint_eq(summary.total_ns, 1777ULL * 1000 * 1001 / 2);
  is_near(summary.p50_ns, 500 * 1777);
  is_near(summary.p99_ns, 990 * 1777);
  free(log);
}
END_TEST

START_TEST(extreme_pauses_have_a_class) {
  WxPauseLog *log = calloc(1, sizeof *log);
  wx_pauses_add(log, 0);
  wx_pauses_add(log, UINT64_MAX / 4);
  const WxPauses summary = wx_pauses_summary(log);
  ck_assert_uint_eq(summary.p50_ns, 0);
  ck_assert_uint_eq(summary.max_ns, UINT64_MAX / 4);
  free(log);
}
END_TEST

START_TEST(merged_logs_are_as_one) {
  WxPauseLog *logs = calloc(3, sizeof *logs);
  for (uint64_t i = 0; i < 100; ++i) {
    wx_pauses_add(&logs[i % 2], i * i);
    wx_pauses_add(&logs[2], i * i);
  }
  wx_pauses_merge(&logs[0], &logs[1]);
  ck_assert_int_eq(memcmp(&logs[0], &logs[2], sizeof *logs), 0);
  const WxPauses none = wx_pauses_summary(&logs[0]);
  ck_assert_uint_eq(none.count, 100);
  free(logs);
}
END_TEST

START_TEST(work_ends_before_the_budget_does) {
  for (uint64_t budget = 100000; budget <= 1000000000; budget *= 10)
    for (uint64_t thaw = 0; thaw < 2 * budget; thaw += budget / 100 + 1) {
      const WxPausePlan plan = {.freeze_ns = budget / 8, .thaw_ns = thaw, .page_ns = 1000};
      ck_assert_uint_gt(wx_pause_work_limit(&plan, budget), wx_pause_freeze_limit(budget));
      ck_assert_uint_lt(wx_pause_work_limit(&plan, budget), budget);
      // Thawing in time goes before working on, down to what makes a pause worth it.
      const uint64_t least = wx_pause_freeze_limit(budget) + budget / 40;
      ck_assert(wx_pause_work_limit(&plan, budget) == least ||
                wx_pause_work_limit(&plan, budget) + thaw == budget * 3 / 4);
      ck_assert_uint_ge(wx_pause_pages(&plan, budget), 1);
    }
}
END_TEST

START_TEST(more_pages_are_at_hand_than_are_expected_to_fit) {
  for (uint64_t freeze = 0; freeze < 4000000; freeze += 100000) {
    const WxPausePlan plan = {.freeze_ns = freeze, .thaw_ns = 100000, .page_ns = 1000};
    const uint64_t most = wx_pause_most_pages(&plan, WX_RECLAIM_PAUSE_NS);
    ck_assert_uint_eq(most, 1451);
    ck_assert_uint_le(wx_pause_pages(&plan, WX_RECLAIM_PAUSE_NS), most);
  }
}
END_TEST

START_TEST(longer_measurements_count_at_once_and_shorter_ones_slowly) {
  uint64_t estimate = 1000;
  wx_pause_learn(&estimate, 5000);
  ck_assert_uint_eq(estimate, 5000);
  wx_pause_learn(&estimate, 1000);
  ck_assert_uint_eq(estimate, 4000);
}
END_TEST

WX_TEST_MAIN("pauses", quantiles_of_pauses_are_exact_to_two_percent, extreme_pauses_have_a_class,
             merged_logs_are_as_one, work_ends_before_the_budget_does,
             more_pages_are_at_hand_than_are_expected_to_fit,
             longer_measurements_count_at_once_and_shorter_ones_slowly)
