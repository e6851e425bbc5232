// Strategies and the replay of traces where memory runs out: whatever fails can be closed, and
// nothing is left.
#include "memory/failing.h"
#include "os/library.h"
#include "os/os.h"
#include "strategy/strategy.h"
#include "support/pkeys.h"
#include "support/suite.h"
#include "support/written.h"
#include "trace/bare.h"
#include "trace/reader.h"
#include "trace/replay_events.h"
#include "trace/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BLOCKS = 20, BLOCK = 65536, PAGE = 4096 };

// A block that is reserved, written and released.
static int use_block(WxAllocator *allocator, void **block) {
  void *view = NULL;
  int result = wx_allocator_reserve(allocator, BLOCK, WX_ANYWHERE, block);
  if (!result)
    result = wx_allocator_commit(allocator, *block, PAGE, true);
  if (!result)
    result = wx_allocator_map_rw(allocator, *block, PAGE, true, &view);
  if (!result) {
    memset(view, 0xc3, PAGE);
    result = wx_allocator_unmap_rw(allocator, view);
  }
  return result;
}

static int live_and_die(void *context) {
  const WxStrategyOptions options = wx_strategy_options_default();
  WxAllocator *allocator;
  int result = wx_allocator_open(context, &options, &allocator);
  if (result)
    return result;
  void *blocks[BLOCKS];
  size_t count = 0;
  while (count < BLOCKS && !result)
    result = use_block(allocator, &blocks[count++]);
  for (size_t i = 0; i < count && !result; i += 2)
    result = wx_allocator_release(allocator, blocks[i]);
  memory_suffices(); // What is left is released now, whatever failed before.
  const int closed = wx_allocator_close(allocator);
  return result ? result : closed;
}

START_TEST(a_strategy_does_what_it_is_asked_for_or_says_no) {
  const WxStrategy *strategy;
  wx_test_pkeys();
  for (size_t i = 0; (strategy = wx_strategy_at(i)); ++i)
    ck_assert_uint_ge(memory_fail_each(live_and_die, (void *)strategy), 2);
}
END_TEST

/* Traces
 * -------------------------------------------------------------------------------------------------
 */

static void put(WxTraceWriter *writer, WxTraceKind kind, uint64_t number, uint64_t size) {
  const WxTraceEvent event = {
      .kind = kind, .protection = 5, .offset = number * BLOCK, .size = size, .time_ns = number};
  wx_trace_write(writer, &event);
}

static void record(char path[WRITTEN_PATH]) {
  static WxTraceWriter writer;
  written_text(path, "");
  const int fd = open(path, O_RDWR | O_CLOEXEC);
  wx_trace_begin(&writer, fd, &(WxTraceHeader){.page_size = PAGE, .architecture = 62});
  for (uint64_t i = 0; i < BLOCKS; ++i) {
    put(&writer, WX_TRACE_RESERVE, i, BLOCK);
    put(&writer, WX_TRACE_COMMIT, i, PAGE);
    put(&writer, WX_TRACE_MAP_RW, i, PAGE);
    put(&writer, WX_TRACE_UNMAP_RW, i, PAGE);
    WxTraceExtent extent = {i * BLOCK, PAGE};
    wx_trace_write(&writer, &(WxTraceEvent){.kind = WX_TRACE_EXTENTS,
                                            .mark = true,
                                            .value = WX_TRACE_OF_FILE,
                                            .size = BLOCKS * BLOCK,
                                            .extent_count = 1,
                                            .extents = &extent});
    if (i % 2)
      put(&writer, WX_TRACE_RELEASE, i, BLOCK);
  }
  ck_assert_int_eq(wx_trace_finish(&writer), 0);
  close(fd);
}

static int read_trace(void *path) {
  WxTraceReader *reader;
  WxTraceDamage damage;
  WxTraceEvent event;
  int result = wx_trace_open(path, &reader, &damage);
  if (result)
    return result;
  uint64_t events = 0;
  while ((result = wx_trace_next(reader, &event)) > 0)
    ++events;
  const int closed = wx_trace_close(reader);
  memory_suffices();
  ck_assert(result || events == BLOCKS * 5 + BLOCKS / 2);
  return result ? result : closed;
}

// All events onto the runtime's own strategy.
static int replay(void *path) {
  const WxStrategyOptions options = wx_strategy_options_default();
  WxAllocator *allocator;
  WxReplay *opened = NULL;
  WxTraceReader *reader = NULL;
  WxTraceDamage damage;
  WxTraceEvent event;
  int result = wx_allocator_open(wx_strategy_find("coreclr"), &options, &allocator);
  if (result)
    return result;
  result = wx_replay_open(allocator, &opened);
  if (!result)
    result = wx_trace_open(path, &reader, &damage);
  while (!result && (result = wx_trace_next(reader, &event)) > 0)
    result = wx_replay_apply(opened, &event);
  memory_suffices();
  if (reader)
    (void)wx_trace_close(reader);
  if (opened)
    wx_replay_close(opened);
  const int closed = wx_allocator_close(allocator);
  return result ? result : closed;
}

static int make_bare(void *path) {
  WxBare *bare = NULL;
  const int result = wx_bare_make(path, &bare);
  if (!result)
    wx_bare_free(bare);
  return result;
}

START_TEST(a_trace_is_read_and_replayed_or_memory_is_said_to_be_out) {
  char path[WRITTEN_PATH];
  record(path);
  ck_assert_uint_ge(memory_fail_each(read_trace, path), 1);
  ck_assert_uint_ge(memory_fail_each(replay, path), 20);
  ck_assert_uint_ge(memory_fail_each(make_bare, path), 4);
  unlink(path);
}
END_TEST

static int load_nothing(void *context) {
  (void)context;
  void *library;
  char why[WX_LIBRARY_WHY];
  const int result = wx_library_load("libno-such-memory.so.1", &library, why);
  return result == -ENOEXEC ? 0 : result;
}

// The loader keeps what it says until it is asked again.
START_TEST(a_library_that_is_not_there_leaves_nothing) {
  ck_assert_uint_ge(memory_fail_each(load_nothing, NULL), 3);
}
END_TEST

WX_TEST_MAIN("strategy_memory", a_strategy_does_what_it_is_asked_for_or_says_no,
             a_trace_is_read_and_replayed_or_memory_is_said_to_be_out,
             a_library_that_is_not_there_leaves_nothing)
