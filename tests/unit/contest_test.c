// Strategies side by side: what is found of each, and what becomes of one that fails.
#include "bench/contest.h"
#include "strategy/registry.h"
#include "support/pkeys.h"
#include "support/suite.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>

enum { BLOCK = 64 * 1024, PAGE = 4096, OPERATIONS = 20 };

static const uint64_t limit_ns = 60000000000U;

static const WxWork *work_named(const char *name) {
  const WxWork *work;
  for (size_t i = 0; (work = wx_work_at(i)); ++i)
    if (strcmp(work->name, name) == 0)
      return work;
  ck_abort_msg("no work '%s'", name);
}

static WxWorkReport done(const char *work, const WxStrategy *strategy) {
  WxWorkReport report;
  WxEnded ended;
  ck_assert_int_eq(wx_work_run(work_named(work), (WxWorkSubject){.strategy = strategy}, OPERATIONS,
                               limit_ns, &report, &ended),
                   0);
  ck_assert_msg(ended.how == WX_ENDED_WELL, "%s on %s: %s", work, strategy->name, ended.text);
  ck_assert_uint_gt(report.ns, 0);
  return report;
}

START_TEST(every_work_ends_well_on_every_strategy_that_can_do_it) {
  const WxWork *work;
  const WxStrategy *strategy;
  wx_test_pkeys();
  for (size_t i = 0; (work = wx_work_at(i)); ++i)
    for (size_t at = 0; work->live <= 100 && !work->size && (strategy = wx_strategy_at(at)); ++at)
      if (!wx_work_unfit(work, (WxWorkSubject){.strategy = strategy}))
        (void)done(work->name, strategy);
}
END_TEST

START_TEST(what_can_be_written_is_found_by_looking) {
  static const struct {
    const WxStrategy *strategy;
    bool wx_page;
    WxWritable writable;
  } expected[] = {
      {&wx_strategy_rwx, true, WX_WRITABLE_ALWAYS},
      {&wx_strategy_coreclr_off, true, WX_WRITABLE_ALWAYS},
      {&wx_strategy_coreclr, false, WX_WRITABLE_ALWAYS}, // Its cache keeps the view.
      {&wx_strategy_dual, false, WX_WRITABLE_ALWAYS},
      {&wx_strategy_dual_block, false, WX_WRITABLE_ALWAYS},
      {&wx_strategy_mprotect, false, WX_WRITABLE_MEANWHILE},
      {&wx_strategy_publish, false, WX_WRITABLE_MEANWHILE},
      {&wx_strategy_pwrite, false, WX_WRITABLE_NEVER},
      {&wx_strategy_lean, false, WX_WRITABLE_NEVER},
  };
  for (size_t i = 0; i < sizeof expected / sizeof *expected; ++i) {
    const WxWorkReport report = done("block_cycle", expected[i].strategy);
    ck_assert_msg(report.wx_page == expected[i].wx_page, "%s", expected[i].strategy->name);
    ck_assert_msg(report.writable == expected[i].writable, "%s", expected[i].strategy->name);
  }
}
END_TEST

START_TEST(what_is_left_of_a_block_is_found) {
  ck_assert_int_eq(done("block_cycle", &wx_strategy_coreclr).retained_bytes, BLOCK);
  ck_assert_int_eq(done("block_cycle", &wx_strategy_coreclr_punch).retained_bytes, 0);
  ck_assert_int_eq(done("block_cycle", &wx_strategy_rwx).retained_bytes, 0);
  ck_assert_int_eq(done("block_cycle", &wx_strategy_lean).retained_bytes, PAGE);
}
END_TEST

static void add(WxContest *contest, const WxStrategy *strategy) {
  ck_assert_int_eq(wx_contest_add(contest, (WxWorkSubject){.strategy = strategy}, NULL), 0);
}

START_TEST(each_round_gives_each_one_a_time_and_the_base_is_its_own_noise) {
  WxContest contest = {
      .work = work_named("block_cycle"), .time_limit_ns = limit_ns, .most_rounds = 3};
  add(&contest, &wx_strategy_rwx);
  add(&contest, &wx_strategy_rwx);
  add(&contest, &wx_strategy_lean);
  for (size_t i = 0; i < contest.count; ++i)
    ck_assert_int_eq(wx_contest_calibrate(&contest, i, 100000), 0);
  WxPaired paired;
  ck_assert_int_eq(wx_contest_compare(&contest, 2, &paired), -ENODATA);
  for (int round = 0; round < 3; ++round)
    ck_assert_int_eq(wx_contest_round(&contest), 0);
  ck_assert_int_eq(wx_contest_round(&contest), -E2BIG);
  for (size_t i = 0; i < contest.count; ++i) {
    for (size_t round = 0; round < 3; ++round)
      ck_assert(contest.contenders[i].seconds[round] > 0);
    ck_assert_int_eq(wx_contest_compare(&contest, i, &paired), 0);
    ck_assert_uint_eq(paired.ratio.n, 3);
    if (i < 2)
      ck_assert_int_eq(wx_interval_difference(&paired.ratio, paired.noise, 0), WX_NO_DIFFERENCE);
  }
  wx_contest_free(&contest);
}
END_TEST

START_TEST(peers_do_the_work_of_functions_and_no_other) {
  const WxPeer *peer;
  WxWorkReport report;
  WxEnded ended;
  for (size_t i = 0; (peer = wx_peer_at(i)); ++i) {
    const WxWorkSubject subject = {.peer = peer};
    ck_assert_ptr_eq(wx_peer_find(peer->name), peer);
    ck_assert_ptr_nonnull(wx_work_unfit(work_named("block_cycle"), subject));
    ck_assert_ptr_null(wx_work_unfit(work_named("fine_grained"), subject));
    const char *missing;
    ck_assert_int_eq(wx_peer_look(peer, &missing), 0);
    if (missing) {
      WX_SKIP("%s: %s", peer->name, missing);
      continue;
    }
    ck_assert_int_eq(
        wx_work_run(work_named("fine_grained"), subject, OPERATIONS, limit_ns, &report, &ended), 0);
    ck_assert_msg(ended.how == WX_ENDED_WELL, "%s: %s", peer->name, ended.text);
    ck_assert_uint_gt(report.ns, 0);
    ck_assert_int_ge(report.retained_bytes, 0);
  }
}
END_TEST

START_TEST(one_that_writes_once_takes_no_part_in_patches) {
  WxContest contest = {.work = work_named("patch"), .time_limit_ns = limit_ns, .most_rounds = 1};
  add(&contest, &wx_strategy_publish);
  ck_assert_ptr_nonnull(contest.contenders[0].skipped);
  ck_assert_int_eq(wx_contest_round(&contest), -ENODATA);
  wx_contest_free(&contest);
}
END_TEST

// Where no large file can be made: a strategy that needs one fails, or runs as another one.
START_TEST(one_that_fails_leaves_and_the_others_go_on) {
  const struct rlimit small = {1 << 20, RLIM_INFINITY};
  ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
  WxContest contest = {
      .work = work_named("block_cycle"), .time_limit_ns = limit_ns, .most_rounds = 2};
  add(&contest, &wx_strategy_rwx);
  add(&contest, &wx_strategy_rwx);
  add(&contest, &wx_strategy_lean);
  add(&contest, &wx_strategy_coreclr);
  ck_assert_int_eq(wx_contest_round(&contest), 0);
  ck_assert_int_eq(wx_contest_round(&contest), 0);
  WxPaired paired;
  ck_assert_int_eq(wx_contest_compare(&contest, 1, &paired), 0);
  for (size_t i = 2; i < 4; ++i) {
    ck_assert(contest.contenders[i].left);
    ck_assert_str_ne(contest.contenders[i].ended.text, "");
    ck_assert_int_eq(wx_contest_compare(&contest, i, &paired), -ENODATA);
  }
  ck_assert_int_eq(contest.contenders[2].ended.error, -EFBIG);
  ck_assert_int_eq(contest.contenders[3].ended.error, -ENOTSUP);
  wx_contest_free(&contest);
}
END_TEST

START_TEST(without_the_base_there_is_no_round) {
  const struct rlimit small = {1 << 20, RLIM_INFINITY};
  ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
  WxContest contest = {
      .work = work_named("block_cycle"), .time_limit_ns = limit_ns, .most_rounds = 2};
  add(&contest, &wx_strategy_dual);
  add(&contest, &wx_strategy_dual);
  ck_assert_int_eq(wx_contest_round(&contest), -ENODATA);
  ck_assert_uint_eq(contest.rounds, 0);
  wx_contest_free(&contest);
}
END_TEST

WX_TEST_MAIN("contest", every_work_ends_well_on_every_strategy_that_can_do_it,
             what_can_be_written_is_found_by_looking, what_is_left_of_a_block_is_found,
             each_round_gives_each_one_a_time_and_the_base_is_its_own_noise,
             peers_do_the_work_of_functions_and_no_other,
             one_that_writes_once_takes_no_part_in_patches,
             one_that_fails_leaves_and_the_others_go_on, without_the_base_there_is_no_round)
