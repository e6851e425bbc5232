#include "clr/fidelity.h"
#include "support/suite.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define KIB ((size_t)1024)

static WxClrCounts real[2], model;

static void add(WxClrCounts *counts, WxClrCounted what, size_t size, unsigned times) {
  for (unsigned i = 0; i < times; ++i)
    wx_clr_counts_add(counts, what, size);
}

// Two real runs that differ in a reserve, and a model that is like the first.
static void set_up(void) {
  memset(real, 0, sizeof real);
  for (int i = 0; i < 2; ++i) {
    add(&real[i], WX_CLR_RESERVES, 64 * KIB, 10 + (unsigned)i);
    add(&real[i], WX_CLR_RELEASES, 64 * KIB, 8);
    add(&real[i], WX_CLR_COMMITS, 4 * KIB, 200);
    add(&real[i], WX_CLR_COMMITS, 8 * KIB, 3);
  }
  model = real[0];
}

static WxFidelityRow *rows;
static size_t count;

// Compares anew; what it returns is valid until the next call.
static const WxFidelityRow *row_of(const char *name) {
  free(rows);
  rows = NULL;
  ck_assert_int_eq(wx_fidelity_counts(real, 2, &model, &rows, &count), 0);
  for (size_t i = 0; i < count; ++i)
    if (strcmp(rows[i].name, name) == 0)
      return &rows[i];
  ck_abort_msg("no row %s", name);
}

START_TEST(a_model_like_a_real_run_passes_every_row) {
  set_up();
  row_of("commits");
  ck_assert_uint_eq(count, 6); // Four of sizes, commits and RW maps in all.
  for (size_t i = 0; i < count; ++i)
    ck_assert(rows[i].ok);
}
END_TEST

START_TEST(one_release_more_fails) {
  set_up();
  add(&model, WX_CLR_RELEASES, 64 * KIB, 1);
  const WxFidelityRow *row = row_of("releases of 64 KiB");
  ck_assert(!row->ok);
  ck_assert_int_eq(row->rule, WX_FIDELITY_EXACT);
}
END_TEST

START_TEST(a_release_of_a_size_that_the_real_runtime_never_releases_fails) {
  set_up();
  add(&model, WX_CLR_RELEASES, 512 * KIB, 1);
  const WxFidelityRow *row = row_of("releases of 512 KiB");
  ck_assert(!row->ok);
  ck_assert_int_eq(row->high, 0);
}
END_TEST

START_TEST(reserves_may_be_anything_the_real_runs_show_and_nothing_else) {
  set_up();
  for (int i = 0; i < 2; ++i)
    add(&real[i], WX_CLR_RESERVES, 256 * KIB, 10 + (unsigned)i);
  add(&model, WX_CLR_RESERVES, 256 * KIB, 11);
  ck_assert(row_of("reserves of 256 KiB")->ok);
  add(&model, WX_CLR_RESERVES, 256 * KIB, 1);
  ck_assert(!row_of("reserves of 256 KiB")->ok);
}
END_TEST

// 64 KiB is what start-up and the compilation in the background reserve.
START_TEST(reserves_of_the_smallest_size_may_be_as_far_apart_as_runs_are) {
  set_up();
  add(&model, WX_CLR_RESERVES, 64 * KIB, 1 + WX_FIDELITY_OWN_BLOCKS);
  ck_assert_int_eq(row_of("reserves of 64 KiB")->rule, WX_FIDELITY_OWN);
  ck_assert(row_of("reserves of 64 KiB")->ok);
  add(&model, WX_CLR_RESERVES, 64 * KIB, 1);
  ck_assert(!row_of("reserves of 64 KiB")->ok);
  model = real[0];
  add(&real[0], WX_CLR_RESERVES, 64 * KIB, 1 + WX_FIDELITY_OWN_BLOCKS);
  add(&real[1], WX_CLR_RESERVES, 64 * KIB, WX_FIDELITY_OWN_BLOCKS);
  ck_assert(!row_of("reserves of 64 KiB")->ok);
  add(&model, WX_CLR_RESERVES, 64 * KIB, 1);
  ck_assert(row_of("reserves of 64 KiB")->ok);
}
END_TEST

// The views of its own code are as many as the two threads that write take turns; those of units
// are not.
START_TEST(views_may_be_as_far_apart_as_turns_make_them_and_those_of_released_blocks_may_not) {
  set_up();
  for (int i = 0; i < 2; ++i) {
    add(&real[i], WX_CLR_RW_MAPS, 4 * KIB, 250);
    wx_clr_counts_add_times(&real[i], WX_CLR_RELEASED_MAPS, 64 * KIB, 200);
  }
  model = real[0];
  add(&model, WX_CLR_RW_MAPS, 4 * KIB, WX_FIDELITY_OWN_VIEWS);
  wx_clr_counts_add_times(&model, WX_CLR_RELEASED_MAPS, 64 * KIB, 6);
  ck_assert(row_of("RW maps of 4 KiB")->ok);
  ck_assert(row_of("RW maps")->ok);
  ck_assert(row_of("RW maps of released blocks of 64 KiB")->ok);
  add(&model, WX_CLR_RW_MAPS, 4 * KIB, 1);
  wx_clr_counts_add_times(&model, WX_CLR_RELEASED_MAPS, 64 * KIB, 1);
  ck_assert(!row_of("RW maps of 4 KiB")->ok);
  ck_assert(!row_of("RW maps")->ok);
  ck_assert(!row_of("RW maps of released blocks of 64 KiB")->ok);
}
END_TEST

START_TEST(commits_may_be_5_percent_apart) {
  set_up();
  add(&model, WX_CLR_COMMITS, 4 * KIB, 10);
  ck_assert(row_of("commits of 4 KiB")->ok);
  add(&model, WX_CLR_COMMITS, 4 * KIB, 1);
  const WxFidelityRow *row = row_of("commits of 4 KiB");
  ck_assert(!row->ok);
  ck_assert_double_eq_tol(wx_fidelity_difference(row), 0.055, 1e-9);
}
END_TEST

START_TEST(what_is_rare_is_shown_and_not_judged) {
  set_up();
  add(&model, WX_CLR_COMMITS, 8 * KIB, 3);
  const WxFidelityRow *row = row_of("commits of 8 KiB");
  ck_assert(row->ok);
  ck_assert_int_eq(row->rule, WX_FIDELITY_SHOWN);
  ck_assert_double_eq_tol(wx_fidelity_difference(row), 1, 1e-9);
}
END_TEST

START_TEST(figures_are_judged_by_the_nearer_end_of_the_spread) {
  const int64_t figures[] = {1000, 1100};
  ck_assert(wx_fidelity_figure("peak bytes", figures, 2, 1050).ok);
  ck_assert(wx_fidelity_figure("peak bytes", figures, 2, 950).ok);
  ck_assert(!wx_fidelity_figure("peak bytes", figures, 2, 949).ok);
  ck_assert(wx_fidelity_figure("peak bytes", figures, 2, 1155).ok);
  const WxFidelityRow high = wx_fidelity_figure("peak bytes", figures, 2, 1156);
  ck_assert(!high.ok);
  ck_assert_double_gt(wx_fidelity_difference(&high), 0.05);
}
END_TEST

START_TEST(an_exact_row_holds_of_one_number_alone) {
  const WxFidelityRow same = wx_fidelity_exact("replays", 5, 5);
  ck_assert_str_eq(same.name, "replays");
  ck_assert_int_eq(same.rule, WX_FIDELITY_EXACT);
  ck_assert(same.ok);
  ck_assert(!wx_fidelity_exact("replays", 5, 4).ok);
  ck_assert(!wx_fidelity_exact("replays", 5, 6).ok);
}
END_TEST

START_TEST(nothing_real_is_no_comparison) {
  ck_assert_int_eq(wx_fidelity_counts(real, 0, &model, &rows, &count), -EINVAL);
}
END_TEST

WX_TEST_MAIN("clr_fidelity", a_model_like_a_real_run_passes_every_row, one_release_more_fails,
             a_release_of_a_size_that_the_real_runtime_never_releases_fails,
             reserves_may_be_anything_the_real_runs_show_and_nothing_else,
             reserves_of_the_smallest_size_may_be_as_far_apart_as_runs_are,
             views_may_be_as_far_apart_as_turns_make_them_and_those_of_released_blocks_may_not,
             commits_may_be_5_percent_apart, what_is_rare_is_shown_and_not_judged,
             figures_are_judged_by_the_nearer_end_of_the_spread,
             an_exact_row_holds_of_one_number_alone, nothing_real_is_no_comparison)
