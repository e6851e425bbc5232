// A scenario played in this process: what is said at each step, and what is left when a call fails.
#include "os/os.h"
#include "scenario/block_actions.h"
#include "scenario/play.h"
#include "support/inject.h"
#include "support/pkeys.h"
#include "support/strategy_file.h"
#include "support/suite.h"
#include "support/written.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SAID_MOST = 4096 };

// An allocation that is too large fails, as it does without the sanitizer.
const char *__asan_default_options(void);
const char *__asan_default_options(void) {
  return "allocator_may_return_null=1";
}

// Answers to more steps than any test says lie ready, and what is said fits into its pipe: without
// a thread, all that the process maps is the play's.
typedef struct {
  int steps[2];
  int answers[2];
} Observer;

static WxStepChannel observe(Observer *observer) {
  static const char ready[] = "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n";
  ck_assert_int_eq(pipe(observer->steps), 0);
  ck_assert_int_eq(pipe(observer->answers), 0);
  ck_assert_int_eq(write(observer->answers[1], ready, sizeof ready - 1), sizeof ready - 1);
  return (WxStepChannel){.read = observer->answers[0], .write = observer->steps[1]};
}

static void end_observing(Observer *observer, char said[SAID_MOST]) {
  close(observer->steps[1]);
  const ssize_t length = said ? read(observer->steps[0], said, SAID_MOST - 1) : 0;
  ck_assert_int_ge(length, 0);
  if (said)
    said[length] = '\0';
  close(observer->steps[0]);
  close(observer->answers[0]);
  close(observer->answers[1]);
}

static WxScenario *load(const char *text) {
  char path[WRITTEN_PATH];
  written_text(path, text);
  WxScenario *scenario;
  WxComplaint complaint;
  const int result = wx_scenario_load(path, &scenario, &complaint);
  ck_assert_msg(result == 0, "%zu: %s", complaint.line, complaint.text);
  unlink(path);
  return scenario;
}

// Plays a loaded scenario; what was said goes to `said` where that is not NULL.
static int play_loaded(const WxScenario *scenario, const WxStrategy *strategy, WxPlayReport *report,
                       char said[SAID_MOST]) {
  const WxParameters parameters = {scenario, NULL, 0};
  *report = (WxPlayReport){0};
  const WxPlayOrder order = {.parameters = &parameters,
                             .strategy = strategy,
                             .options = wx_strategy_options_default(),
                             .report = report};
  Observer observer;
  const WxStepChannel channel = observe(&observer);
  const int result = wx_play(&order, channel);
  end_observing(&observer, said);
  return result;
}

static int play(const char *text, const char *strategy, WxPlayReport *report,
                char said[SAID_MOST]) {
  WxScenario *scenario = load(text);
  const int result = play_loaded(scenario, wx_strategy_find(strategy), report, said);
  wx_scenario_free(scenario);
  return result;
}

#define HEAD "name: n\nshows: s\n"

START_TEST(steps_say_round_name_and_live_bytes) {
  WxPlayReport report;
  char said[SAID_MOST];
  ck_assert_int_eq(play(HEAD "parameters:\n- {name: rounds, value: 2}\n"
                             "round:\n"
                             "- {act: generate, group: g, count: 3, size: 64KiB, code: 4160}\n"
                             "- {act: step, name: generated}\n"
                             "- {act: release, group: g}\n"
                             "- {act: step, name: collected}\n",
                        "coreclr", &report, said),
                   0);
  ck_assert_str_eq(said, "step 0 start 0\nstep 1 generated 24576\nstep 1 collected 0\n"
                         "step 2 generated 24576\nstep 2 collected 0\nstep 2 end 0\n");
  ck_assert_str_eq(report.path, "coreclr");
  ck_assert_int_eq(report.error, 0);
  ck_assert_uint_eq(report.cost.calls[WX_RESERVE], 6);
  ck_assert_uint_eq(report.cost.calls[WX_RELEASE], 6);
}
END_TEST

START_TEST(blocks_grow_from_round_to_round) {
  WxPlayReport report;
  char said[SAID_MOST];
  ck_assert_int_eq(play(HEAD
                        "parameters:\n- {name: rounds, value: 3}\n"
                        "round:\n"
                        "- {act: generate, group: g, count: 1, size: 4096, grow: 8192, code: 64}\n"
                        "- {act: step, name: generated}\n"
                        "at_end: keep\n",
                        "coreclr", &report, said),
                   0);
  ck_assert_int_eq(report.reserved_bytes, 4096 + 12288 + 20480);
  ck_assert_ptr_nonnull(strstr(said, "step 3 end 12288\n"));
}
END_TEST

START_TEST(what_is_live_at_the_end_is_released_unless_kept) {
  static const char *const texts[] = {
      HEAD "round:\n- {act: reserve, group: g, count: 5, size: 64KiB}\n",
      HEAD "at_end: keep\nround:\n- {act: reserve, group: g, count: 5, size: 64KiB}\n"};
  for (int keep = 0; keep < 2; ++keep) {
    WxPlayReport report;
    ck_assert_int_eq(play(texts[keep], "coreclr", &report, NULL), 0);
    ck_assert_int_eq(report.reserved_bytes, keep * 5 * 65536);
    ck_assert_uint_eq(report.cost.calls[WX_RELEASE], keep ? 0 : 5);
  }
}
END_TEST

START_TEST(interleaved_blocks_are_executable_and_writable_in_turn) {
  WxPlayReport report;
  char said[SAID_MOST];
  ck_assert_int_eq(play(HEAD "round:\n"
                             "- {act: reserve, group: g, count: 1, size: 64KiB}\n"
                             "- {act: interleave, group: g, pages: 16KiB}\n"
                             "- {act: step, name: generated}\n",
                        "coreclr", &report, said),
                   0);
  ck_assert_uint_eq(report.cost.calls[WX_COMMIT], 4);
  ck_assert_ptr_nonnull(strstr(said, "step 1 generated 8192\n"));
  ck_assert_int_eq(play(HEAD "round:\n"
                             "- {act: reserve, group: g, count: 1, size: 64KiB}\n"
                             "- {act: interleave, group: g, pages: 100}\n",
                        "coreclr", &report, NULL),
                   -EINVAL);
  ck_assert_str_eq(report.problem, "pages of 100 bytes: expected whole pages");
}
END_TEST

START_TEST(only_one_mapping_writable_and_executable_is_seen_without_wx) {
  static const char text[] = HEAD "round:\n"
                                  "- {act: generate, group: g, count: 4, size: 64KiB}\n"
                                  "- {act: step, name: generated}\n"
                                  "at_end: keep\n";
  WxPlayReport report;
  ck_assert_int_eq(play(text, "coreclr", &report, NULL), 0);
  ck_assert_int_eq(report.wx_pages, 0);
  ck_assert_int_eq(play(text, "coreclr-off", &report, NULL), 0);
  ck_assert_int_eq(report.wx_pages, 4);
  ck_assert_int_eq(play(text, "rwx", &report, NULL), 0);
  ck_assert_int_eq(report.wx_pages, 4 * 16);
}
END_TEST

START_TEST(every_second_block_is_released) {
  WxPlayReport report;
  ck_assert_int_eq(play(HEAD "at_end: keep\nround:\n"
                             "- {act: generate, group: g, count: 7, size: 64KiB}\n"
                             "- {act: release, group: g, order: every-second}\n"
                             "- {act: rewrite, group: g}\n"
                             "- {act: call, group: g}\n",
                        "coreclr", &report, NULL),
                   0);
  ck_assert_uint_eq(report.cost.calls[WX_RELEASE], 3);
  ck_assert_int_eq(report.reserved_bytes, 4 * 65536);
}
END_TEST

START_TEST(what_may_fail_is_counted) {
  WxPlayReport report;
  ck_assert_int_eq(play(HEAD "round:\n"
                             "- {act: reserve, group: g, count: 1, size: 16TiB, may_fail: yes}\n"
                             "- {act: reserve, group: g, count: 1, size: 16TiB, may_fail: yes}\n",
                        "coreclr", &report, NULL),
                   0);
  ck_assert_uint_eq(report.failures, 2);
  ck_assert_int_eq(play(HEAD "round:\n"
                             "- {act: reserve, group: g, count: 1, size: 16TiB, may_fail: no}\n",
                        "coreclr", &report, NULL),
                   -ENOMEM);
  ck_assert_str_eq(report.problem, "round 1, action 1 (reserve): Cannot allocate memory");
  ck_assert_int_eq(report.error, -ENOMEM);
}
END_TEST

START_TEST(sizes_that_do_not_fit_are_refused) {
  static const char *const texts[] = {
      HEAD "round:\n- {act: generate, group: g, count: 1, size: 4097}\n",
      HEAD "round:\n- {act: generate, group: g, count: 1, size: 0}\n",
      HEAD "round:\n- {act: generate, group: g, count: 1, size: 4096, code: 4160}\n",
  };
  for (size_t i = 0; i < sizeof texts / sizeof *texts; ++i) {
    WxPlayReport report;
    ck_assert_int_eq(play(texts[i], "coreclr", &report, NULL), -EINVAL);
    ck_assert_ptr_nonnull(strstr(report.problem, "expected whole pages, and no more code"));
  }
}
END_TEST

// Counts and growth whose product does not fit must not wrap to something small.
START_TEST(code_that_cannot_be_generated_is_refused) {
  WxPlayReport report;
  ck_assert_int_eq(play(HEAD
                        "round:\n- {act: generate, group: g, count: 1, size: 8192, code: 4097}\n",
                        "coreclr", &report, NULL),
                   -EINVAL);
  ck_assert_ptr_nonnull(strstr(report.problem, "4097 bytes of code: expected a multiple of "));
}
END_TEST

START_TEST(huge_numbers_do_not_wrap) {
  WxPlayReport report;
  ck_assert_int_eq(play(HEAD "round:\n"
                             "- {act: reserve, group: g, count: 0x0555555555555556, size: 4096}\n",
                        "rwx", &report, NULL),
                   -ENOMEM);
  ck_assert_int_eq(play(HEAD "parameters:\n- {name: rounds, value: 3}\n"
                             "round:\n"
                             "- {act: reserve, group: g, count: 1, size: 4096,"
                             " grow: 0xfffffffffffff000, may_fail: no}\n"
                             "- {act: release, group: g}\n",
                        "rwx", &report, NULL),
                   -EINVAL);
  ck_assert_uint_eq(report.cost.calls[WX_RESERVE], 0); // No step was said: nothing was reported.
}
END_TEST

typedef struct {
  WxScenario *scenario;
  const WxStrategy *strategy;
} Attempt;

static int attempt(void *context) {
  const Attempt *attempt = context;
  WxPlayReport report;
  const int result = play_loaded(attempt->scenario, attempt->strategy, &report, NULL);
  ck_assert_int_eq(report.error, result);
  ck_assert((*report.problem == '\0') == (result == 0));
  return result;
}

#define BEFORE_REWRITE                                                                             \
  HEAD "round:\n"                                                                                  \
       "- {act: generate, group: g, count: 3, size: 64KiB}\n"                                      \
       "- {act: reserve, group: h, count: 1, size: 64KiB}\n"                                       \
       "- {act: interleave, group: h, pages: 16KiB}\n"                                             \
       "- {act: step, name: generated}\n"
#define AFTER_REWRITE                                                                              \
  "- {act: release, group: g, order: newest}\n"                                                    \
  "- {act: step, name: collected}\n"

START_TEST(a_failed_call_ends_the_play_and_leaves_nothing) {
  const WxStrategy *strategy = wx_strategy_at((size_t)_i);
  const char *text = strategy->capabilities & WX_CAN_PATCH ? BEFORE_REWRITE
                         "- {act: rewrite, group: g}\n" AFTER_REWRITE
                                                           : BEFORE_REWRITE AFTER_REWRITE;
  Attempt each = {load(text), strategy};
  ck_assert_uint_ge(wx_inject_without_leak(EAGAIN, attempt, &each), 20);
  ck_assert_uint_eq(wx_test_allocated_bytes(), 0);
  wx_scenario_free(each.scenario);
}
END_TEST

int main(void) {
  const TTest *const tests[] = {steps_say_round_name_and_live_bytes,
                                blocks_grow_from_round_to_round,
                                what_is_live_at_the_end_is_released_unless_kept,
                                interleaved_blocks_are_executable_and_writable_in_turn,
                                only_one_mapping_writable_and_executable_is_seen_without_wx,
                                every_second_block_is_released,
                                what_may_fail_is_counted,
                                sizes_that_do_not_fit_are_refused,
                                code_that_cannot_be_generated_is_refused,
                                huge_numbers_do_not_wrap};
  const TTest *const injected[] = {a_failed_call_ends_the_play_and_leaves_nothing};
  wx_test_pkeys();
  int strategies = 0;
  while (wx_strategy_at((size_t)strategies))
    ++strategies;
  const int plain = wx_suite_run("play", tests, sizeof tests / sizeof *tests);
  return wx_suite_run_variants("play_injected", injected, 1, strategies) || plain;
}
