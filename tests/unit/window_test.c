/// A trace being written, on a file system that this test can fill up, close and replace.
#include "preload/window.h"
#include "support/suite.h"
#include "trace/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FITTING = 100000 };

/// How the pretended kernel answers.
static struct {
  int chunks_left; // Before there is no space any more.
  int promise;     // What allocating disk space fails with; 0: it works.
  int open_error;
  uint64_t limit;
} kernel;

static int result_of(long result) {
  return result < 0 ? -errno : (int)result;
}

int wx_raw_open(const char *path, int flags, int mode) {
  return kernel.open_error ? -kernel.open_error : result_of(open(path, flags | O_CLOEXEC, mode));
}
int wx_raw_close(int fd) {
  return result_of(close(fd));
}
int wx_raw_fallocate(int fd, int mode, int64_t offset, int64_t size) {
  if (kernel.promise)
    return -kernel.promise;
  return kernel.chunks_left-- > 0 ? result_of(fallocate(fd, mode, offset, size)) : -ENOSPC;
}
long wx_raw_pwrite(int fd, const void *bytes, size_t size, uint64_t offset) {
  return pwrite(fd, bytes, size, (off_t)offset);
}
long wx_raw_mmap(void *hint, size_t size, int protection, int flags, int fd, uint64_t offset) {
  void *mapped = mmap(hint, size, protection, flags, fd, (off_t)offset);
  return mapped == MAP_FAILED ? -errno : (long)(uintptr_t)mapped;
}
int wx_raw_munmap(void *start, size_t size) {
  return result_of(munmap(start, size));
}
int wx_raw_madvise(void *start, size_t size, int advice) {
  return result_of(madvise(start, size, advice));
}
int wx_raw_fstat(int fd, WxRawFile *file) {
  struct stat status;
  if (fstat(fd, &status))
    return -errno;
  *file = (WxRawFile){.device = status.st_dev, .inode = status.st_ino};
  return 0;
}
uint64_t wx_raw_file_limit(void) {
  return kernel.limit;
}

static WxWindow window;
static char folder[] = "/tmp/window_test.XXXXXX";
static char path[64];

static void begin(void) {
  kernel.chunks_left = FITTING;
  kernel.promise = kernel.open_error = 0;
  kernel.limit = UINT64_MAX;
  ck_assert_ptr_nonnull(mkdtemp(folder));
  snprintf(path, sizeof path, "%s/trace", folder);
}

static void end(void) {
  char command[96];
  snprintf(command, sizeof command, "rm -r %s", folder);
  ck_assert_int_eq(system(command), 0);
}

static void add(uint64_t count) {
  for (uint64_t i = 0; i < count; i++) {
    const WxTraceEvent event = {
        .kind = WX_TRACE_RESERVE, .time_ns = i * 1000, .offset = i * 65536, .size = 65536};
    wx_window_add(&window, &event);
  }
}

/// Reads the trace `name` and returns its events; it must be whole.
static uint64_t events_of(const char *name, WxTraceHeader *header) {
  WxTraceReader *reader;
  WxTraceDamage damage;
  WxTraceEvent event;
  ck_assert_int_eq(wx_trace_open(name, &reader, &damage), 0);
  *header = *wx_trace_header(reader);
  int result;
  do
    result = wx_trace_next(reader, &event);
  while (result > 0);
  ck_assert_int_eq(result, 0);
  const uint64_t count = wx_trace_read_count(reader);
  ck_assert_int_eq(wx_trace_close(reader), 0);
  return count;
}

START_TEST(each_added_event_is_in_the_file_at_once) {
  WxTraceHeader header;
  begin();
  ck_assert_int_eq(wx_window_open(&window, path, 1, false), 0);
  for (uint64_t count = 1; count < 20; count++) {
    add(1);
    ck_assert_uint_eq(events_of(path, &header), count);
    ck_assert(!header.ended_by_exit);
  }
  add(30000);
  ck_assert_uint_eq(events_of(path, &header), 30019);
  wx_window_end(&window);
  ck_assert_uint_eq(events_of(path, &header), 30019);
  ck_assert(header.ended_by_exit);
  end();
}
END_TEST

START_TEST(events_after_the_end_are_kept) {
  WxTraceHeader header;
  begin();
  ck_assert_int_eq(wx_window_open(&window, path, 1, false), 0);
  add(5);
  wx_window_end(&window);
  add(6);
  ck_assert_uint_eq(events_of(path, &header), 11);
  wx_window_end(&window);
  ck_assert_uint_eq(events_of(path, &header), 11);
  end();
}
END_TEST

START_TEST(full_disk_loses_the_rest_and_says_so) {
  begin();
  for (int chunks = 1; chunks < 4; chunks++) {
    WxTraceHeader header;
    kernel.chunks_left = chunks;
    memset(&window, 0, sizeof window);
    ck_assert_int_eq(wx_window_open(&window, path, 1, false), 0);
    add(40000);
    wx_window_end(&window);
    const uint64_t kept = events_of(path, &header);
    ck_assert_uint_eq(header.events, kept);
    ck_assert_uint_eq(header.lost, 40000 - kept);
    ck_assert_uint_gt(kept, 5000U * (unsigned)chunks);
    ck_assert_uint_eq(header.lost_errno, ENOSPC);
    ck_assert(header.ended_by_exit);
    ck_assert_int_eq(unlink(path), 0);
  }
  end();
}
END_TEST

START_TEST(disk_that_is_full_from_the_start_opens_no_window) {
  begin();
  kernel.chunks_left = 0;
  ck_assert_int_eq(wx_window_open(&window, path, 1, false), -ENOSPC);
  ck_assert_ptr_null(window.first);
  add(3);
  wx_window_end(&window);
  end();
}
END_TEST

START_TEST(file_system_that_cannot_promise_space_gets_zeros) {
  WxTraceHeader header;
  begin();
  kernel.promise = EOPNOTSUPP;
  ck_assert_int_eq(wx_window_open(&window, path, 1, false), 0);
  add(30000);
  ck_assert_uint_eq(events_of(path, &header), 30000);
  end();
}
END_TEST

START_TEST(limit_of_the_program_s_files_is_respected) {
  WxTraceHeader header;
  begin();
  kernel.limit = 2 * WX_TRACE_CHUNK;
  ck_assert_int_eq(wx_window_open(&window, path, 1, false), 0);
  add(40000);
  ck_assert_uint_lt(events_of(path, &header), 40000);
  ck_assert_uint_eq(header.lost_errno, EFBIG);
  struct stat status;
  ck_assert_int_eq(stat(path, &status), 0);
  ck_assert_int_eq((int)status.st_size, 2 * WX_TRACE_CHUNK);
  end();
}
END_TEST

START_TEST(another_file_in_its_place_is_not_written_to) {
  struct stat status;
  begin();
  ck_assert_int_eq(wx_window_open(&window, path, 1, false), 0);
  ck_assert_int_eq(unlink(path), 0);
  close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
  add(40000);
  ck_assert_int_eq(stat(path, &status), 0);
  ck_assert_int_eq((int)status.st_size, 0);
  ck_assert_uint_gt(window.lost, 0);
  end();
}
END_TEST

START_TEST(folder_that_is_gone_loses_the_rest) {
  begin();
  ck_assert_int_eq(wx_window_open(&window, path, 1, false), 0);
  kernel.open_error = EACCES;
  add(40000);
  ck_assert_uint_gt(window.lost, 0);
  ck_assert_uint_eq(window.lost + window.events, 40000);
  end();
}
END_TEST

START_TEST(second_process_and_forked_child_take_other_names) {
  static WxWindow second;
  static WxWindow child;
  char name[96];
  begin();
  ck_assert_int_eq(wx_window_open(&window, path, 1, false), 0);
  ck_assert_int_eq(wx_window_open(&second, path, 4711, false), 0);
  ck_assert_int_eq(wx_window_open(&child, path, 4712, true), 0);
  snprintf(name, sizeof name, "%s.4711", path);
  ck_assert_str_eq(second.path, name);
  snprintf(name, sizeof name, "%s.4712", path);
  ck_assert_str_eq(child.path, name);
  WxTraceHeader header;
  ck_assert_uint_eq(events_of(name, &header), 0);
  ck_assert_uint_eq(header.flags, WX_TRACE_FORKED);
  end();
}
END_TEST

WX_TEST_MAIN("window", each_added_event_is_in_the_file_at_once, events_after_the_end_are_kept,
             full_disk_loses_the_rest_and_says_so, disk_that_is_full_from_the_start_opens_no_window,
             file_system_that_cannot_promise_space_gets_zeros,
             limit_of_the_program_s_files_is_respected, another_file_in_its_place_is_not_written_to,
             folder_that_is_gone_loses_the_rest, second_process_and_forked_child_take_other_names)
