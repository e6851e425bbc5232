// Verdicts: each code by figures that call for it, and the border of each rule.
#include "attribution/verdict.h"
#include "support/suite.h"

#include <string.h>

#define MIB ((WxFigure)1 << 20)
#define GIB ((WxFigure)1 << 30)

// A healthy process, looked at alive.
static WxVerdictFacts healthy(void) {
  return (WxVerdictFacts){
      .double_mapper = true,
      .names_known = true,
      .allocated = 20 * MIB,
      .mapped = 20 * MIB,
      .orphaned = 0,
      .own_va = 30 * MIB,
      .span = 2 * GIB,
      .foreign = 20 * MIB,
      .empty = GIB,
      .rss_anon = 100 * MIB,
      .gc = 30 * MIB,
      .malloc_bytes = 20 * MIB,
      .cgroup_usage = 150 * MIB,
      .other_shmem = 0,
      .other_files = 0,
      .largest_other = -1,
      .page_cache = 20 * MIB,
      .kernel = 5 * MIB,
      .mappings = 1000,
      .max_map_count = 65530,
      .heaps_committed = 20 * MIB,
      .arenas = 4,
  };
}

// The same from a saved file.
static WxVerdictFacts saved(void) {
  WxVerdictFacts facts = healthy();
  facts.allocated = facts.mapped = facts.orphaned = WX_UNKNOWN;
  facts.rss_anon = facts.gc = facts.malloc_bytes = facts.cgroup_usage = WX_UNKNOWN;
  facts.other_shmem = facts.other_files = facts.page_cache = facts.kernel = facts.max_map_count =
      WX_UNKNOWN;
  facts.released_range = facts.committed = WX_UNKNOWN;
  facts.from_file = true;
  return facts;
}

static const char *judge(const WxVerdictFacts *facts) {
  static WxVerdict verdict;
  wx_verdict_judge(&verdict, facts);
  ck_assert_uint_gt(strlen(verdict.text), 20);
  ck_assert_uint_gt(strlen(verdict.next), 5);
  return wx_verdict_code(verdict.code);
}

static const char *said(const WxVerdictFacts *facts) {
  static WxVerdict verdict;
  wx_verdict_judge(&verdict, facts);
  return verdict.text;
}

START_TEST(a_healthy_process_is_clean) {
  const WxVerdictFacts facts = healthy();
  ck_assert_str_eq(judge(&facts), "clean");
}
END_TEST

START_TEST(retained_begins_at_8_mib_and_a_quarter_of_allocated) {
  static const struct {
    WxFigure allocated, orphaned;
    const char *code;
  } rows[] = {
      {32 * MIB, 8 * MIB, "retained"},     {32 * MIB, 8 * MIB - 1, "clean"},
      {32 * MIB + 1, 8 * MIB, "clean"},    {9 * MIB, 8 * MIB, "retained"},
      {1000 * MIB, 250 * MIB, "retained"}, {4 * MIB, 4 * MIB, "clean"},
      {1003 * MIB, 250 * MIB, "live"},     {100 * MIB, WX_UNKNOWN, "unknown"},
      {WX_UNKNOWN, 100 * MIB, "unknown"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i) {
    WxVerdictFacts facts = healthy();
    facts.allocated = rows[i].allocated;
    facts.orphaned = rows[i].orphaned;
    facts.mapped = wx_figure_minus(rows[i].allocated, rows[i].orphaned);
    ck_assert_msg(!strcmp(judge(&facts), rows[i].code), "row %zu: %s", i, judge(&facts));
  }
}
END_TEST

START_TEST(retained_memory_is_advised_to_be_given_back_only_as_a_reclaim_would) {
  WxVerdictFacts facts = healthy();
  WxVerdict verdict;
  facts.pid = 4711;
  facts.allocated = facts.orphaned = 100 * MIB;
  wx_verdict_judge(&verdict, &facts);
  ck_assert_ptr_nonnull(strstr(verdict.next, "`wxbench reclaim --pid 4711`"));
  facts.named = "jit";
  wx_verdict_judge(&verdict, &facts);
  ck_assert_ptr_null(strstr(verdict.next, "wxbench reclaim"));
  ck_assert_ptr_nonnull(strstr(verdict.next, "names the file to it (--memfd jit)."));
  for (int refusal = WX_REFUSED_NOT + 1; refusal < WX_REFUSALS; ++refusal) {
    facts.refusal = (WxRefusal)refusal;
    wx_verdict_judge(&verdict, &facts);
    ck_assert_ptr_null(strstr(verdict.next, "wxbench reclaim"));
    ck_assert_ptr_nonnull(strstr(verdict.next, wx_refusal_text(facts.refusal)));
    ck_assert_ptr_nonnull(strstr(verdict.next, "EnableWriteXorExecute=0.")); // All of it.
  }
}
END_TEST

START_TEST(retained_wins_over_everything_else) {
  WxVerdictFacts facts = healthy();
  facts.allocated = 100 * MIB;
  facts.orphaned = 50 * MIB;
  facts.mappings = 65529;
  facts.malloc_bytes = facts.rss_anon = 4 * GIB;
  ck_assert_str_eq(judge(&facts), "retained");
}
END_TEST

START_TEST(below_the_border_the_text_still_says_how_much) {
  WxVerdictFacts facts = healthy();
  facts.orphaned = 3 * MIB;
  WxVerdict verdict;
  wx_verdict_judge(&verdict, &facts);
  ck_assert_str_eq(wx_verdict_code(verdict.code), "clean");
  ck_assert_ptr_nonnull(strstr(verdict.text, "3.0 MiB of it are orphaned (15 %)"));
}
END_TEST

START_TEST(the_owner_of_half_of_it_is_named) {
  WxVerdictFacts facts = healthy();
  facts.rss_anon = GIB;
  facts.gc = 600 * MIB;
  ck_assert_str_eq(judge(&facts), "gc");
  facts.gc = 100 * MIB;
  facts.malloc_bytes = 700 * MIB;
  ck_assert_str_eq(judge(&facts), "malloc");
  facts.malloc_bytes = 100 * MIB;
  ck_assert_str_eq(judge(&facts), "clean");
  facts.malloc_bytes = (facts.rss_anon + facts.allocated) / 2; // Half exactly.
  ck_assert_str_eq(judge(&facts), "malloc");
  facts.malloc_bytes -= 1;
  ck_assert_str_eq(judge(&facts), "clean");
  facts.allocated = facts.mapped = 2 * GIB;
  ck_assert_str_eq(judge(&facts), "live");
}
END_TEST

START_TEST(what_the_container_holds_beside_the_process_is_named) {
  WxVerdictFacts facts = healthy();
  facts.cgroup_usage = GIB;
  facts.other_shmem = 600 * MIB;
  ck_assert_str_eq(judge(&facts), "other-shmem");
  facts.other_shmem = 0;
  facts.page_cache = 600 * MIB;
  ck_assert_str_eq(judge(&facts), "page-cache");
  facts.page_cache = 0;
  facts.kernel = 600 * MIB;
  ck_assert_str_eq(judge(&facts), "kernel");
}
END_TEST

START_TEST(other_memory_files_of_the_process_itself_are_named_with_their_descriptor) {
  WxVerdictFacts facts = healthy();
  facts.other_files = 120 * MIB; // As large as the rest.
  facts.largest_other = 55;
  ck_assert_str_eq(judge(&facts), "clean");
  facts.other_files = 200 * MIB;
  ck_assert_str_eq(judge(&facts), "other-shmem");
  WxVerdict verdict;
  wx_verdict_judge(&verdict, &facts);
  ck_assert_ptr_nonnull(strstr(verdict.text, "holds 200.0 MiB in other memory files"));
  ck_assert_ptr_nonnull(strstr(verdict.text, "its descriptor 55"));
  facts.double_mapper = false;
  ck_assert_str_eq(judge(&facts), "other-shmem");
  facts.rss_anon = GIB;
  ck_assert_str_eq(judge(&facts), "not-affected");
}
END_TEST

START_TEST(the_limit_of_mappings_is_near_from_90_percent_on) {
  WxVerdictFacts facts = healthy();
  facts.mappings = 65530 / 100 * 90;
  ck_assert_str_eq(judge(&facts), "map-limit");
  facts.mappings -= 1;
  ck_assert_str_eq(judge(&facts), "clean");
}
END_TEST

START_TEST(a_file_can_show_an_artefact_but_never_retained) {
  WxVerdictFacts facts = saved();
  facts.foreign = 128 * MIB;
  ck_assert_str_eq(judge(&facts), "artefact");
  facts.foreign = 127 * MIB;
  ck_assert_str_eq(judge(&facts), "unknown");
  WxVerdict verdict;
  wx_verdict_judge(&verdict, &facts);
  ck_assert_ptr_nonnull(strstr(verdict.text, "cannot be"));
}
END_TEST

START_TEST(from_a_file_the_next_step_is_the_live_process) {
  WxVerdictFacts facts = saved();
  facts.foreign = 128 * MIB;
  WxVerdict verdict;
  wx_verdict_judge(&verdict, &facts);
  ck_assert_str_eq(wx_verdict_code(verdict.code), "artefact");
  ck_assert_ptr_nonnull(strstr(verdict.next, "Audit the live process (`wxbench audit PID` there)"));
  ck_assert_ptr_null(strstr(verdict.next, "Nothing"));
  facts = healthy();
  facts.foreign = 200 * MIB;
  wx_verdict_judge(&verdict, &facts);
  ck_assert_str_eq(wx_verdict_code(verdict.code), "artefact");
  ck_assert_ptr_nonnull(strstr(verdict.next, "Nothing"));
}
END_TEST

START_TEST(in_a_file_an_artefact_is_memory_of_others_128_mib_of_it_and_more_than_is_mapped) {
  static const struct {
    WxFigure own_va, foreign;
    const char *code;
  } rows[] = {{50 * MIB, 128 * MIB, "artefact"},
              {50 * MIB, 128 * MIB - 1, "unknown"},
              {200 * MIB, 200 * MIB, "artefact"},
              {200 * MIB, 200 * MIB - 1, "unknown"}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i) {
    WxVerdictFacts facts = saved();
    facts.own_va = rows[i].own_va;
    facts.foreign = rows[i].foreign;
    ck_assert_msg(!strcmp(judge(&facts), rows[i].code), "row %zu: %s", i, judge(&facts));
  }
}
END_TEST

START_TEST(in_a_file_memory_that_malloc_or_the_collector_may_have_is_no_artefact) {
  WxVerdictFacts facts = saved();
  facts.foreign = 300 * MIB;
  facts.committed = 128 * MIB;
  ck_assert_str_eq(judge(&facts), "unknown");
  facts.committed = 127 * MIB;
  ck_assert_str_eq(judge(&facts), "artefact");
}
END_TEST

START_TEST(a_file_is_clean_only_where_it_is_whole_and_nothing_may_be_large_or_released) {
  WxVerdictFacts facts = saved();
  facts.committed = 20 * MIB;
  facts.released_range = 0;
  facts.whole = true;
  ck_assert_str_eq(judge(&facts), "clean");
  facts.whole = false;
  ck_assert_str_eq(judge(&facts), "unknown");
  facts.whole = true;
  facts.committed = 128 * MIB;
  ck_assert_str_eq(judge(&facts), "unknown");
  facts.committed = 20 * MIB;
  facts.released_range = 40 * MIB;
  ck_assert_str_eq(judge(&facts), "unknown");
}
END_TEST

START_TEST(
    rows_that_may_be_lost_between_others_count_against_every_verdict_that_they_could_reverse) {
  static const struct {
    WxFigure committed, own_va, holes, arena_hole;
    const char *code;
  } lists[] = {
      {20 * MIB, 10 * MIB, 7 * MIB, 64 * MIB, "clean"},
      {20 * MIB, 10 * MIB, 8 * MIB, 0, "unknown"},   // Released,
      {20 * MIB, 57 * MIB, 7 * MIB, 0, "unknown"},   // live,
      {64 * MIB, 10 * MIB, 0, 64 * MIB, "unknown"},  // malloc's.
      {20 * MIB, 500 * MIB, 0, 63 * MIB, "unknown"}, // As without holes.
  };
  for (size_t i = 0; i < sizeof lists / sizeof *lists; ++i) {
    WxVerdictFacts facts = saved();
    facts.whole = true;
    facts.released_range = 0;
    facts.committed = lists[i].committed;
    facts.own_va = lists[i].own_va;
    facts.holes = lists[i].holes;
    facts.arena_hole = lists[i].arena_hole;
    ck_assert_msg(!strcmp(judge(&facts), lists[i].code), "row %zu: %s", i, judge(&facts));
  }
}
END_TEST

START_TEST(what_is_resident_and_may_be_lost_beside_it_is_not_clean_from_128_mib_on) {
  static const struct {
    WxFigure gc, holes;
    const char *code;
  } lists[] = {
      {300 * MIB, 600 * MIB, "gc"},      {124 * MIB, 0, "clean"},
      {124 * MIB, 4 * MIB - 1, "clean"}, {124 * MIB, 4 * MIB, "unknown"},
      {124 * MIB, INT64_MAX, "unknown"},
  };
  for (size_t i = 0; i < sizeof lists / sizeof *lists; ++i) {
    WxVerdictFacts facts = saved();
    facts.whole = true;
    facts.released_range = facts.mapped = 0;
    facts.rss_anon = 400 * MIB;
    facts.malloc_bytes = 10 * MIB;
    facts.gc = lists[i].gc;
    facts.holes = lists[i].holes;
    ck_assert_msg(!strcmp(judge(&facts), lists[i].code), "row %zu: %s", i, judge(&facts));
  }
}
END_TEST

START_TEST(a_file_read_in_part_settles_nothing_but_the_number_of_mappings) {
  WxVerdictFacts facts = saved();
  facts.whole = true;
  facts.committed = facts.released_range = 0;
  facts.missing = "line 7: expected START-END in hexadecimal";
  ck_assert_str_eq(judge(&facts), "unknown");
  facts.double_mapper = false;
  ck_assert_str_eq(judge(&facts), "unknown");
  facts.rss_anon = 400 * MIB;
  facts.malloc_bytes = 375 * MIB;
  ck_assert_str_eq(judge(&facts), "unknown");
  facts.mappings = 60000;
  ck_assert_str_eq(judge(&facts), "map-limit");
  facts.missing = NULL;
  facts.mappings = 1000;
  ck_assert_str_eq(judge(&facts), "malloc");
}
END_TEST

START_TEST(in_a_file_the_limit_of_mappings_is_one_of_the_usual) {
  static const struct {
    WxFigure mappings, limit;
  } rows[] = {{58949, WX_UNKNOWN}, {58950, 65530},   {65531, 65530},
              {65532, WX_UNKNOWN}, {250000, 262144}, {2200000, WX_UNKNOWN}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i) {
    WxVerdictFacts facts = saved();
    facts.mappings = rows[i].mappings;
    ck_assert_int_eq(wx_verdict_limit(&facts), rows[i].limit);
  }
}
END_TEST

START_TEST(retained_memory_is_given_back_by_a_command_that_can_be_typed) {
  WxVerdictFacts facts = healthy();
  facts.pid = 4711;
  facts.orphaned = 10 * MIB;
  WxVerdict verdict;
  wx_verdict_judge(&verdict, &facts);
  ck_assert_ptr_nonnull(strstr(verdict.next, "`wxbench reclaim --pid 4711`"));
  ck_assert_ptr_nonnull(strstr(verdict.next, "DOTNET_EnableWriteXorExecute=0."));
}
END_TEST

START_TEST(alive_an_artefact_needs_memory_of_others_inside_the_interval) {
  WxVerdictFacts facts = healthy();
  facts.foreign = 200 * MIB;
  ck_assert_str_eq(judge(&facts), "artefact");
  facts.foreign = 127 * MIB;
  ck_assert_str_eq(judge(&facts), "clean");
}
END_TEST

START_TEST(without_a_double_mapper_a_process_is_not_affected_unless_the_source_hides_it) {
  WxVerdictFacts facts = healthy();
  facts.double_mapper = false;
  facts.allocated = facts.mapped = facts.orphaned = 0;
  facts.span = facts.foreign = facts.empty = WX_UNKNOWN;
  ck_assert_str_eq(judge(&facts), "not-affected");
  facts = saved();
  facts.double_mapper = false;
  facts.span = WX_UNKNOWN;
  facts.foreign = WX_UNKNOWN;
  ck_assert_str_eq(judge(&facts), "unknown");
  facts.whole = true;
  ck_assert_str_eq(judge(&facts), "not-affected");
  facts.holes = 63 * MIB;
  ck_assert_str_eq(judge(&facts), "not-affected");
  facts.holes = 64 * MIB; // The double mapper may have been there.
  ck_assert_str_eq(judge(&facts), "unknown");
  ck_assert_ptr_nonnull(strstr(said(&facts), "64.0 MiB of address space are mapped by nothing"));
  facts.holes = 0;
  facts.names_known = false;
  ck_assert_str_eq(judge(&facts), "unknown");
}
END_TEST

START_TEST(a_file_in_which_something_may_be_large_does_not_say_that_there_is_nothing_to_do) {
  WxVerdictFacts facts = saved();
  facts.double_mapper = false;
  facts.span = facts.foreign = WX_UNKNOWN;
  facts.whole = true;
  facts.committed = 128 * MIB;
  facts.committer = "malloc";
  ck_assert_str_eq(judge(&facts), "unknown");
  WxVerdict verdict;
  wx_verdict_judge(&verdict, &facts);
  ck_assert_ptr_nonnull(strstr(verdict.text, "There is no double mapper. malloc has 128.0 MiB"));
}
END_TEST

// A createdump that names no memfd: what it maps is at most what has no name.
START_TEST(in_a_dump_that_hides_the_double_mapper_holes_in_code_may_be_what_it_released) {
  WxVerdictFacts facts = saved();
  facts.double_mapper = facts.names_known = false;
  facts.whole = true;
  facts.own_va = 60 * MIB; // At most.
  facts.committed = 60 * MIB;
  facts.span = facts.foreign = WX_UNKNOWN;
  facts.released_range = 7 * MIB;
  ck_assert_str_eq(judge(&facts), "clean");
  facts.released_range = 8 * MIB;
  ck_assert_str_eq(judge(&facts), "unknown");
}
END_TEST

START_TEST(a_dump_that_hides_the_double_mapper_says_that_it_does) {
  WxVerdictFacts facts = saved();
  facts.double_mapper = facts.names_known = false;
  facts.span = facts.foreign = WX_UNKNOWN;
  facts.whole = true;
  facts.committed = facts.released_range = 0;
  facts.own_va = 5 * MIB;
  ck_assert_str_eq(judge(&facts), "clean");
  WxVerdict verdict;
  wx_verdict_judge(&verdict, &facts);
  ck_assert_ptr_nonnull(strstr(verdict.text, "cannot be seen in this input"));
  ck_assert_ptr_nonnull(strstr(verdict.next, "Audit the live process"));
  facts.own_va = 64 * MIB;
  ck_assert_str_eq(judge(&facts), "unknown");
}
END_TEST

START_TEST(whoever_may_not_open_the_file_is_told_what_right_is_missing) {
  WxVerdictFacts facts = healthy();
  WxVerdict verdict;
  facts.allocated = facts.mapped = facts.orphaned = WX_UNKNOWN;
  wx_verdict_judge(&verdict, &facts);
  ck_assert_int_eq(verdict.code, WX_VERDICT_UNKNOWN);
  ck_assert_ptr_nonnull(strstr(verdict.text, "this user may not open its file"));
  ck_assert_ptr_nonnull(strstr(verdict.next, "CAP_CHECKPOINT_RESTORE"));
  ck_assert_ptr_null(strstr(verdict.next, "audit PID"));
  facts.from_file = true;
  wx_verdict_judge(&verdict, &facts);
  ck_assert_ptr_nonnull(strstr(verdict.next, "audit PID"));
}
END_TEST

START_TEST(a_process_that_was_dumped_is_told) {
  WxVerdictFacts facts = healthy();
  facts.dumped = true;
  WxVerdict verdict;
  wx_verdict_judge(&verdict, &facts);
  ck_assert_ptr_nonnull(strstr(verdict.text, "as after a dump"));
  ck_assert_ptr_null(strstr(verdict.text, "private reserved"));
}
END_TEST

START_TEST(a_dump_is_told_by_reserved_memory_that_is_resident_too) {
  WxVerdictFacts facts = healthy();
  facts.reserved_resident = 8 * MIB - 1;
  facts.stacks_filled = 56 * MIB;
  WxVerdict verdict;
  wx_verdict_judge(&verdict, &facts);
  ck_assert_ptr_null(strstr(verdict.text, "dump"));
  facts.reserved_resident = 8 * MIB;
  wx_verdict_judge(&verdict, &facts);
  ck_assert_ptr_nonnull(strstr(verdict.text, "8.0 MiB of private reserved memory are resident"));
  facts.reserved_resident = 445 * MIB;
  wx_verdict_judge(&verdict, &facts);
  ck_assert_ptr_nonnull(strstr(verdict.text, "may be the effect of a dump"));
  ck_assert_ptr_nonnull(strstr(verdict.text, "445.0 MiB of private reserved memory are resident, "
                                             "56.0 MiB of thread stacks to the last page."));
  facts.dumped = true;
  facts.reserved_parts = 3 * MIB;
  facts.stacks_filled = WX_UNKNOWN;
  wx_verdict_judge(&verdict, &facts);
  ck_assert_ptr_nonnull(strstr(verdict.text, "3.0 MiB of reserved parts too, and 445.0 MiB of "
                                             "private reserved memory are resident."));
}
END_TEST

START_TEST(worse_codes_come_first) {
  ck_assert_int_lt(wx_verdict_rank(WX_VERDICT_RETAINED), wx_verdict_rank(WX_VERDICT_MAP_LIMIT));
  for (int code = 0; code < WX_VERDICT_UNKNOWN; ++code)
    ck_assert(code == WX_VERDICT_CLEAN || code == WX_VERDICT_NOT_AFFECTED ||
              wx_verdict_rank((WxVerdictCode)code) < wx_verdict_rank(WX_VERDICT_CLEAN));
}
END_TEST

WX_TEST_MAIN(
    "verdict",
    rows_that_may_be_lost_between_others_count_against_every_verdict_that_they_could_reverse,
    what_is_resident_and_may_be_lost_beside_it_is_not_clean_from_128_mib_on,
    in_a_dump_that_hides_the_double_mapper_holes_in_code_may_be_what_it_released,
    a_file_in_which_something_may_be_large_does_not_say_that_there_is_nothing_to_do,
    a_dump_that_hides_the_double_mapper_says_that_it_does,
    in_a_file_an_artefact_is_memory_of_others_128_mib_of_it_and_more_than_is_mapped,
    in_a_file_memory_that_malloc_or_the_collector_may_have_is_no_artefact,
    a_file_is_clean_only_where_it_is_whole_and_nothing_may_be_large_or_released,
    a_file_read_in_part_settles_nothing_but_the_number_of_mappings,
    in_a_file_the_limit_of_mappings_is_one_of_the_usual, a_healthy_process_is_clean,
    retained_begins_at_8_mib_and_a_quarter_of_allocated, retained_wins_over_everything_else,
    retained_memory_is_advised_to_be_given_back_only_as_a_reclaim_would,
    below_the_border_the_text_still_says_how_much, the_owner_of_half_of_it_is_named,
    what_the_container_holds_beside_the_process_is_named,
    other_memory_files_of_the_process_itself_are_named_with_their_descriptor,
    the_limit_of_mappings_is_near_from_90_percent_on,
    a_file_can_show_an_artefact_but_never_retained, from_a_file_the_next_step_is_the_live_process,
    retained_memory_is_given_back_by_a_command_that_can_be_typed,
    alive_an_artefact_needs_memory_of_others_inside_the_interval,
    without_a_double_mapper_a_process_is_not_affected_unless_the_source_hides_it,
    whoever_may_not_open_the_file_is_told_what_right_is_missing, a_process_that_was_dumped_is_told,
    a_dump_is_told_by_reserved_memory_that_is_resident_too, worse_codes_come_first)
