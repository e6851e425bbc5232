/// What a recording says that a program's file holds at its end, where another thread goes on using
/// the file while it is scanned: the kernel here lets it, whenever the next extent is asked for.
#include "preload/recorder.h"
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

enum { PAGE = 4096, EXTENTS = 1000, FILE_PAGES = 4 * EXTENTS };

/// Answers as the kernel does, and does what another thread would do meanwhile.
static struct {
  int file;          // Which it uses.
  int asked;         // How often it was asked where data begins.
  int first_use;     // A page is used at this question,
  int last_use;      // at this one, and at those between.
  bool never_pauses; // Nearly every page behind a scan is used, and given back before the next.
  uint64_t used;     // How many pages.
} other;

static long result_of(long result) {
  return result < 0 ? -errno : result;
}

int wx_raw_open(const char *path, int flags, int mode) {
  return (int)result_of(open(path, flags | O_CLOEXEC, mode));
}
int wx_raw_close(int fd) {
  return (int)result_of(close(fd));
}
int wx_raw_fallocate(int fd, int mode, int64_t offset, int64_t size) {
  return (int)result_of(fallocate(fd, mode, offset, size));
}
long wx_raw_pwrite(int fd, const void *bytes, size_t size, uint64_t offset) {
  return result_of(pwrite(fd, bytes, size, (off_t)offset));
}
long wx_raw_mmap(void *hint, size_t size, int protection, int flags, int fd, uint64_t offset) {
  void *mapped = mmap(hint, size, protection, flags, fd, (off_t)offset);
  return mapped == MAP_FAILED ? -errno : (long)(uintptr_t)mapped;
}
int wx_raw_munmap(void *start, size_t size) {
  return (int)result_of(munmap(start, size));
}
int wx_raw_madvise(void *start, size_t size, int advice) {
  return (int)result_of(madvise(start, size, advice));
}
int wx_raw_fstat(int fd, WxRawFile *file) {
  struct stat status;
  if (fstat(fd, &status))
    return -errno;
  *file = (WxRawFile){status.st_dev, status.st_ino, (uint64_t)status.st_size,
                      (uint64_t)status.st_blocks * 512};
  return 0;
}
long wx_raw_readlink(const char *path, char *target, size_t capacity) {
  return result_of(readlink(path, target, capacity));
}
int wx_raw_getpid(void) {
  return getpid();
}
uint64_t wx_raw_file_limit(void) {
  return UINT64_MAX;
}
uint64_t wx_raw_now_ns(void) {
  return 0;
}
void wx_raw_wait(const uint32_t *word, uint32_t expected) {
  (void)word, (void)expected;
}
void wx_raw_wake(const uint32_t *word) {
  (void)word;
}
int64_t wx_raw_seek_hole(int fd, uint64_t offset) {
  return result_of(lseek(fd, (off_t)offset, SEEK_HOLE));
}

/// The program uses every second page of its file's first half, the other thread those between.
static void use(uint64_t page) {
  ck_assert_int_eq(pwrite(other.file, "x", 1, (off_t)(page * PAGE)), 1);
}

static void use_next(void) {
  use(2 * other.used++ + 1);
}

static void give_back(void) {
  while (other.used > 0) {
    const off_t page = (off_t)(2 * --other.used + 1);
    ck_assert_int_eq(
        fallocate(other.file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, page * PAGE, PAGE), 0);
  }
}

int64_t wx_raw_seek_data(int fd, uint64_t offset) {
  other.asked++;
  if (other.asked >= other.first_use && other.asked <= other.last_use)
    use_next();
  if (other.never_pauses && offset == 0)
    give_back();
  else if (other.never_pauses && offset > (uint64_t)8 * PAGE)
    use_next();
  return result_of(lseek(fd, (off_t)offset, SEEK_DATA));
}

static WxRecorder recorder;
static WxRecorderThread thread;
static char folder[] = "/tmp/recorder_test.XXXXXX";
static char path[64];

static void begin(int first_use, int last_use) {
  memset(&recorder, 0, sizeof recorder);
  memset(&thread, 0, sizeof thread);
  memset(&other, 0, sizeof other);
  strcpy(strrchr(folder, '.'), ".XXXXXX");
  ck_assert_ptr_nonnull(mkdtemp(folder));
  snprintf(path, sizeof path, "%s/trace", folder);
  other.file = memfd_create("doublemapper", MFD_CLOEXEC);
  ck_assert_int_ge(other.file, 0);
  ck_assert_int_eq(ftruncate(other.file, (off_t)FILE_PAGES * PAGE), 0);
  wx_recorder_begin(&recorder, path);
  wx_recorder_sized(&recorder, &thread, other.file);
  for (uint64_t i = 0; i < EXTENTS; i++)
    use(2 * i);
  other.first_use = first_use;
  other.last_use = last_use;
}

typedef struct {
  int scans;
  uint64_t last; ///< What the last one found, bytes.
} AtExit;

/// Ends the program and reads its recording back.
static AtExit end(void) {
  AtExit at_exit = {0, 0};
  WxTraceReader *reader;
  WxTraceDamage damage;
  WxTraceEvent event;
  wx_recorder_end(&recorder, &thread);
  ck_assert_int_eq(wx_trace_open(path, &reader, &damage), 0);
  ck_assert(wx_trace_header(reader)->ended_by_exit);
  int result;
  while ((result = wx_trace_next(reader, &event)) > 0) {
    if (event.kind != WX_TRACE_EXTENTS || event.value != WX_TRACE_AT_EXIT)
      continue;
    if (event.offset == 0)
      at_exit.last = 0;
    for (uint32_t i = 0; i < event.extent_count; i++)
      at_exit.last += event.extents[i].size;
    at_exit.scans += event.mark;
  }
  ck_assert_int_eq(result, 0);
  ck_assert_int_eq(wx_trace_close(reader), 0);
  close(other.file);
  ck_assert_int_eq(unlink(path), 0);
  ck_assert_int_eq(rmdir(folder), 0);
  return at_exit;
}

START_TEST(file_that_nobody_uses_is_scanned_once) {
  begin(0, -1);
  const AtExit at_exit = end();
  ck_assert_int_eq(at_exit.scans, 1);
  ck_assert_uint_eq(at_exit.last, (uint64_t)EXTENTS * PAGE);
}
END_TEST

START_TEST(pages_used_behind_the_scan_are_found_by_the_next_one) {
  begin(EXTENTS / 2, EXTENTS / 2 + 9);
  const AtExit at_exit = end();
  ck_assert_uint_eq(other.used, 10);
  ck_assert_int_eq(at_exit.scans, 2);
  ck_assert_uint_eq(at_exit.last, (uint64_t)(EXTENTS + 10) * PAGE);
}
END_TEST

START_TEST(page_used_before_the_scan_comes_to_it_needs_no_second_one) {
  begin(1, 1);
  const AtExit at_exit = end();
  ck_assert_int_eq(at_exit.scans, 1);
  ck_assert_uint_eq(at_exit.last, (uint64_t)(EXTENTS + 1) * PAGE);
}
END_TEST

START_TEST(program_that_never_pauses_ends_all_the_same) {
  begin(0, -1);
  other.never_pauses = true;
  const AtExit at_exit = end();
  ck_assert_int_eq(at_exit.scans, 8);
  ck_assert_uint_eq(at_exit.last, (uint64_t)EXTENTS * PAGE);
}
END_TEST

WX_TEST_MAIN("recorder", file_that_nobody_uses_is_scanned_once,
             pages_used_behind_the_scan_are_found_by_the_next_one,
             page_used_before_the_scan_comes_to_it_needs_no_second_one,
             program_that_never_pauses_ends_all_the_same)
