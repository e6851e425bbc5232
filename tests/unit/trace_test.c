// The trace format: what is written is read again, and damage is found where it is.
#include "os/count.h"
#include "support/inject.h"
#include "support/suite.h"
#include "trace/reader.h"
#include "trace/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PAGE = WX_TRACE_PAGE, SEALED_SIZE_AT = 8 };

static WxTraceEvent event_of(WxTraceKind kind, uint64_t number) {
  return (WxTraceEvent){.kind = kind,
                        .time_ns = number * 1000,
                        .thread = (uint32_t)(number / 7),
                        .offset = number * 16 * PAGE,
                        .size = 16 * PAGE};
}

/// A trace of `count` reserves and releases in a memory file.
static int make_trace(uint64_t count) {
  static WxTraceWriter writer;
  const int fd = memfd_create("trace", MFD_CLOEXEC);
  ck_assert_int_ge(fd, 0);
  wx_trace_begin(&writer, fd, &(WxTraceHeader){.page_size = 4096, .architecture = 62});
  for (uint64_t i = 0; i < count; i++) {
    const WxTraceEvent event = event_of(i % 2 ? WX_TRACE_RELEASE : WX_TRACE_RESERVE, i);
    wx_trace_write(&writer, &event);
  }
  ck_assert_int_eq(wx_trace_finish(&writer), 0);
  ck_assert_int_eq((int)lseek(fd, 0, SEEK_SET), 0);
  return fd;
}

static bool same_extents(const WxTraceEvent *one, const WxTraceEvent *other) {
  bool same = one->extent_count == other->extent_count;
  for (uint32_t i = 0; same && i < one->extent_count; i++)
    same = one->extents[i].offset == other->extents[i].offset &&
           one->extents[i].size == other->extents[i].size;
  return same;
}

static void assert_same(const WxTraceEvent *one, const WxTraceEvent *other) {
  ck_assert(one->kind == other->kind && one->mark == other->mark &&
            one->protection == other->protection && one->thread == other->thread &&
            one->file == other->file && one->time_ns == other->time_ns &&
            one->growth == other->growth && one->offset == other->offset &&
            one->size == other->size && one->value == other->value && same_extents(one, other));
}

/// One event of each kind with every field it has, at the ends of their ranges.
static WxTraceEvent full_event(WxTraceKind kind) {
  const uint64_t far = ((uint64_t)1 << 48) - 2 * PAGE;
  WxTraceEvent event = {.kind = kind, .mark = kind % 2, .thread = UINT32_MAX, .file = UINT32_MAX};
  event.time_ns = UINT64_MAX / 2;
  event.growth = kind % 2 ? -(int64_t)far : (int64_t)far;
  if (kind == WX_TRACE_FILE || kind == WX_TRACE_FORK) {
    event.value = UINT64_MAX;
    return event;
  }
  event.offset = far;
  event.size = 512 * PAGE;
  event.protection = kind == WX_TRACE_COMMIT || kind == WX_TRACE_OTHER ? 7 : 0;
  event.value = kind == WX_TRACE_OTHER ? WX_TRACE_MPROTECT : 0;
  if (kind == WX_TRACE_EXTENTS) {
    event.value = WX_TRACE_AT_EXIT;
    static WxTraceExtent extents[WX_TRACE_MOST_EXTENTS];
    event.extents = extents;
    event.extent_count = WX_TRACE_MOST_EXTENTS;
    for (uint32_t i = 0; i < WX_TRACE_MOST_EXTENTS; i++)
      event.extents[i] = (WxTraceExtent){far + 2 * i * PAGE, i % 2 ? PAGE : 2 * PAGE};
  }
  return event;
}

START_TEST(each_kind_is_read_as_it_was_written) {
  for (unsigned kind = WX_TRACE_FILE; kind <= WX_TRACE_OTHER; kind++) {
    uint8_t bytes[WX_TRACE_LARGEST];
    WxTraceContext writing = {0};
    WxTraceContext reading = {0};
    const WxTraceEvent event = full_event((WxTraceKind)kind);
    const size_t size = wx_trace_encode(&event, &writing, bytes);
    ck_assert_uint_le(size, sizeof bytes);
    WxTraceExtent extents[WX_TRACE_MOST_EXTENTS];
    WxTraceEvent back = {.extents = extents};
    ck_assert_int_eq(wx_trace_decode(&back, &reading, bytes, size), (int)size);
    assert_same(&event, &back);
    ck_assert_ptr_nonnull(wx_trace_kind_name(kind));
    for (size_t cut = 1; cut < size; cut++) {
      reading = (WxTraceContext){0};
      ck_assert_int_eq(wx_trace_decode(&back, &reading, bytes, cut), WX_TRACE_CUT);
    }
  }
  ck_assert_ptr_null(wx_trace_kind_name(0));
  ck_assert_ptr_null(wx_trace_kind_name(WX_TRACE_OTHER + 1));
}
END_TEST

START_TEST(usual_event_takes_few_bytes) {
  uint8_t bytes[WX_TRACE_LARGEST];
  WxTraceContext context = {.time_ns = 1000000, .thread = 3};
  const WxTraceEvent event = {.kind = WX_TRACE_MAP_RW,
                              .time_ns = 1010000,
                              .thread = 3,
                              .offset = 12345 * (uint64_t)PAGE,
                              .size = PAGE};
  ck_assert_uint_eq(wx_trace_encode(&event, &context, bytes), 6);
}
END_TEST

START_TEST(impossible_bytes_are_refused) {
  const struct {
    const char *what;
    uint8_t bytes[24];
  } rows[] = {
      {"kind that is not known", {15, 0, 0, 0}},
      {"number of more than 64 bits",
       {2, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02, 0, 0}},
      {"number that never ends",
       {2, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0, 0}},
      {"offset that is no file's", {2, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 1}},
      {"protection above 7", {3, 0, 1, 1, 8}},
      {"extents beyond the range", {9, 0, 0, 2, 0, 1, 1, 2}},
      {"gap beyond the range", {9, 0, 0, 2, 0, 1, 3, 1}},
      {"empty extent", {9, 0, 0, 2, 0, 1, 1, 0}},
      {"more extents than one event has", {9, 0, 0, 2, 0, 0x81, 0x01}},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    WxTraceContext context = {0};
    WxTraceExtent extents[WX_TRACE_MOST_EXTENTS];
    WxTraceEvent event = {.extents = extents};
    ck_assert_msg(wx_trace_decode(&event, &context, rows[i].bytes, sizeof rows[i].bytes) ==
                      WX_TRACE_GARBAGE,
                  "%s was taken for an event", rows[i].what);
  }
}
END_TEST

START_TEST(long_trace_is_read_event_by_event) {
  enum { COUNT = 100000 };
  WxTraceReader *reader;
  WxTraceDamage damage;
  ck_assert_int_eq(wx_trace_open_fd(make_trace(COUNT), &reader, &damage), 0);
  ck_assert_uint_eq(wx_trace_header(reader)->events, COUNT);
  WxTraceEvent event;
  for (uint64_t i = 0; i < COUNT; i++) {
    if (wx_trace_next(reader, &event) != 1)
      ck_abort_msg("event %ju is missing", (uintmax_t)i);
    const WxTraceEvent expected = event_of(i % 2 ? WX_TRACE_RELEASE : WX_TRACE_RESERVE, i);
    assert_same(&event, &expected);
  }
  ck_assert_int_eq(wx_trace_next(reader, &event), 0);
  ck_assert_ptr_null(wx_trace_damage(reader).reason);
  ck_assert_int_eq(wx_trace_close(reader), 0);
}
END_TEST

START_TEST(empty_trace_has_no_events) {
  WxTraceReader *reader;
  WxTraceDamage damage;
  WxTraceEvent event;
  ck_assert_int_eq(wx_trace_open_fd(make_trace(0), &reader, &damage), 0);
  ck_assert_int_eq(wx_trace_next(reader, &event), 0);
  ck_assert_ptr_null(wx_trace_damage(reader).reason);
  ck_assert_int_eq(wx_trace_close(reader), 0);
}
END_TEST

/// Reads a trace to its end or damage. Returns the events; `*damage` says how it ended.
static uint64_t read_all(int fd, WxTraceDamage *damage) {
  WxTraceReader *reader;
  WxTraceEvent event;
  if (wx_trace_open_fd(fd, &reader, damage))
    return 0;
  int result;
  do
    result = wx_trace_next(reader, &event);
  while (result > 0);
  *damage = wx_trace_damage(reader);
  ck_assert_int_eq(result, damage->reason ? -EBADMSG : 0);
  if (damage->reason)
    ck_assert_int_eq(wx_trace_next(reader, &event), -EBADMSG);
  const uint64_t count = wx_trace_read_count(reader);
  ck_assert_int_eq(wx_trace_close(reader), 0);
  return count;
}

START_TEST(trace_cut_off_at_any_byte_says_so_and_keeps_what_was_before) {
  enum { COUNT = 14000 };
  const int whole = make_trace(COUNT);
  const off_t size = lseek(whole, 0, SEEK_END);
  ck_assert_int_gt((int)size, WX_TRACE_CHUNK + 1000);
  uint64_t before = 0;
  for (off_t cut = 0; cut<size; cut += cut> 2 * WX_TRACE_HEADER && cut % 65536 > 200 ? 997 : 1) {
    const int copy = memfd_create("cut", MFD_CLOEXEC);
    off_t from = 0;
    ck_assert_int_eq((int)copy_file_range(whole, &from, copy, NULL, (size_t)cut, 0), (int)cut);
    lseek(copy, 0, SEEK_SET);
    WxTraceDamage damage;
    const uint64_t count = read_all(copy, &damage);
    ck_assert_msg(damage.reason, "cut off at %ld was not found", (long)cut);
    ck_assert_uint_ge(count, before);
    before = count;
  }
  ck_assert_uint_gt(before, 6000);
  close(whole);
}
END_TEST

START_TEST(each_flipped_bit_is_found) {
  enum { COUNT = 12 };
  const int whole = make_trace(COUNT);
  const off_t size = lseek(whole, 0, SEEK_END);
  uint8_t *bytes = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, whole, 0);
  ck_assert_ptr_ne(bytes, MAP_FAILED);
  for (off_t at = 0; at < size; at++) {
    // The counters and what fills up the header stand outside the checksum.
    if (at >= WX_TRACE_EVENTS_AT && at < WX_TRACE_HEADER)
      continue;
    for (unsigned bit = 0; bit < 8; bit++) {
      bytes[at] ^= (uint8_t)(1U << bit);
      lseek(whole, 0, SEEK_SET);
      WxTraceDamage damage;
      (void)read_all(dup(whole), &damage);
      ck_assert_msg(damage.reason, "bit %u of byte %ld was not found", bit, (long)at);
      bytes[at] ^= (uint8_t)(1U << bit);
    }
  }
  munmap(bytes, (size_t)size);
  close(whole);
}
END_TEST

START_TEST(unfinished_last_chunk_is_read_to_its_last_event) {
  enum { COUNT = 10000 };
  const int fd = make_trace(COUNT);
  const uint8_t unfinished[8] = {0};
  ck_assert_int_eq((int)pwrite(fd, unfinished, 8, WX_TRACE_CHUNK + SEALED_SIZE_AT), 8);
  ck_assert_int_eq(ftruncate(fd, 2 * WX_TRACE_CHUNK), 0);
  WxTraceDamage damage;
  ck_assert_uint_eq(read_all(fd, &damage), COUNT);
  ck_assert_ptr_null(damage.reason);
}
END_TEST

START_TEST(newer_version_is_refused_with_its_number) {
  const int fd = make_trace(1);
  const uint8_t version = 9;
  ck_assert_int_eq((int)pwrite(fd, &version, 1, 8), 1);
  WxTraceReader *reader;
  WxTraceDamage damage;
  ck_assert_int_eq(wx_trace_open_fd(fd, &reader, &damage), -EBADMSG);
  ck_assert_uint_eq(damage.offset, 9);
  ck_assert_ptr_nonnull(strstr(damage.reason, "version"));
}
END_TEST

START_TEST(missing_file_is_an_error) {
  WxTraceReader *reader;
  WxTraceDamage damage;
  ck_assert_int_eq(wx_trace_open("/nonexistent/trace", &reader, &damage), -ENOENT);
  ck_assert_int_eq(wx_trace_open("/nonexistent/trace.zst", &reader, &damage), -ENOENT);
}
END_TEST

static char compressed[] = "/tmp/trace_test.XXXXXX.zst";

static void compress(int fd, const char *command) {
  const int made = mkostemps(compressed, 4, O_CLOEXEC);
  ck_assert_int_ge(made, 0);
  char text[160];
  snprintf(text, sizeof text, command, fd, compressed);
  ck_assert_int_eq(system(text), 0);
  close(made);
}

static bool has_zstd(void) {
  return system("zstd -V >/dev/null 2>&1") == 0;
}

START_TEST(compressed_trace_is_read_like_any_other) {
  if (!has_zstd()) {
    WX_SKIP("the program zstd is not installed");
    return;
  }
  const int fd = make_trace(20000);
  ck_assert_int_eq(fcntl(fd, F_SETFD, 0), 0);
  compress(fd, "zstd -qc <&%d >%s");
  WxTraceReader *reader;
  WxTraceDamage damage;
  WxTraceEvent event;
  ck_assert_int_eq(wx_trace_open(compressed, &reader, &damage), 0);
  for (int i = 0; i < 20000; i++)
    ck_assert_int_eq(wx_trace_next(reader, &event), 1);
  ck_assert_int_eq(wx_trace_next(reader, &event), 0);
  ck_assert_int_eq(wx_trace_close(reader), 0);
  // Closed after the first event, the other end is not at fault.
  ck_assert_int_eq(wx_trace_open(compressed, &reader, &damage), 0);
  ck_assert_int_eq(wx_trace_next(reader, &event), 1);
  ck_assert_int_eq(wx_trace_close(reader), 0);
  unlink(compressed);
  close(fd);
}
END_TEST

START_TEST(file_that_is_not_compressed_after_all_is_an_error) {
  if (!has_zstd()) {
    WX_SKIP("the program zstd is not installed");
    return;
  }
  compress(1, ": %d; echo something else >%s");
  WxTraceReader *reader;
  WxTraceDamage damage;
  ck_assert_int_eq(wx_trace_open(compressed, &reader, &damage), -EBADMSG);
  unlink(compressed);
}
END_TEST

START_TEST(each_failing_read_is_reported_and_leaves_nothing) {
  const int fd = make_trace(10000);
  const WxHeld held = wx_held();
  uint64_t nth = 0;
  bool failed = true;
  for (nth = 1; failed; nth++) {
    WxTraceReader *reader;
    WxTraceDamage damage;
    WxTraceEvent event;
    lseek(fd, 0, SEEK_SET);
    const int copy = dup(fd);
    wx_os_inject(WX_OS_READ, nth, EIO);
    int result = wx_trace_open_fd(copy, &reader, &damage);
    if (!result) {
      do
        result = wx_trace_next(reader, &event);
      while (result > 0);
      ck_assert_int_eq(wx_trace_close(reader), 0);
    }
    failed = wx_os_inject_end();
    ck_assert_int_eq(result, failed ? -EIO : 0);
    ck_assert_uint_eq(wx_held().descriptors, held.descriptors);
  }
  ck_assert_uint_ge(nth, 3);
  close(fd);
}
END_TEST

START_TEST(failing_write_is_reported_at_the_end) {
  static WxTraceWriter writer;
  const int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
  ck_assert_int_ge(fd, 0);
  wx_trace_begin(&writer, fd, &(WxTraceHeader){.page_size = 4096});
  for (uint64_t i = 0; i < 20000; i++) {
    const WxTraceEvent event = event_of(WX_TRACE_RESERVE, i);
    wx_trace_write(&writer, &event);
  }
  ck_assert_int_eq(wx_trace_finish(&writer), -ENOSPC);
  close(fd);
}
END_TEST

WX_TEST_MAIN("trace", each_kind_is_read_as_it_was_written, usual_event_takes_few_bytes,
             impossible_bytes_are_refused, long_trace_is_read_event_by_event,
             empty_trace_has_no_events, trace_cut_off_at_any_byte_says_so_and_keeps_what_was_before,
             each_flipped_bit_is_found, unfinished_last_chunk_is_read_to_its_last_event,
             newer_version_is_refused_with_its_number, missing_file_is_an_error,
             compressed_trace_is_read_like_any_other,
             file_that_is_not_compressed_after_all_is_an_error,
             each_failing_read_is_reported_and_leaves_nothing, failing_write_is_reported_at_the_end)
