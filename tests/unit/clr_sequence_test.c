// The calls that the model makes are those of the real runtime, one by one: each expected line was
// read from the system calls of 8.0.31, 9.0.20, 10.0.14 or 11.0.0 (x86-64).
#include "clr/clr_process.h"
#include "clr/workload.h"
#include "support/recorded.h"
#include "support/suite.h"

#include <string.h>

enum { COLLECTIONS = 4 };

#define KIB ((size_t)1024)

static WxAllocator *recorder;

static WxClr *open_model(const char *version) {
  const WxClrVersion *found = wx_clr_version_find(version);
  ck_assert_ptr_nonnull(found);
  WxStrategyOptions options = wx_strategy_options_default();
  ck_assert_int_eq(wx_clr_version_options(found, &options), 0);
  recorder = wx_recorded_open("coreclr", &options);
  WxClr *clr;
  ck_assert_int_eq(wx_clr_open(found, recorder, &clr), 0);
  return clr;
}

static WxClr *start_model(const char *version) {
  WxClr *clr = open_model(version);
  ck_assert_int_eq(wx_clr_start(clr), 0);
  wx_recorded_take(recorder);
  return clr;
}

static void close_model(WxClr *clr) {
  ck_assert_int_eq(wx_clr_check(clr), 0);
  ck_assert_int_eq(wx_clr_close(clr), 0);
  ck_assert_int_eq(wx_allocator_close(recorder), 0);
}

static WxClrAssembly *make_assembly(WxClr *clr, unsigned operations) {
  WxClrAssembly *assembly;
  ck_assert_int_eq(wx_clr_assembly(clr, wx_clr_version(clr)->costs.assembly, &assembly), 0);
  for (int type = 0; type < 4; ++type) {
    ck_assert_int_eq(wx_clr_type(clr, assembly, 20), 0);
    for (int method = 0; method < 20; ++method)
      ck_assert_int_eq(wx_clr_jit(clr, assembly, wx_clr_workload_code(operations)), 0);
  }
  return assembly;
}

START_TEST(a_runtime_starts_with_barrier_global_block_and_cells) {
  WxClr *clr = open_model("net8");
  ck_assert_int_eq(wx_clr_start(clr), 0);
  ck_assert_str_eq(wx_recorded_take(recorder), "R0:4 C0+0:4x V0+0:4 R1:64 R2:64");
  close_model(clr);
}
END_TEST

START_TEST(a_small_assembly_takes_three_blocks_on_net8) {
  WxClr *clr = start_model("net8");
  make_assembly(clr, 4);
  ck_assert_str_eq(wx_recorded_take(recorder),
                   "R3:64 C3+48:4w C3+52:4w R4:64 C4+0:16x C4+16:16w V4+0:16 C3+0:4x V3+0:4 "
                   "C3+56:4w R5:64 C5+0:4w");
  close_model(clr);
}
END_TEST

START_TEST(a_small_assembly_takes_three_blocks_on_net9) {
  WxClr *clr = start_model("net9");
  make_assembly(clr, 4);
  ck_assert_str_eq(wx_recorded_take(recorder),
                   "R3:64 C3+48:4w C3+52:4w R4:64 C4+0:16x C4+16:16w V4+0:16 C3+0:4x V3+0:4 "
                   "C3+56:4w R5:64 C5+0:4w");
  close_model(clr);
}
END_TEST

START_TEST(net10_commits_the_data_page_of_a_pair_first) {
  WxClr *clr = start_model("net10");
  make_assembly(clr, 4);
  ck_assert_str_eq(wx_recorded_take(recorder),
                   "R3:64 C3+48:4w C3+52:4w R4:64 C4+16:16w C4+0:16x V4+0:16 C3+0:4x V3+0:4 "
                   "C3+56:4w R5:64 C5+0:4w");
  close_model(clr);
}
END_TEST

START_TEST(a_small_assembly_takes_two_blocks_on_net11) {
  WxClr *clr = start_model("net11");
  make_assembly(clr, 4);
  ck_assert_str_eq(wx_recorded_take(recorder),
                   "R3:64 C3+48:4w C3+52:4w R4:64 C4+16:16w C4+0:16x V4+0:16 C3+0:4x V3+0:4 "
                   "C3+56:4w C3+60:4w");
  close_model(clr);
}
END_TEST

static void assert_made_by(const char *version, unsigned operations, const char *real) {
  WxClr *clr = start_model(version);
  make_assembly(clr, operations);
  const char *made = wx_recorded_take(recorder);
  ck_assert_msg(strstr(made, real) == made, "%s", made);
  close_model(clr);
}

#define FIRST_PAGES                                                                                \
  "C3+4:4x V3+0:8 C3+8:4x V3+4:8 C3+12:4x V3+8:8 C3+16:4x V3+12:8 C3+20:4x V3+16:8 C3+24:4x "      \
  "V3+20:8 C3+28:4x V3+24:8 "
#define LATER_PAGES                                                                                \
  "C5+4:4x V5+0:8 C5+8:4x V5+4:8 C5+12:4x V5+8:8 C5+16:4x V5+12:8 C5+20:4x V5+16:8 C5+24:4x "      \
  "V5+20:8 C5+28:4x V5+24:8 C5+32:4x V5+28:8 C6+12:4w C5+36:4x V5+32:8 C5+40:4x V5+36:8 C5+44:4x " \
  "V5+40:8 C5+48:4x V5+44:8 C5+52:4x V5+48:8 C5+56:4x V5+52:8"

START_TEST(code_that_fits_the_initial_block_stays_in_it_on_net8) {
  assert_made_by("net8", 40,
                 "R3:64 C3+48:4w C3+52:4w R4:64 C4+0:16x C4+16:16w V4+0:16 C3+0:4x V3+0:4 C3+4:4x "
                 "V3+0:8 C3+56:4w C3+8:4x V3+4:8 C3+12:4x V3+8:8 R5:64 C5+0:4w C3+16:4x V3+12:8 "
                 "C3+20:4x V3+16:8");
}
END_TEST

START_TEST(code_that_fits_the_initial_block_stays_in_it_on_net10) {
  assert_made_by("net10", 40,
                 "R3:64 C3+48:4w C3+52:4w R4:64 C4+16:16w C4+0:16x V4+0:16 C3+0:4x V3+0:4 C3+4:4x "
                 "V3+0:8 C3+56:4w C3+8:4x V3+4:8 C3+12:4x V3+8:8 R5:64 C5+0:4w C3+16:4x V3+12:8 "
                 "C3+20:4x V3+16:8");
}
END_TEST

START_TEST(data_that_fits_the_initial_block_stays_in_it_on_net11) {
  assert_made_by("net11", 40,
                 "R3:64 C3+48:4w C3+52:4w R4:64 C4+16:16w C4+0:16x V4+0:16 C3+0:4x V3+0:4 C3+4:4x "
                 "V3+0:8 C3+56:4w C3+8:4x V3+4:8 C3+12:4x V3+8:8 C3+60:4w C3+16:4x V3+12:8 "
                 "C3+20:4x V3+16:8");
}
END_TEST

START_TEST(code_that_outgrows_it_gets_a_heap_and_a_nibble_map_on_net8) {
  assert_made_by(
      "net8", 200,
      "R3:64 C3+48:4w C3+52:4w R4:64 C4+0:16x C4+16:16w V4+0:16 C3+0:4x V3+0:4 " FIRST_PAGES
      "C3+32:4x C3+56:4w V3+28:8 C3+36:4x V3+32:8 R5:512 C5+0:4x R6:64 C6+0:8w V5+0:4 "
      "C6+8:4w " LATER_PAGES);
}
END_TEST

START_TEST(code_that_outgrows_it_gets_a_heap_and_a_nibble_map_on_net9) {
  assert_made_by(
      "net9", 200,
      "R3:64 C3+48:4w C3+52:4w R4:64 C4+0:16x C4+16:16w V4+0:16 C3+0:4x V3+0:4 " FIRST_PAGES
      "C3+56:4w C3+32:4x V3+28:8 C3+36:4x V3+32:8 R5:512 C5+0:4x R6:64 C6+0:8w V5+0:4 "
      "C6+8:4w " LATER_PAGES);
}
END_TEST

START_TEST(code_that_outgrows_it_gets_a_heap_and_a_longer_map_on_net10) {
  assert_made_by(
      "net10", 200,
      "R3:64 C3+48:4w C3+52:4w R4:64 C4+16:16w C4+0:16x V4+0:16 C3+0:4x V3+0:4 " FIRST_PAGES
      "C3+32:4x C3+56:4w V3+28:8 C3+36:4x V3+32:8 R5:512 C5+0:4x R6:64 C6+0:12w "
      "V5+0:4 " LATER_PAGES);
}
END_TEST

START_TEST(a_nibble_map_that_fits_the_initial_block_is_in_it_on_net11) {
  assert_made_by("net11", 1000,
                 "R3:64 C3+48:4w C3+52:4w R4:64 C4+16:16w C4+0:16x V4+0:16 C3+0:4x V3+0:4 C3+4:4x "
                 "V3+0:8 C3+8:4x V3+4:8 C3+12:8x V3+8:12 C3+20:4x V3+16:8 C3+24:8x V3+20:12 "
                 "C3+32:4x V3+28:8 R5:512 C5+0:4x C3+56:8w V5+0:4 C5+4:4x V5+0:8 C5+8:4x V5+4:8");
}
END_TEST

START_TEST(large_methods_are_mapped_two_or_three_pages_at_a_time) {
  assert_made_by("net8", 1000,
                 "R3:64 C3+48:4w C3+52:4w R4:64 C4+0:16x C4+16:16w V4+0:16 C3+0:4x V3+0:4 C3+4:4x "
                 "V3+0:8 C3+8:4x V3+4:8 C3+12:8x V3+8:12 C3+20:4x V3+16:8 C3+24:8x V3+20:12 "
                 "C3+32:4x V3+28:8 R5:512 C5+0:4x R6:64 C6+0:8w V5+0:4 C5+4:4x C6+8:4w V5+0:8 "
                 "C5+8:4x V5+4:8 C5+12:8x V5+8:12 C5+20:4x V5+16:8 C5+24:8x V5+20:12 C5+32:4x "
                 "V5+28:8 C5+36:8x V5+32:12 C5+44:4x V5+40:8");
}
END_TEST

START_TEST(dynamic_methods_are_laid_out_and_written_as_in_the_runtime) {
  WxClr *clr = start_model("net8");
  ck_assert_int_eq(wx_clr_data(clr, NULL, 64, 1), 0); // So that no other heap is set up below.
  wx_recorded_take(recorder);
  WxClrDynamic *methods[10];
  for (int i = 0; i < 10; ++i)
    ck_assert_int_eq(wx_clr_dynamic(clr, wx_clr_workload_code(1000), &methods[i]), 0);
  ck_assert_str_eq(wx_recorded_take(recorder),
                   "R4:64 C4+0:4x V4+0:4 C4+4:4x V4+4:4 V4+0:8 C4+8:4x V4+8:4 V4+4:8 C4+12:8x "
                   "V4+12:4 V4+16:4 V4+12:8 C4+20:4x V4+20:4 V4+16:8 C4+24:8x V4+24:4 V4+28:4 "
                   "V4+20:12 C4+32:4x V4+32:4 V4+28:8 C4+36:8x V4+36:4 V4+40:4 V4+32:12 C4+44:4x "
                   "V4+44:4 V4+40:8 C4+48:8x V4+48:4 V4+52:4 V4+44:12 C4+56:4x V4+56:4 V4+52:8");
  close_model(clr);
}
END_TEST

START_TEST(the_seventh_heap_of_dynamic_methods_is_four_times_as_large) {
  WxClr *clr = start_model("net8");
  WxClrDynamic *method;
  for (int i = 0; i < 61; ++i)
    ck_assert_int_eq(wx_clr_dynamic(clr, wx_clr_workload_code(1000), &method), 0);
  const WxClrCounts *counts = wx_clr_counts(clr);
  ck_assert_uint_eq(wx_clr_counts_of(counts, WX_CLR_RESERVES, 64 * KIB), 2 + 1 + 6);
  ck_assert_uint_eq(wx_clr_counts_of(counts, WX_CLR_RESERVES, 256 * KIB), 1);
  close_model(clr);
}
END_TEST

START_TEST(the_seventh_code_heap_is_four_times_as_large) {
  WxClr *clr = start_model("net8");
  for (int i = 0; i < 7; ++i)
    ck_assert_int_eq(wx_clr_jit(clr, NULL, 500 * KIB), 0);
  const WxClrCounts *counts = wx_clr_counts(clr);
  ck_assert_uint_eq(wx_clr_counts_of(counts, WX_CLR_RESERVES, 512 * KIB), 6);
  ck_assert_uint_eq(wx_clr_counts_of(counts, WX_CLR_RESERVES, 2048 * KIB), 1);
  close_model(clr);
}
END_TEST

START_TEST(an_unloaded_assembly_ends_in_two_collections_its_initial_block_last) {
  WxClr *clr = start_model("net8");
  WxClrAssembly *assembly = make_assembly(clr, 200);
  wx_recorded_take(recorder);
  wx_clr_unload(clr, assembly);
  ck_assert_int_eq(wx_clr_gc(clr), 0);
  ck_assert_str_eq(wx_recorded_take(recorder), "X5:512");
  ck_assert_int_eq(wx_clr_gc(clr), 0);
  ck_assert_str_eq(wx_recorded_take(recorder), "X6:64 X4:64 X3:64");
  close_model(clr);
}
END_TEST

START_TEST(emptied_heaps_of_dynamic_methods_go_in_the_collection_after) {
  WxClr *clr = start_model("net8");
  WxClrDynamic *methods[2];
  for (int i = 0; i < 2; ++i)
    ck_assert_int_eq(wx_clr_dynamic(clr, 1000, &methods[i]), 0);
  wx_recorded_take(recorder);
  wx_clr_drop(clr, methods[0]);
  for (int i = 0; i < COLLECTIONS; ++i)
    ck_assert_int_eq(wx_clr_gc(clr), 0);
  ck_assert_str_eq(wx_recorded_take(recorder), ""); // The other one keeps the heap.
  wx_clr_drop(clr, methods[1]);
  ck_assert_int_eq(wx_clr_gc(clr), 0);
  ck_assert_str_eq(wx_recorded_take(recorder), "");
  ck_assert_int_eq(wx_clr_gc(clr), 0);
  ck_assert_str_eq(wx_recorded_take(recorder), "X4:64");
  close_model(clr);
}
END_TEST

START_TEST(net7_puts_eight_pairs_of_pages_in_a_block) {
  WxClr *clr = start_model("net7");
  ck_assert_int_eq(wx_clr_data(clr, NULL, 0, 170), 0);
  ck_assert_str_eq(wx_recorded_take(recorder), "R3:64 C3+0:4x C3+4:4w V3+0:4");
  ck_assert_int_eq(wx_clr_data(clr, NULL, 0, 170), 0);
  ck_assert_str_eq(wx_recorded_take(recorder), "C3+8:4x C3+12:4w V3+8:4");
  for (int i = 0; i < 6; ++i)
    ck_assert_int_eq(wx_clr_data(clr, NULL, 0, 170), 0);
  wx_recorded_take(recorder);
  ck_assert_int_eq(wx_clr_data(clr, NULL, 0, 1), 0);
  ck_assert_str_eq(wx_recorded_take(recorder), "R4:64 C4+0:4x C4+4:4w V4+0:4");
  close_model(clr);
}
END_TEST

START_TEST(net6_writes_precodes_where_they_are) {
  WxClr *clr = start_model("net6");
  ck_assert_int_eq(wx_clr_data(clr, NULL, 0, 20), 0);
  ck_assert_str_eq(wx_recorded_take(recorder), "C1+52:4x V1+52:4");
  ck_assert_int_eq(wx_clr_data(clr, NULL, 0, 20), 0);
  ck_assert_str_eq(wx_recorded_take(recorder), "V1+52:4"); // It keeps no view.
  close_model(clr);
}
END_TEST

WX_TEST_MAIN("clr_sequence", a_runtime_starts_with_barrier_global_block_and_cells,
             a_small_assembly_takes_three_blocks_on_net8,
             a_small_assembly_takes_three_blocks_on_net9,
             net10_commits_the_data_page_of_a_pair_first,
             a_small_assembly_takes_two_blocks_on_net11,
             code_that_fits_the_initial_block_stays_in_it_on_net8,
             code_that_fits_the_initial_block_stays_in_it_on_net10,
             data_that_fits_the_initial_block_stays_in_it_on_net11,
             code_that_outgrows_it_gets_a_heap_and_a_nibble_map_on_net8,
             code_that_outgrows_it_gets_a_heap_and_a_nibble_map_on_net9,
             code_that_outgrows_it_gets_a_heap_and_a_longer_map_on_net10,
             a_nibble_map_that_fits_the_initial_block_is_in_it_on_net11,
             large_methods_are_mapped_two_or_three_pages_at_a_time,
             dynamic_methods_are_laid_out_and_written_as_in_the_runtime,
             the_seventh_heap_of_dynamic_methods_is_four_times_as_large,
             the_seventh_code_heap_is_four_times_as_large,
             an_unloaded_assembly_ends_in_two_collections_its_initial_block_last,
             emptied_heaps_of_dynamic_methods_go_in_the_collection_after,
             net7_puts_eight_pairs_of_pages_in_a_block, net6_writes_precodes_where_they_are)
