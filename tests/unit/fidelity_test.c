// The model against the recordings of the real runtime that are kept in scenarios/traces: what the
// parameters of a workload determine must be there exactly.
#include "scenario/fidelity_runs.h"
#include "support/suite.h"
#include "trace/reader.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KIB ((size_t)1024)

// As scripts/traces recorded them.
static const struct {
  const char *workload;
  WxClrSettings settings;
} recorded[] = {
    {"asm", {.rounds = 2, .count = 20, .size = 20}},
    {"dyn", {.rounds = 2, .count = 60, .size = 1000}},
    {"alc", {.rounds = 2, .count = 10, .size = 40}},
};

enum { WORKLOADS = sizeof recorded / sizeof *recorded };

static WxClrCounts real, model;

static void run_model(size_t workload_index, const char *runtime) {
  bool stands_in;
  const WxClrVersion *version = wx_model_of(runtime, &stands_in);
  ck_assert_ptr_nonnull(version);
  ck_assert(!stands_in);
  WxStrategyOptions options = wx_strategy_options_default();
  ck_assert_int_eq(wx_clr_version_options(version, &options), 0);
  WxAllocator *allocator;
  ck_assert_int_eq(wx_allocator_open(wx_strategy_find("coreclr"), &options, &allocator), 0);
  WxClr *clr;
  ck_assert_int_eq(wx_clr_open(version, allocator, &clr), 0);
  const WxClrWorkload *workload = wx_clr_workload_find(recorded[workload_index].workload);
  ck_assert_int_eq(
      wx_clr_workload_run(workload, clr, &recorded[workload_index].settings, NULL, NULL), 0);
  model = *wx_clr_counts(clr);
  ck_assert_int_eq(wx_clr_close(clr), 0);
  ck_assert_int_eq(wx_allocator_close(allocator), 0);
}

static void assert_releases_agree(const char *path) {
  WxFidelityRow *rows;
  size_t count, releases = 0;
  ck_assert_int_eq(wx_fidelity_counts(&real, 1, &model, &rows, &count), 0);
  for (size_t i = 0; i < count; ++i) {
    if (rows[i].rule != WX_FIDELITY_EXACT)
      continue;
    ck_assert_msg(rows[i].ok, "%s: %s: recorded %ld, model %ld", path, rows[i].name,
                  (long)rows[i].low, (long)rows[i].model);
    ++releases;
  }
  ck_assert_uint_ge(releases, 1);
  free(rows);
}

// On every version of which there is a recording: it stands in the name of the file.
static void assert_model_of(size_t workload_index) {
  char pattern[128];
  const int before_version =
      snprintf(pattern, sizeof pattern, "scenarios/traces/%s-", recorded[workload_index].workload);
  snprintf(pattern + before_version, sizeof pattern - (size_t)before_version, "*.wxt.zst");
  glob_t found;
  ck_assert_int_eq(glob(pattern, 0, NULL, &found), 0);
  ck_assert_uint_ge(found.gl_pathc, 4);
  for (size_t i = 0; i < found.gl_pathc; ++i) {
    ck_assert_int_eq(wx_fidelity_count_trace(found.gl_pathv[i], &real), 0);
    run_model(workload_index, found.gl_pathv[i] + before_version);
    assert_releases_agree(found.gl_pathv[i]);
  }
  globfree(&found);
}

START_TEST(the_model_releases_what_was_recorded_size_by_size) {
  if (system("command -v zstd >/dev/null")) {
    WX_SKIP("zstd is not installed");
    return;
  }
  for (size_t i = 0; i < WORKLOADS; ++i)
    assert_model_of(i);
}
END_TEST

START_TEST(the_model_of_a_runtime_is_that_of_its_major_version) {
  static const char *const models[][2] = {
      {"10.0.14", "net10"}, {"8.0.31", "net8"}, {"11.0.0", "net11"}};
  bool stands_in = true;
  for (size_t i = 0; i < sizeof models / sizeof *models; ++i) {
    ck_assert_str_eq(wx_model_of(models[i][0], &stands_in)->name, models[i][1]);
    ck_assert(!stands_in);
  }
}
END_TEST

START_TEST(the_newest_model_stands_in_for_a_newer_runtime) {
  static const char *const newer[] = {"12.0.0", "12.0.0-preview.1", "100.0.0"};
  for (size_t i = 0; i < sizeof newer / sizeof *newer; ++i) {
    bool stands_in = false;
    ck_assert_ptr_eq(wx_model_of(newer[i], &stands_in), wx_clr_version_newest());
    ck_assert(stands_in);
  }
}
END_TEST

START_TEST(no_model_stands_in_for_an_older_runtime) {
  static const char *const none[] = {"5.0.17", "3.1.32", "preview", ""};
  for (size_t i = 0; i < sizeof none / sizeof *none; ++i) {
    bool stands_in = true;
    ck_assert_ptr_null(wx_model_of(none[i], &stands_in));
    ck_assert(!stands_in);
  }
}
END_TEST

START_TEST(a_file_that_is_no_trace_is_not_counted) {
  ck_assert_int_eq(wx_fidelity_count_trace("Makefile", &real), -EBADMSG);
  ck_assert_int_eq(wx_fidelity_count_trace("no/such/file", &real), -ENOENT);
}
END_TEST

// How often an event stands in a trace.
static uint64_t events_of(const char *path, WxTraceKind kind) {
  WxTraceReader *reader;
  WxTraceDamage damage;
  WxTraceEvent event;
  uint64_t count = 0;
  ck_assert_int_eq(wx_trace_open(path, &reader, &damage), 0);
  while (wx_trace_next(reader, &event) > 0)
    count += event.kind == kind;
  ck_assert_int_eq(wx_trace_close(reader), 0);
  return count;
}

START_TEST(each_kind_of_event_is_counted_as_itself) {
  static const struct {
    WxTraceKind kind;
    WxClrCounted what;
  } rows[] = {{WX_TRACE_RESERVE, WX_CLR_RESERVES},
              {WX_TRACE_RELEASE, WX_CLR_RELEASES},
              {WX_TRACE_COMMIT, WX_CLR_COMMITS},
              {WX_TRACE_MAP_RW, WX_CLR_RW_MAPS}};
  glob_t found;
  ck_assert_int_eq(glob("scenarios/traces/asm-*.wxt.zst", 0, NULL, &found), 0);
  if (system("command -v zstd >/dev/null")) {
    WX_SKIP("zstd is not installed");
  } else {
    ck_assert_int_eq(wx_fidelity_count_trace(found.gl_pathv[0], &real), 0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i) {
      const uint64_t counted = wx_clr_counts_total(&real, rows[i].what);
      ck_assert_uint_ge(counted, 10);
      ck_assert_uint_eq(counted, events_of(found.gl_pathv[0], rows[i].kind));
    }
  }
  globfree(&found);
}
END_TEST

START_TEST(each_replay_is_judged_by_what_was_recorded) {
  WxFidelityReplays replays = {0};
  char problem[WX_PROBLEM_SIZE] = "";
  if (system("command -v zstd >/dev/null")) {
    WX_SKIP("zstd is not installed");
    return;
  }
  glob_t found;
  ck_assert_int_eq(glob("scenarios/traces/expr-*.wxt.zst", 0, NULL, &found), 0);
  for (size_t i = 0; i < found.gl_pathc; ++i)
    ck_assert_int_eq(wx_fidelity_replay(&replays, found.gl_pathv[i], 0, problem), 0);
  ck_assert_uint_eq(replays.count, 3);
  for (size_t i = 0; i < replays.count; ++i) {
    ck_assert(wx_fidelity_replays_row(&replays, i, found.gl_pathc).ok);
    ck_assert(!wx_fidelity_replays_row(&replays, i, found.gl_pathc + 1).ok);
  }
  ck_assert_str_eq(wx_fidelity_replays_row(&replays, 0, 1).name,
                   "replays: system calls as recorded");
  globfree(&found);
}
END_TEST

START_TEST(a_replay_that_ends_half_way_is_a_problem) {
  WxFidelityReplays replays = {0};
  char problem[WX_PROBLEM_SIZE] = "";
  ck_assert_int_eq(wx_fidelity_replay(&replays, "no/such/file", 0, problem), -EIO);
  ck_assert_ptr_nonnull(strstr(problem, "replay: "));
  ck_assert_uint_eq(replays.count, 0);
}
END_TEST

WX_TEST_MAIN("fidelity", the_model_releases_what_was_recorded_size_by_size,
             the_model_of_a_runtime_is_that_of_its_major_version,
             the_newest_model_stands_in_for_a_newer_runtime,
             no_model_stands_in_for_an_older_runtime, a_file_that_is_no_trace_is_not_counted,
             each_kind_of_event_is_counted_as_itself, each_replay_is_judged_by_what_was_recorded,
             a_replay_that_ends_half_way_is_a_problem)
