// Durations: what is added comes back within the width of a bin, and the interval is that of ranks.
#include "stats/durations.h"
#include "support/suite.h"

#include <stdlib.h>

START_TEST(none_have_no_median) {
  const WxDurations none = {0};
  const WxOperationTime time = wx_durations_median(&none, "reserve");
  ck_assert_str_eq(time.operation, "reserve");
  ck_assert_int_eq(time.n, 0);
  ck_assert(!wx_known(time.median) && !wx_known(time.ci_low) && !wx_known(time.ci_high));
}
END_TEST

START_TEST(a_figure_of_any_size_comes_back_within_a_bin) {
  for (uint64_t ns = 1; ns < (uint64_t)1 << WX_DURATION_OCTAVES; ns += ns / 7 + 1) {
    WxDurations durations = {0};
    wx_durations_add(&durations, ns);
    const WxOperationTime time = wx_durations_median(&durations, "commit");
    ck_assert_int_eq(time.n, 1);
    ck_assert_int_le(llabs((long long)(time.median - (WxFigure)ns)), (long long)(ns / 31));
    ck_assert(!wx_known(time.ci_low));
  }
}
END_TEST

START_TEST(what_is_too_long_is_the_longest) {
  WxDurations durations = {0};
  wx_durations_add(&durations, UINT64_MAX);
  ck_assert_int_ge(wx_durations_median(&durations, "release").median, (WxFigure)1 << 39);
}
END_TEST

// Of 1 to 15, each in a bin of its own: ranks (15 -+ 1.96 sqrt 15) / 2 are 3 and 13.
START_TEST(the_interval_is_that_of_ranks) {
  WxDurations durations = {0};
  for (uint64_t ns = 15; ns >= 1; --ns)
    wx_durations_add(&durations, ns);
  const WxOperationTime time = wx_durations_median(&durations, "map_rw");
  ck_assert_int_eq(time.n, 15);
  ck_assert_int_eq(time.median, 8);
  ck_assert_int_eq(time.ci_low, 3);
  ck_assert_int_eq(time.ci_high, 13);
}
END_TEST

START_TEST(a_few_that_are_slow_do_not_move_it) {
  WxDurations durations = {0};
  for (int i = 0; i < 1000; ++i)
    wx_durations_add(&durations, i % 100 ? 10 : 1000000);
  const WxOperationTime time = wx_durations_median(&durations, "unmap_rw");
  ck_assert_int_eq(time.median, 10);
  ck_assert_int_eq(time.ci_low, 10);
  ck_assert_int_eq(time.ci_high, 10);
}
END_TEST

START_TEST(from_six_on_there_is_an_interval) {
  WxDurations durations = {0};
  for (int n = 1; n <= 6; ++n) {
    wx_durations_add(&durations, 10);
    ck_assert_int_eq(wx_known(wx_durations_median(&durations, "commit").ci_low), n == 6);
  }
}
END_TEST

WX_TEST_MAIN("durations", none_have_no_median, a_figure_of_any_size_comes_back_within_a_bin,
             what_is_too_long_is_the_longest, the_interval_is_that_of_ranks,
             a_few_that_are_slow_do_not_move_it, from_six_on_there_is_an_interval)
