// The smallest value at which something holds: found exactly, with few tries, and tried again.
#include "stats/threshold.h"
#include "support/suite.h"

enum { STEP = 10, MOST = 1000000, LOG_2_OF_ALL = 20 };

// Holds from `from` on, but for the tries whose numbers are in `fails_at`.
typedef struct {
  uint64_t from;
  unsigned tries;
  unsigned fails_at;
  int stop_at;
  uint64_t last;
} Subject;

static int try_value(void *context, uint64_t value, bool *holds) {
  Subject *subject = context;
  ++subject->tries;
  subject->last = value;
  ck_assert_uint_eq(value % STEP, 0);
  ck_assert_uint_ge(value, STEP);
  ck_assert_uint_le(value, MOST);
  *holds = value >= subject->from && subject->tries != subject->fails_at;
  return subject->stop_at && subject->tries == (unsigned)subject->stop_at ? 7 : 0;
}

static WxThreshold find(Subject *subject, uint64_t guess, unsigned times, int expected) {
  const WxThresholdOrder order = {.step = STEP,
                                  .guess = guess,
                                  .most = MOST,
                                  .times = times,
                                  .try = try_value,
                                  .context = subject};
  WxThreshold threshold;
  ck_assert_int_eq(wx_threshold_find(&order, &threshold), expected);
  return threshold;
}

START_TEST(the_smallest_value_is_found_from_any_guess) {
  static const uint64_t froms[] = {1, 10, 11, 95, 100, 101, 5000, 99999, 999990, 999995};
  static const uint64_t guesses[] = {0, 1, 10, 100, 5000, 700000, MOST, UINT64_MAX};
  for (size_t f = 0; f < sizeof froms / sizeof *froms; ++f)
    for (size_t g = 0; g < sizeof guesses / sizeof *guesses; ++g) {
      Subject subject = {.from = froms[f]};
      const WxThreshold threshold = find(&subject, guesses[g], 1, 0);
      const uint64_t wanted = (froms[f] + STEP - 1) / STEP * STEP;
      ck_assert(threshold.found);
      ck_assert_uint_eq(threshold.holds, wanted);
      ck_assert_uint_eq(threshold.fails, wanted - STEP);
      ck_assert_uint_le(subject.tries, 3 * LOG_2_OF_ALL);
    }
}
END_TEST

START_TEST(it_is_tried_again_at_the_value_found) {
  Subject subject = {.from = 500};
  (void)find(&subject, 1000, 1, 0);
  const unsigned once = subject.tries;
  subject = (Subject){.from = 500};
  const WxThreshold threshold = find(&subject, 1000, 3, 0);
  ck_assert_uint_eq(subject.tries, once + 2);
  ck_assert_uint_eq(subject.last, 500);
  ck_assert_uint_eq(threshold.holds, 500);
}
END_TEST

START_TEST(where_it_fails_again_the_value_is_a_step_larger_and_tried_from_the_beginning) {
  Subject once = {.from = 500};
  (void)find(&once, 1000, 1, 0);
  Subject subject = {.from = 500, .fails_at = once.tries + 2};
  const WxThreshold threshold = find(&subject, 1000, 3, 0);
  ck_assert(threshold.found);
  ck_assert_uint_eq(threshold.holds, 510);
  ck_assert_uint_eq(threshold.fails, 500);
  ck_assert_uint_eq(subject.tries, once.tries + 2 + 3);
}
END_TEST

START_TEST(what_never_holds_is_not_found) {
  Subject subject = {.from = MOST + 1};
  const WxThreshold threshold = find(&subject, 100, 3, 0);
  ck_assert(!threshold.found);
  ck_assert_uint_eq(threshold.fails, MOST);
}
END_TEST

START_TEST(what_fails_at_the_largest_value_after_it_held_there_is_not_found) {
  Subject once = {.from = MOST};
  (void)find(&once, MOST, 1, 0);
  Subject subject = {.from = MOST, .fails_at = once.tries + 1};
  ck_assert(!find(&subject, MOST, 2, 0).found);
}
END_TEST

START_TEST(an_error_ends_the_search_wherever_it_comes) {
  Subject whole = {.from = 500};
  (void)find(&whole, 100, 3, 0);
  for (int i = 1; i <= (int)whole.tries; ++i) {
    Subject subject = {.from = 500, .stop_at = i};
    ck_assert(!find(&subject, 100, 3, 7).found);
    ck_assert_uint_eq(subject.tries, (unsigned)i);
  }
}
END_TEST

WX_TEST_MAIN("threshold", the_smallest_value_is_found_from_any_guess,
             it_is_tried_again_at_the_value_found,
             where_it_fails_again_the_value_is_a_step_larger_and_tried_from_the_beginning,
             what_never_holds_is_not_found,
             what_fails_at_the_largest_value_after_it_held_there_is_not_found,
             an_error_ends_the_search_wherever_it_comes)
