// Whole workloads on the model against what was measured of the real runtime.
#include "clr/machine_code.h"
#include "clr/workload.h"
#include "support/strategy_file.h"
#include "support/suite.h"

#include <errno.h>
#include <string.h>

enum { METHOD = 600, ASSEMBLIES = 12 };

#define KIB ((size_t)1024)

static WxAllocator *allocator;

static WxClr *open_model(const char *name) {
  const WxClrVersion *version = wx_clr_version_find(name);
  ck_assert_ptr_nonnull(version);
  WxStrategyOptions options = wx_strategy_options_default();
  ck_assert_int_eq(wx_clr_version_options(version, &options), 0);
  ck_assert_int_eq(wx_allocator_open(wx_strategy_find("coreclr"), &options, &allocator), 0);
  WxClr *clr;
  ck_assert_int_eq(wx_clr_open(version, allocator, &clr), 0);
  return clr;
}

static void close_model(WxClr *clr) {
  ck_assert_int_eq(wx_clr_close(clr), 0);
  ck_assert_int_eq(wx_allocator_close(allocator), 0);
}

// What is measured of whole runs, by version and workload (rounds 2): blocks released in all.
static const struct {
  const char *version, *workload;
  uint64_t small, large;
} real[] = {
    {"net8", "asm", 600, 0},  {"net9", "asm", 600, 0},  {"net10", "asm", 600, 0},
    {"net11", "asm", 400, 0}, {"net8", "dyn", 12, 2},   {"net9", "dyn", 12, 2},
    {"net10", "dyn", 12, 2},  {"net11", "dyn", 12, 2},  {"net8", "alc", 500, 0},
    {"net9", "alc", 600, 0},  {"net10", "alc", 500, 0}, {"net11", "alc", 500, 0},
    {"net8", "keep", 0, 0},   {"net11", "keep", 0, 0},
};

START_TEST(a_workload_releases_exactly_what_the_real_runtime_releases) {
  WxClr *clr = open_model(real[_i].version);
  const WxClrWorkload *workload = wx_clr_workload_find(real[_i].workload);
  ck_assert_int_eq(wx_clr_workload_run(workload, clr, &workload->defaults, NULL, NULL), 0);
  const WxClrCounts *counts = wx_clr_counts(clr);
  ck_assert_uint_eq(wx_clr_counts_of(counts, WX_CLR_RELEASES, 64 * KIB), real[_i].small);
  ck_assert_uint_eq(wx_clr_counts_of(counts, WX_CLR_RELEASES, 256 * KIB), real[_i].large);
  ck_assert_uint_eq(wx_clr_counts_total(counts, WX_CLR_RELEASES), real[_i].small + real[_i].large);
  close_model(clr);
}
END_TEST

static int note_live(void *context, const WxClr *clr, unsigned round, const char *name) {
  (void)round;
  if (strcmp(name, "collected") == 0)
    *(uint64_t *)context = wx_clr_usage(clr).live_bytes;
  return 0;
}

START_TEST(what_is_kept_is_live_to_the_end) {
  static const WxClrSettings few = {.rounds = 2, .count = 10, .size = 20};
  uint64_t kept, dropped;
  WxClr *clr = open_model("net10");
  ck_assert_int_eq(wx_clr_workload_run(wx_clr_workload_find("keep"), clr, &few, note_live, &kept),
                   0);
  ck_assert_uint_eq(wx_clr_usage(clr).live_bytes, wx_test_allocated_bytes());
  close_model(clr);
  clr = open_model("net10");
  ck_assert_int_eq(wx_clr_workload_run(wx_clr_workload_find("asm"), clr, &few, note_live, &dropped),
                   0);
  ck_assert_uint_ge(kept, dropped + 20 * 32 * KIB);
  close_model(clr);
}
END_TEST

START_TEST(live_bytes_are_what_the_file_holds_before_anything_is_released) {
  WxClr *clr = open_model("net8");
  ck_assert_int_eq(wx_clr_start(clr), 0);
  for (int i = 0; i < ASSEMBLIES; ++i) {
    WxClrAssembly *assembly;
    ck_assert_int_eq(wx_clr_assembly(clr, 4000, &assembly), 0);
    ck_assert_int_eq(wx_clr_type(clr, assembly, 30), 0);
    ck_assert_int_eq(wx_clr_jit(clr, assembly, METHOD), 0);
  }
  ck_assert_uint_eq(wx_clr_usage(clr).live_bytes, wx_test_allocated_bytes());
  close_model(clr);
}
END_TEST

START_TEST(changed_code_is_noticed_and_not_called) {
  unsigned char code[METHOD];
  wx_clr_machine_code_emit(code, sizeof code, 7);
  code[METHOD / 2] ^= 1;
  ck_assert_int_eq(wx_clr_machine_code_check(code, sizeof code, 7), -EILSEQ);
}
END_TEST

START_TEST(unknown_names_are_no_version_and_no_workload) {
  ck_assert_ptr_null(wx_clr_version_find("net5"));
  ck_assert_ptr_null(wx_clr_workload_find("hello"));
  ck_assert_str_eq(wx_clr_version_at(0)->name, "net6");
  ck_assert_ptr_null(wx_clr_version_at(6));
}
END_TEST

static int note_collected(void *context, const WxClr *clr, unsigned round, const char *name) {
  (void)clr;
  if (strcmp(name, "collected") == 0)
    ((uint64_t *)context)[round] = wx_test_allocated_bytes();
  return 0;
}

START_TEST(a_round_that_repeats_the_last_one_keeps_nothing_more) {
  WxClr *clr = open_model("net10");
  const WxClrWorkload *workload = wx_clr_workload_find("asm");
  const WxClrSettings settings = {.rounds = 4, .count = 130, .size = 4};
  uint64_t after[5] = {0};
  ck_assert_int_eq(wx_clr_workload_run(workload, clr, &settings, note_collected, after), 0);
  ck_assert_uint_gt(after[1], 0);
  ck_assert_uint_eq(after[4], after[3]); // In the first two its own methods become hot.
  close_model(clr);
}
END_TEST

int main(void) {
  const TTest *const each[] = {a_workload_releases_exactly_what_the_real_runtime_releases};
  const TTest *const once[] = {
      what_is_kept_is_live_to_the_end,
      live_bytes_are_what_the_file_holds_before_anything_is_released,
      changed_code_is_noticed_and_not_called,
      unknown_names_are_no_version_and_no_workload,
      a_round_that_repeats_the_last_one_keeps_nothing_more,
  };
  const int first =
      wx_suite_run_variants("clr_workload", each, 1, (int)(sizeof real / sizeof *real));
  const int second = wx_suite_run("clr_workload", once, sizeof once / sizeof *once);
  return first ? first : second;
}
