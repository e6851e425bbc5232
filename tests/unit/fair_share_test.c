// Whose turn it is: users share the time, their processes and files take turns.
#include "reclaim/fair_share.h"
#include "support/suite.h"

#include <stdlib.h>

enum { MANY = 600, HOSTILE = 1001, VICTIM = 1002, THIRD = 1003 };

static WxShares shares;
static WxFairQueue turns;

static void begin(void) {
  wx_shares_free(&shares);
  wx_fair_queue_free(&turns);
}

static void end(void) {
  wx_fair_queue_free(&turns);
  wx_shares_free(&shares);
}

static void add(uint32_t user, pid_t pid, uint64_t served, size_t index) {
  ck_assert_int_eq(wx_fair_queue_add(&turns, user, pid, served, index), 0);
}

static void start(void) {
  ck_assert_int_eq(wx_fair_queue_begin(&turns, &shares), 0);
}

// The next one, which takes so long.
static size_t next(uint32_t user, uint64_t took_ns) {
  size_t index = SIZE_MAX;
  ck_assert(wx_fair_queue_next(&turns, &shares, &index));
  ck_assert_int_eq(wx_shares_charge(&shares, user, took_ns), 0);
  return index;
}

START_TEST(user_with_hundreds_of_files_does_not_keep_another_one_waiting) {
  begin();
  for (size_t i = 0; i < MANY; ++i)
    add(HOSTILE, 100 + (pid_t)i, 0, i);
  add(VICTIM, 5000, 0, MANY);
  start();
  size_t before = 0;
  for (size_t index = 0; index != MANY; ++before) {
    ck_assert(wx_fair_queue_next(&turns, &shares, &index));
    ck_assert_int_eq(wx_shares_charge(&shares, index == MANY ? VICTIM : HOSTILE, 1000), 0);
  }
  ck_assert_uint_le(before, 2);
  end();
}
END_TEST

START_TEST(who_has_had_less_time_comes_next) {
  begin();
  for (size_t i = 0; i < 4; ++i) {
    add(HOSTILE, 1, 0, i);
    add(VICTIM, 2, 0, 10 + i);
  }
  start();
  // One turn of the first takes as long as three of the second.
  const size_t expected[] = {0, 10, 11, 12, 1, 13, 2, 3};
  for (size_t i = 0; i < sizeof expected / sizeof *expected; ++i)
    ck_assert_uint_eq(next(expected[i] < 10 ? HOSTILE : VICTIM, expected[i] < 10 ? 300 : 100),
                      expected[i]);
  size_t index;
  ck_assert(!wx_fair_queue_next(&turns, &shares, &index));
  end();
}
END_TEST

START_TEST(process_with_many_files_does_not_keep_another_of_its_user_waiting) {
  begin();
  for (size_t i = 0; i < MANY; ++i)
    add(VICTIM, 7, i + 1, i); // Each was served before, the other one later than all.
  add(VICTIM, 8, MANY + 1, MANY);
  start();
  ck_assert_uint_eq(next(VICTIM, 1), 0);
  ck_assert_uint_eq(next(VICTIM, 1), MANY);
  ck_assert_uint_eq(next(VICTIM, 1), 1);
  end();
}
END_TEST

START_TEST(who_was_served_longest_ago_comes_first) {
  begin();
  add(VICTIM, 1, 30, 1);
  add(VICTIM, 2, 10, 2);
  add(VICTIM, 3, 0, 3);
  add(VICTIM, 4, 20, 4);
  start();
  const size_t expected[] = {3, 2, 4, 1};
  for (size_t i = 0; i < 4; ++i)
    ck_assert_uint_eq(next(VICTIM, 5), expected[i]);
  end();
}
END_TEST

// A turn of `user` alone.
static void alone(uint32_t user, uint64_t took_ns) {
  wx_fair_queue_clear(&turns);
  add(user, 1, 0, 0);
  start();
  (void)next(user, took_ns);
}

START_TEST(who_wanted_nothing_meanwhile_has_saved_nothing_up) {
  begin();
  alone(VICTIM, 10);
  for (int i = 0; i < 1000; ++i)
    alone(HOSTILE, 1000);
  // Had it a credit of a million, it would come a thousand times before the other one.
  wx_fair_queue_clear(&turns);
  for (size_t i = 0; i < 8; ++i) {
    add(VICTIM, 1, 0, i);
    add(HOSTILE, 2, 0, 10 + i);
  }
  start();
  size_t of_victim = 0;
  for (size_t i = 0; i < 6; ++i) {
    size_t index;
    ck_assert(wx_fair_queue_next(&turns, &shares, &index));
    of_victim += index < 10;
    ck_assert_int_eq(wx_shares_charge(&shares, index < 10 ? VICTIM : HOSTILE, 1000), 0);
  }
  ck_assert_uint_ge(of_victim, 3);
  ck_assert_uint_le(of_victim, 4);
  end();
}
END_TEST

START_TEST(who_was_served_while_nobody_else_wanted_to_be_owes_nothing) {
  begin();
  alone(VICTIM, 100000000);
  alone(VICTIM, 1);
  wx_fair_queue_clear(&turns);
  add(VICTIM, 1, 0, 0);
  add(VICTIM, 1, 0, 1);
  add(THIRD, 2, 0, 10);
  add(THIRD, 2, 0, 11);
  start();
  size_t first_two[2];
  for (size_t i = 0; i < 2; ++i) {
    ck_assert(wx_fair_queue_next(&turns, &shares, &first_two[i]));
    ck_assert_int_eq(wx_shares_charge(&shares, first_two[i] < 10 ? VICTIM : THIRD, 10), 0);
  }
  ck_assert(first_two[0] < 10 || first_two[1] < 10);
  end();
}
END_TEST

START_TEST(time_that_was_taken_from_one_who_waits_is_owed) {
  begin();
  for (size_t i = 0; i < 3; ++i) {
    add(HOSTILE, 1, 0, i);
    add(VICTIM, 2, 0, 10 + i);
  }
  start();
  ck_assert_uint_eq(next(HOSTILE, 1000000), 0);
  // The cycle is over; the next one begins with what was left.
  wx_shares_tidy(&shares);
  wx_fair_queue_clear(&turns);
  add(HOSTILE, 1, 0, 1);
  add(HOSTILE, 1, 0, 2);
  for (size_t i = 0; i < 3; ++i)
    add(VICTIM, 2, 0, 10 + i);
  start();
  for (size_t i = 0; i < 3; ++i)
    ck_assert_uint_eq(next(VICTIM, 1000), 10 + i);
  ck_assert_uint_eq(next(HOSTILE, 1000), 1);
  end();
}
END_TEST

START_TEST(users_without_number_are_forgotten_but_for_those_who_had_most) {
  begin();
  alone(HOSTILE, 1000000);
  for (uint32_t user = 0; user < 1000; ++user) {
    alone(user, 5 + user);
    wx_shares_tidy(&shares);
  }
  ck_assert_uint_le(shares.count, 512);
  ck_assert_uint_eq(wx_shares_of(&shares, HOSTILE)->spent_ns, 1000000);
  ck_assert_uint_lt(wx_shares_of(&shares, VICTIM)->spent_ns, 1000000);
  end();
}
END_TEST

START_TEST(a_new_user_has_no_start_on_the_others) {
  begin();
  shares.clock_ns = 1000;
  ck_assert_uint_eq(wx_shares_of(&shares, VICTIM)->spent_ns, 1000);
  end();
}
END_TEST

START_TEST(nobody_has_no_turn) {
  begin();
  start();
  size_t index;
  ck_assert(!wx_fair_queue_next(&turns, &shares, &index));
  end();
}
END_TEST

WX_TEST_MAIN("fair_share", a_new_user_has_no_start_on_the_others,
             user_with_hundreds_of_files_does_not_keep_another_one_waiting,
             who_has_had_less_time_comes_next,
             process_with_many_files_does_not_keep_another_of_its_user_waiting,
             who_was_served_longest_ago_comes_first,
             who_wanted_nothing_meanwhile_has_saved_nothing_up,
             who_was_served_while_nobody_else_wanted_to_be_owes_nothing,
             time_that_was_taken_from_one_who_waits_is_owed,
             users_without_number_are_forgotten_but_for_those_who_had_most, nobody_has_no_turn)
