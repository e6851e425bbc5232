// The replay of events on a strategy: what each becomes, what is left out, and what fails.
#include "os/count.h"
#include "strategy/registry.h"
#include "support/inject.h"
#include "support/pkeys.h"
#include "support/suite.h"
#include "trace/replay_events.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

enum { PAGE = WX_TRACE_PAGE, BLOCK = 16 * PAGE };

static WxAllocator *allocator;
static WxReplay *replay;

static void begin(const WxStrategy *strategy) {
  WxStrategyOptions options = wx_strategy_options_default();
  options.cache = 0;
  ck_assert_int_eq(wx_allocator_open(strategy, &options, &allocator), 0);
  ck_assert_int_eq(wx_replay_open(allocator, &replay), 0);
}

static void end(void) {
  wx_replay_close(replay);
  ck_assert_int_eq(wx_allocator_close(allocator), 0);
}

static WxTraceEvent event_of(WxTraceKind kind, uint64_t offset, uint64_t size) {
  return (WxTraceEvent){.kind = kind, .offset = offset, .size = size};
}

static int apply(WxTraceKind kind, uint64_t offset, uint64_t size) {
  const WxTraceEvent event = event_of(kind, offset, size);
  return wx_replay_apply(replay, &event);
}

static int commit(uint64_t offset, uint64_t size, uint8_t protection) {
  WxTraceEvent event = event_of(WX_TRACE_COMMIT, offset, size);
  event.protection = protection;
  return wx_replay_apply(replay, &event);
}

static int extents(WxTraceScope scope, uint64_t size, WxTraceExtent extent) {
  const WxTraceEvent event = {.kind = WX_TRACE_EXTENTS,
                              .mark = true,
                              .value = scope,
                              .size = size,
                              .extent_count = 1,
                              .extents = &extent};
  return wx_replay_apply(replay, &event);
}

/// A block with one page of code, written, and one of data.
static void use_block(uint64_t offset) {
  ck_assert_int_eq(apply(WX_TRACE_RESERVE, offset, BLOCK), 0);
  ck_assert_int_eq(commit(offset, PAGE, 5), 0);
  ck_assert_int_eq(commit(offset + PAGE, PAGE, 6), 0);
  ck_assert_int_eq(apply(WX_TRACE_MAP_RW, offset, PAGE), 0);
  ck_assert_int_eq(apply(WX_TRACE_UNMAP_RW, offset, PAGE), 0);
}

static const WxReplayTally *tally(void) {
  return wx_replay_tally(replay);
}

static void live_and_die_on(const WxStrategy *strategy) {
  begin(strategy);
  for (uint64_t i = 0; i < 10; i++)
    use_block(i * BLOCK);
  ck_assert_uint_eq(tally()->live_blocks, 10);
  ck_assert_uint_eq(tally()->live_bytes, 10 * PAGE);
  ck_assert_uint_eq(tally()->reserved_bytes, 10 * BLOCK);
  for (uint64_t i = 0; i < 10; i++)
    ck_assert_int_eq(apply(WX_TRACE_RELEASE, i * BLOCK, BLOCK), 0);
  ck_assert_uint_eq(tally()->live_blocks, 0);
  ck_assert_uint_eq(tally()->live_bytes, 0);
  ck_assert_uint_eq(tally()->left_out, 0);
  for (int i = 0; i < WX_OPERATIONS; i++)
    ck_assert_uint_eq(tally()->done[i], i == WX_COMMIT ? 20 : 10);
  end();
}

START_TEST(each_event_is_one_operation_on_every_strategy) {
  const WxStrategy *strategy;
  wx_test_pkeys();
  for (size_t i = 0; (strategy = wx_strategy_at(i)); i++)
    if (!(strategy->capabilities & WX_IS_REFUTED))
      live_and_die_on(strategy);
}
END_TEST

START_TEST(extents_show_which_pages_of_a_block_were_written) {
  begin(&wx_strategy_coreclr);
  use_block(0);
  use_block(BLOCK);
  ck_assert_uint_eq(tally()->live_bytes, 2 * PAGE);
  ck_assert_int_eq(extents(WX_TRACE_OF_BLOCK, BLOCK, (WxTraceExtent){0, 2 * PAGE}), 0);
  ck_assert_uint_eq(tally()->live_bytes, 3 * PAGE);
  // Beyond what is committed: memory of an earlier block at the same place of the file.
  ck_assert_int_eq(extents(WX_TRACE_OF_FILE, 4 * BLOCK, (WxTraceExtent){0, 4 * BLOCK}), 0);
  ck_assert_uint_eq(tally()->live_bytes, 4 * PAGE);
  end();
}
END_TEST

START_TEST(end_is_known_after_the_scan_at_exit_and_its_last_one_counts) {
  begin(&wx_strategy_coreclr);
  use_block(0);
  ck_assert(!tally()->recorded_end_known);
  ck_assert_int_eq(extents(WX_TRACE_AT_EXIT, BLOCK, (WxTraceExtent){0, 2 * PAGE}), 0);
  ck_assert(tally()->recorded_end_known);
  ck_assert_uint_eq(tally()->recorded_end_bytes, 2 * PAGE);
  ck_assert_int_eq(commit(2 * PAGE, PAGE, 6), 0);
  ck_assert_uint_eq(tally()->after_end, 1);
  ck_assert_int_eq(extents(WX_TRACE_AT_EXIT, BLOCK, (WxTraceExtent){0, 3 * PAGE}), 0);
  ck_assert_uint_eq(tally()->recorded_end_bytes, 3 * PAGE);
  ck_assert_uint_eq(tally()->after_end, 0);
  end();
}
END_TEST

/// Files 1 and 2, scanned twice.
START_TEST(last_scan_of_each_file_counts_where_the_first_file_is_gone) {
  begin(&wx_strategy_coreclr);
  for (uint64_t pages = 1; pages <= 2; pages++)
    for (uint32_t file = 1; file <= 2; file++) {
      WxTraceExtent extent = {0, pages * PAGE};
      const WxTraceEvent event = {.kind = WX_TRACE_EXTENTS,
                                  .mark = true,
                                  .value = WX_TRACE_AT_EXIT,
                                  .file = file,
                                  .size = BLOCK,
                                  .extent_count = 1,
                                  .extents = &extent};
      ck_assert_int_eq(wx_replay_apply(replay, &event), 0);
      ck_assert_uint_eq(tally()->recorded_end_bytes, file * pages * PAGE);
    }
  end();
}
END_TEST

START_TEST(growth_adds_up_to_what_the_recorded_file_held) {
  begin(&wx_strategy_rwx);
  const int64_t growths[] = {8 * PAGE, 4 * PAGE, -10 * PAGE, PAGE};
  for (size_t i = 0; i < sizeof growths / sizeof *growths; i++) {
    WxTraceEvent event = event_of(WX_TRACE_OTHER, 0, PAGE);
    event.growth = growths[i];
    ck_assert_int_eq(wx_replay_apply(replay, &event), 0);
  }
  ck_assert_uint_eq(tally()->recorded_bytes, 3 * PAGE);
  ck_assert_uint_eq(tally()->recorded_peak, 12 * PAGE);
  end();
}
END_TEST

static WxReplayGiver giver_of(int64_t at_first_fill, int64_t at_second_fill, int64_t at_reserve) {
  begin(&wx_strategy_rwx);
  const int64_t growths[] = {at_reserve, at_first_fill, at_second_fill};
  for (uint64_t i = 0; i < 3; i++) {
    WxTraceEvent event = event_of(i ? WX_TRACE_RELEASE : WX_TRACE_RESERVE, i * BLOCK, BLOCK);
    event.mark = true;
    event.growth = growths[i];
    ck_assert_int_eq(wx_replay_apply(replay, &event), 0);
  }
  const WxReplayGiver giver = wx_replay_giver(tally());
  end();
  return giver;
}

START_TEST(a_file_that_shrinks_at_releases_was_recorded_beside_the_preload) {
  ck_assert_int_eq(giver_of(PAGE, BLOCK - PAGE, PAGE), WX_REPLAY_NOBODY);
  ck_assert_int_eq(giver_of(-PAGE, -PAGE, PAGE), WX_REPLAY_PRELOAD);
  ck_assert_int_eq(giver_of(-PAGE, PAGE, PAGE), WX_REPLAY_PRELOAD); // Hidden by what was written.
  ck_assert_int_eq(giver_of(PAGE, BLOCK - PAGE, -PAGE), WX_REPLAY_OUTSIDE);
  ck_assert_int_eq(giver_of(-PAGE, -PAGE, -PAGE), WX_REPLAY_OUTSIDE);
}
END_TEST

START_TEST(what_the_trace_does_not_describe_is_left_out) {
  begin(&wx_strategy_coreclr);
  use_block(BLOCK);
  const struct {
    WxTraceKind kind;
    uint64_t offset;
    uint64_t size;
  } rows[] = {
      {WX_TRACE_COMMIT, 0, PAGE},                    // No block there.
      {WX_TRACE_COMMIT, 2 * BLOCK - PAGE, 2 * PAGE}, // Across its end.
      {WX_TRACE_COMMIT, BLOCK, 0},                   // Nothing.
      {WX_TRACE_MAP_RW, 0, PAGE},
      {WX_TRACE_MAP_RW, BLOCK, 3 * PAGE}, // Not all committed: writing would be fatal.
      {WX_TRACE_MAP_RW, BLOCK, 0},
      {WX_TRACE_UNMAP_RW, BLOCK, PAGE}, // No such view.
      {WX_TRACE_RELEASE, 0, BLOCK},
      {WX_TRACE_RELEASE, BLOCK, PAGE},            // A part.
      {WX_TRACE_RELEASE, BLOCK + PAGE, PAGE},     // Not its beginning.
      {WX_TRACE_RESERVE, BLOCK, BLOCK},           // There already.
      {WX_TRACE_RESERVE, BLOCK - PAGE, 2 * PAGE}, // Reaches into it.
      {WX_TRACE_RESERVE, 0, 4 * BLOCK},           // Around it.
      {WX_TRACE_RESERVE, 0, 0},
      {WX_TRACE_RESERVE, 8 * BLOCK, (uint64_t)1 << 40}, // No runtime makes it.
      {WX_TRACE_RESERVE, (uint64_t)1 << 60, BLOCK},
      {WX_TRACE_TEMPLATE_DATA, BLOCK, BLOCK},
      {WX_TRACE_TEMPLATE_CODE, BLOCK, BLOCK},
      {WX_TRACE_OTHER, BLOCK, BLOCK},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const WxReplayTally before = *tally();
    ck_assert_int_eq(apply(rows[i].kind, rows[i].offset, rows[i].size), 0);
    ck_assert_msg(tally()->left_out == before.left_out + 1, "row %zu was replayed", i);
    ck_assert_int_eq(memcmp(tally()->done, before.done, sizeof before.done), 0);
  }
  ck_assert_uint_eq(tally()->live_blocks, 1);
  end();
}
END_TEST

START_TEST(views_of_one_range_are_all_unmapped) {
  begin(&wx_strategy_coreclr);
  use_block(0);
  for (int i = 0; i < 3; i++)
    ck_assert_int_eq(apply(WX_TRACE_MAP_RW, 0, PAGE), 0);
  for (int i = 0; i < 3; i++)
    ck_assert_int_eq(apply(WX_TRACE_UNMAP_RW, 0, PAGE), 0);
  ck_assert_uint_eq(tally()->left_out, 0);
  ck_assert_int_eq(apply(WX_TRACE_UNMAP_RW, 0, PAGE), 0);
  ck_assert_uint_eq(tally()->left_out, 1);
  end();
}
END_TEST

START_TEST(files_of_two_runtimes_are_told_apart) {
  begin(&wx_strategy_coreclr);
  WxTraceEvent event = event_of(WX_TRACE_RESERVE, 0, BLOCK);
  for (event.file = 0; event.file < 4; event.file++)
    ck_assert_int_eq(wx_replay_apply(replay, &event), 0);
  ck_assert_uint_eq(tally()->live_blocks, 4);
  ck_assert_uint_eq(tally()->left_out, 0);
  event.file = UINT32_MAX;
  ck_assert_int_eq(wx_replay_apply(replay, &event), 0);
  ck_assert_uint_eq(tally()->left_out, 1);
  end();
}
END_TEST

START_TEST(everything_live_is_released_at_the_end) {
  begin(&wx_strategy_coreclr);
  for (uint64_t i = 0; i < 100; i++)
    use_block(i * BLOCK);
  ck_assert_int_eq(apply(WX_TRACE_MAP_RW, 0, PAGE), 0);
  ck_assert_int_eq(wx_replay_release_all(replay), 0);
  ck_assert_uint_eq(tally()->live_blocks, 0);
  ck_assert_uint_eq(tally()->live_bytes, 0);
  ck_assert_uint_eq(tally()->reserved_bytes, 0);
  end();
}
END_TEST

START_TEST(system_calls_of_100000_live_blocks_are_one_an_event) {
  enum { COUNT = 100000 };
  // Its blocks merge into few mappings; on the others the kernel's limit comes first.
  begin(&wx_strategy_rwx);
  const WxOsCounts before = wx_os_counts();
  for (uint64_t i = 0; i < COUNT; i++)
    if (apply(WX_TRACE_RESERVE, i * PAGE, PAGE))
      ck_abort_msg("block %ju failed", (uintmax_t)i);
  const WxOsCounts after = wx_os_counts();
  const WxOsCounts made = wx_os_counts_since(&before, &after);
  ck_assert_uint_eq(wx_os_counts_total(&made), COUNT);
  ck_assert_uint_eq(tally()->live_blocks, COUNT);
  end();
}
END_TEST

/// A whole life of two blocks; the first failure ends it.
static int live_and_end(void *unused) {
  (void)unused;
  WxStrategyOptions options = wx_strategy_options_default();
  options.cache = 0;
  int result = wx_allocator_open(&wx_strategy_coreclr, &options, &allocator);
  if (result)
    return result;
  result = wx_replay_open(allocator, &replay);
  for (uint64_t i = 0; i < 2 && !result; i++) {
    result = apply(WX_TRACE_RESERVE, i * BLOCK, BLOCK);
    result = result ? result : commit(i * BLOCK, PAGE, 5);
    result = result ? result : apply(WX_TRACE_MAP_RW, i * BLOCK, PAGE);
    result = result ? result : apply(WX_TRACE_UNMAP_RW, i * BLOCK, PAGE);
  }
  result = result ? result : wx_replay_release_all(replay);
  wx_replay_close(replay);
  const int closed = wx_allocator_close(allocator);
  if (closed)
    ck_assert_int_eq(wx_allocator_close(allocator), 0);
  return result ? result : closed;
}

static WxHeld held;

static void nothing_is_left(void *unused) {
  (void)unused;
  const WxHeld now = wx_held();
  ck_assert_uint_eq(now.descriptors, held.descriptors);
}

START_TEST(each_failing_call_ends_the_replay_and_leaves_nothing) {
  held = wx_held();
  ck_assert_uint_ge(wx_inject_each(ENOMEM, live_and_end, nothing_is_left, NULL), 8);
}
END_TEST

WX_TEST_MAIN("replay", each_event_is_one_operation_on_every_strategy,
             extents_show_which_pages_of_a_block_were_written,
             end_is_known_after_the_scan_at_exit_and_its_last_one_counts,
             last_scan_of_each_file_counts_where_the_first_file_is_gone,
             growth_adds_up_to_what_the_recorded_file_held,
             a_file_that_shrinks_at_releases_was_recorded_beside_the_preload,
             what_the_trace_does_not_describe_is_left_out, views_of_one_range_are_all_unmapped,
             files_of_two_runtimes_are_told_apart, everything_live_is_released_at_the_end,
             system_calls_of_100000_live_blocks_are_one_an_event,
             each_failing_call_ends_the_replay_and_leaves_nothing)
