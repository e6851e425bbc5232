// A whole replay: its figures, and whether it is held against the recording.
#include "strategy/registry.h"
#include "support/suite.h"
#include "support/written.h"
#include "trace/replay_run.h"
#include "trace/writer.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { PAGE = WX_TRACE_PAGE, BLOCK = 16 * PAGE };

static void put(WxTraceWriter *writer, WxTraceKind kind, uint64_t size, int64_t growth) {
  const WxTraceEvent event = {.kind = kind, .protection = 5, .size = size, .growth = growth};
  wx_trace_write(writer, &event);
}

// A recording of one block of which one page was written, and of nothing else. It says that the
// file held `peak` pages at the most and `end` pages when the program ended.
static void record(char path[WRITTEN_PATH], int64_t peak, uint64_t end) {
  static WxTraceWriter writer;
  written_text(path, "");
  const int fd = open(path, O_RDWR | O_CLOEXEC);
  ck_assert_int_ge(fd, 0);
  wx_trace_begin(&writer, fd, &(WxTraceHeader){.page_size = PAGE, .architecture = 62});
  put(&writer, WX_TRACE_FILE, 0, 0);
  put(&writer, WX_TRACE_RESERVE, BLOCK, 0);
  put(&writer, WX_TRACE_COMMIT, PAGE, 0);
  put(&writer, WX_TRACE_MAP_RW, PAGE, 0);
  put(&writer, WX_TRACE_UNMAP_RW, PAGE, peak * PAGE);
  WxTraceExtent extent = {0, end * PAGE};
  const WxTraceEvent last = {.kind = WX_TRACE_EXTENTS,
                             .mark = true,
                             .value = WX_TRACE_AT_EXIT,
                             .size = BLOCK,
                             .extent_count = 1,
                             .extents = &extent};
  wx_trace_write(&writer, &last);
  ck_assert_int_eq(wx_trace_finish(&writer), 0);
  ck_assert_int_eq(close(fd), 0);
}

static void replay(WxReplayRun *run, const char *path, const WxStrategy *strategy) {
  ck_assert_int_eq(wx_replay_run(&(WxReplayOrder){.path = path, .strategy = strategy}, run), 0);
  ck_assert_msg(!run->result.ended, "%s", run->ended.text);
}

static bool holds(const WxReplayRun *run, const char *name) {
  for (size_t i = 0; i < run->result.expectation_count; ++i)
    if (strcmp(run->result.expectations[i].name, name) == 0)
      return run->result.expectations[i].ok;
  ck_abort_msg("nothing is expected of '%s'", name);
}

START_TEST(a_replay_is_held_against_what_was_recorded_both_ways) {
  static const struct {
    int64_t peak;
    uint64_t end;
    bool peak_holds, end_holds;
  } rows[] = {{1, 1, true, true}, {2, 1, false, true}, {0, 1, false, true}, {1, 2, true, false}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i) {
    char path[WRITTEN_PATH];
    static WxReplayRun run;
    record(path, rows[i].peak, rows[i].end);
    replay(&run, path, &wx_strategy_coreclr);
    ck_assert(holds(&run, "system calls as recorded"));
    ck_assert_msg(holds(&run, "peak of memory as recorded") == rows[i].peak_holds, "row %zu", i);
    ck_assert_msg(holds(&run, "memory at the end as recorded") == rows[i].end_holds, "row %zu", i);
    wx_replay_run_free(&run);
    unlink(path);
  }
}
END_TEST

// To release it fills the block: the file holds more at `end` than it ever did while recorded, when
// nothing of it was released.
START_TEST(what_the_release_behind_it_leaves_is_no_part_of_what_was_recorded) {
  char path[WRITTEN_PATH];
  static WxReplayRun run;
  record(path, 1, 1);
  replay(&run, path, &wx_strategy_coreclr);
  ck_assert_int_eq(run.result.metrics.allocated_peak_bytes, PAGE);
  ck_assert_int_eq(run.result.metrics.retained_bytes, 0);
  ck_assert_int_eq(run.result.samples[run.result.sample_count - 1].allocated_bytes, BLOCK);
  wx_replay_run_free(&run);
  unlink(path);
}
END_TEST

WX_TEST_MAIN("replay_run", a_replay_is_held_against_what_was_recorded_both_ways,
             what_the_release_behind_it_leaves_is_no_part_of_what_was_recorded)
