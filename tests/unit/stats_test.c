// Order statistics, intervals and tests against values worked out by hand.
#include "stats/interval.h"
#include "stats/paired.h"
#include "stats/summary.h"
#include "stats/turns.h"
#include "support/suite.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>

START_TEST(quantiles_lie_between_neighbours) {
  const double four[] = {1, 2, 3, 4};
  ck_assert_double_eq(wx_quantile(four, 4, 0), 1);
  ck_assert_double_eq(wx_quantile(four, 4, 0.5), 2.5);
  ck_assert_double_eq(wx_quantile(four, 4, 1), 4);
  ck_assert_double_eq(wx_quantile(four, 1, 0.95), 1);
  ck_assert(isnan(wx_quantile(four, 0, 0.5)));
  ck_assert(isnan(wx_quantile(four, 4, 1.5)));
  ck_assert(isnan(wx_quantile(four, 4, NAN)));
}
END_TEST

START_TEST(nothing_and_not_a_number_have_no_interval) {
  const double values[] = {1, NAN};
  WxInterval interval;
  ck_assert_int_eq(wx_interval_median(values, 0, 1, &interval), -EINVAL);
  ck_assert_int_eq(wx_interval_median(values, 2, 1, &interval), -EINVAL);
  const double base[] = {1, 0};
  ck_assert_int_eq(wx_interval_ratio(base, base, 2, 1, &interval), -EINVAL);
  ck_assert_int_eq(wx_interval_ratio(base, base, 0, 1, &interval), -EINVAL);
}
END_TEST

START_TEST(the_interval_of_a_median_is_that_of_order_statistics) {
  // For 101 values the binomial interval of the median reaches from the 41st to the 61st.
  double values[101];
  for (int i = 0; i < 101; ++i)
    values[i] = i + 1;
  WxInterval interval;
  ck_assert_int_eq(wx_interval_median(values, 101, 42, &interval), 0);
  ck_assert_double_eq(interval.median, 51);
  ck_assert_double_eq_tol(interval.low, 41, 2);
  ck_assert_double_eq_tol(interval.high, 61, 2);
  ck_assert_uint_eq(interval.n, 101);
}
END_TEST

START_TEST(the_same_seed_gives_the_same_interval) {
  const double values[] = {5, 3, 8, 1, 9, 2, 7};
  WxInterval one, other;
  ck_assert_int_eq(wx_interval_median(values, 7, 7, &one), 0);
  ck_assert_int_eq(wx_interval_median(values, 7, 7, &other), 0);
  ck_assert_double_eq(one.low, other.low);
  ck_assert_double_eq(one.high, other.high);
}
END_TEST

// A reproducible number in [0, 1).
static double next_random(uint64_t *state) {
  *state = *state * 6364136223846793005U + 1442695040888963407U;
  return (double)(*state >> 11) / 9007199254740992.0;
}

START_TEST(intervals_cover_the_truth_nineteen_times_in_twenty) {
  enum { TRIALS = 200, VALUES = 25 };
  uint64_t state = 1;
  int covered = 0;
  for (int trial = 0; trial < TRIALS; ++trial) {
    double values[VALUES];
    for (int i = 0; i < VALUES; ++i)
      values[i] = next_random(&state);
    WxInterval interval;
    ck_assert_int_eq(wx_interval_median(values, VALUES, (uint64_t)trial, &interval), 0);
    covered += interval.low <= 0.5 && interval.high >= 0.5;
  }
  ck_assert_int_ge(covered, 182);
  ck_assert_int_le(covered, 199);
}
END_TEST

START_TEST(paired_ratios_cancel_what_both_sides_share) {
  // The machine gets ten times slower half way; the second operation always takes 1.2 x the first.
  double base[30], values[30];
  for (int i = 0; i < 30; ++i) {
    base[i] = (i < 15 ? 100 : 1000) + i % 3;
    values[i] = 1.2 * base[i];
  }
  WxInterval ratio;
  ck_assert_int_eq(wx_interval_ratio(base, values, 30, 1, &ratio), 0);
  ck_assert_double_eq_tol(ratio.median, 1.2, 1e-9);
  ck_assert_double_eq_tol(ratio.low, 1.2, 1e-9);
  ck_assert_double_eq_tol(ratio.high, 1.2, 1e-9);
}
END_TEST

START_TEST(a_difference_must_exceed_the_noise_and_the_threshold) {
  const WxInterval same = {1.01, 0.98, 1.05, 30};
  const double noise = wx_interval_noise(&same);
  ck_assert_double_eq_tol(noise, 0.05, 1e-9);
  const WxInterval below = {0.99, 0.92, 1.02, 30};
  ck_assert_double_eq_tol(wx_interval_noise(&below), 0.08, 1e-9);
  const WxInterval slower = {1.2, 1.1, 1.3, 30}, faster = {0.8, 0.7, 0.9, 30};
  ck_assert_int_eq(wx_interval_difference(&slower, noise, 0.1), WX_HIGHER);
  ck_assert_int_eq(wx_interval_difference(&faster, noise, 0.1), WX_LOWER);
  ck_assert_int_eq(wx_interval_difference(&slower, noise, 0.25), WX_NO_DIFFERENCE);
  ck_assert_int_eq(wx_interval_difference(&slower, 0.3, 0.1), WX_NO_DIFFERENCE);
  const WxInterval unsure = {1.2, 0.9, 1.5, 30};
  ck_assert_int_eq(wx_interval_difference(&unsure, noise, 0.1), WX_NO_DIFFERENCE);
}
END_TEST

enum { MOST = 8 };

// How often each of `count` stood at each place, and followed each other, in so many rounds.
typedef struct {
  size_t stood[MOST][MOST];
  size_t followed[MOST][MOST];
} Turns;

static Turns take_turns(size_t count, size_t rounds) {
  Turns turns = {0};
  for (size_t round = 0; round < rounds; ++round)
    for (size_t place = 0; place < count; ++place) {
      const size_t who = wx_turn(count, round, place);
      ck_assert_uint_lt(who, count);
      ++turns.stood[who][place];
      if (place > 0)
        ++turns.followed[wx_turn(count, round, place - 1)][who];
    }
  return turns;
}

START_TEST(each_stands_at_each_place_and_follows_each_other_equally_often) {
  for (size_t count = 1; count <= MOST; ++count) {
    const size_t square = count % 2 ? 2 * count : count;
    const Turns turns = take_turns(count, square);
    for (size_t one = 0; one < count; ++one)
      for (size_t other = 0; other < count; ++other) {
        ck_assert_uint_eq(turns.stood[one][other], square / count);
        ck_assert_uint_eq(turns.followed[one][other], one == other ? 0 : square / count);
      }
  }
}
END_TEST

START_TEST(each_stands_at_each_place_equally_often_in_any_number_of_whole_squares) {
  for (size_t count = 1; count <= MOST; ++count)
    for (size_t wanted = 1; wanted < 30; ++wanted) {
      const size_t rounds = wx_turns_rounds(count, wanted);
      ck_assert_uint_ge(rounds, wanted);
      ck_assert_uint_lt(rounds, wanted + count);
      const Turns turns = take_turns(count, rounds);
      for (size_t one = 0; one < count; ++one)
        for (size_t place = 0; place < count; ++place)
          ck_assert_uint_eq(turns.stood[one][place], rounds / count);
    }
}
END_TEST

START_TEST(a_pair_is_compared_round_by_round_beside_the_noise) {
  enum { ROUNDS = 9 };
  double base[ROUNDS], again[ROUNDS], twice[ROUNDS];
  for (size_t i = 0; i < ROUNDS; ++i) { // Ever slower, as under a load that grows.
    base[i] = 1.0 + (double)i;
    again[i] = base[i] * 1.01;
    twice[i] = base[i] * 2;
  }
  WxPaired paired;
  ck_assert_int_eq(wx_paired_compare(base, again, twice, ROUNDS, &paired), 0);
  ck_assert_double_eq_tol(paired.ratio.median, 2, 1e-9);
  ck_assert_double_eq_tol(paired.ratio.low, 2, 1e-9);
  ck_assert_double_eq_tol(paired.noise, 0.01, 1e-9);
  ck_assert_double_eq_tol(paired.more_ms.median, 5000, 1e-6);
  ck_assert_double_eq_tol(paired.median.median, 10, 1e-9);
  base[4] = 0;
  ck_assert_int_eq(wx_paired_compare(base, again, twice, ROUNDS, &paired), -EINVAL);
}
END_TEST

WX_TEST_MAIN("stats", quantiles_lie_between_neighbours, nothing_and_not_a_number_have_no_interval,
             the_interval_of_a_median_is_that_of_order_statistics,
             the_same_seed_gives_the_same_interval,
             intervals_cover_the_truth_nineteen_times_in_twenty,
             paired_ratios_cancel_what_both_sides_share,
             a_difference_must_exceed_the_noise_and_the_threshold,
             each_stands_at_each_place_and_follows_each_other_equally_often,
             each_stands_at_each_place_equally_often_in_any_number_of_whole_squares,
             a_pair_is_compared_round_by_round_beside_the_noise)
