/// The recogniser and the giving back, on system calls that this test defines (in place of raw.c).
#include "preload/giveback.h"
#include "support/suite.h"

#include <errno.h>
#include <linux/falloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { FD = 7, OTHER_FD = 8, BLOCK = 64 * 1024, OFFSET = 3 * BLOCK };
enum { RW = PROT_READ | PROT_WRITE, FIXED = MAP_SHARED | MAP_FIXED };

static const char DOUBLEMAPPER[] = "/memfd:doublemapper (deleted)";

/// What the pretended kernel holds and how it answers.
static struct {
  const char *name;   // What the link of every descriptor says.
  uint64_t inode[32]; // Of each descriptor; 0: closed.
  uint64_t size;      // Of every file.
  int64_t data;       // The answer of SEEK_DATA.
  int mmap_error;
  int munmap_error;
  int punch_error;
  int punches;
  int punched_fd;
  uint64_t punched_offset;
  uint64_t punched_size;
  int unmapped_before_punch;
  int unmaps;
} kernel;

static WxGiveback state;
static WxRecogniser recogniser;
static _Alignas(4096) unsigned char block[BLOCK];

static void begin(void) {
  memset(&kernel, 0, sizeof kernel);
  memset(&state, 0, sizeof state);
  memset(&recogniser, 0, sizeof recogniser);
  memset(block, 0, sizeof block);
  kernel.name = DOUBLEMAPPER;
  kernel.size = (uint64_t)1 << 40;
  kernel.data = OFFSET;
  for (int fd = 0; fd < 32; fd++)
    kernel.inode[fd] = 100U + (uint64_t)fd;
}

long wx_raw_mmap(void *hint, size_t size, int protection, int flags, int fd, uint64_t offset) {
  (void)size, (void)protection, (void)flags, (void)fd, (void)offset;
  return kernel.mmap_error ? -kernel.mmap_error : (long)(uintptr_t)hint;
}
int wx_raw_munmap(void *start, size_t size) {
  (void)start, (void)size;
  kernel.unmaps += kernel.munmap_error == 0;
  return -kernel.munmap_error;
}
int wx_raw_ftruncate(int fd, int64_t size) {
  (void)size;
  return kernel.inode[fd] ? 0 : -EBADF;
}
int wx_raw_fallocate(int fd, int mode, int64_t offset, int64_t size) {
  (void)mode, (void)offset, (void)size;
  return kernel.inode[fd] ? 0 : -EBADF;
}
int wx_raw_punch_hole(int fd, uint64_t offset, uint64_t size) {
  kernel.punches++;
  kernel.punched_fd = fd;
  kernel.punched_offset = offset;
  kernel.punched_size = size;
  kernel.unmapped_before_punch = kernel.unmaps;
  return -kernel.punch_error;
}
int64_t wx_raw_seek_data(int fd, uint64_t offset) {
  (void)fd, (void)offset;
  return kernel.data;
}
int wx_raw_fstat(int fd, WxRawFile *file) {
  if (fd < 0 || !kernel.inode[fd])
    return -EBADF;
  *file = (WxRawFile){.device = 1, .inode = kernel.inode[fd], .size = kernel.size};
  return 0;
}
long wx_raw_readlink(const char *path, char *target, size_t capacity) {
  const char *number = strrchr(path, '/');
  ck_assert_int_eq(strncmp(path, "/proc/self/fd/", 14), 0);
  ck_assert_int_lt((int)strtol(number + 1, NULL, 10), 32);
  const size_t length = strlen(kernel.name);
  memcpy(target, kernel.name, length < capacity ? length : capacity);
  return (long)(length < capacity ? length : capacity);
}

static WxMapCall release_call(void) {
  return (WxMapCall){(uintptr_t)block, BLOCK, RW, FIXED, FD, OFFSET};
}

static void learn(int fd) {
  ck_assert_int_eq(wx_giveback_ftruncate(&state, fd, 1 << 30), 0);
}

static long map(WxMapCall call) {
  return wx_giveback_mmap(&state, &recogniser, &call);
}

static int unmap(uintptr_t base, size_t size) {
  return wx_giveback_munmap(&state, &recogniser, base, size);
}

/// The two calls of a release of `block`; returns whether they punched.
static bool released(void) {
  const int before = kernel.punches;
  ck_assert_int_eq(map(release_call()), (long)(uintptr_t)block);
  ck_assert_int_eq(unmap((uintptr_t)block, BLOCK), 0);
  return kernel.punches > before;
}

START_TEST(release_is_punched_after_the_unmapping) {
  begin();
  learn(FD);
  ck_assert(released());
  ck_assert_int_eq(kernel.punches, 1);
  ck_assert_int_eq(kernel.unmapped_before_punch, 1);
  ck_assert_int_eq(kernel.punched_fd, FD);
  ck_assert_uint_eq(kernel.punched_offset, OFFSET);
  ck_assert_uint_eq(kernel.punched_size, BLOCK);
  ck_assert_uint_eq(state.given_back, BLOCK);
}
END_TEST

START_TEST(each_release_is_punched_once) {
  begin();
  learn(FD);
  ck_assert(released());
  ck_assert_int_eq(unmap((uintptr_t)block, BLOCK), 0);
  ck_assert_int_eq(kernel.punches, 1);
  ck_assert(released());
  ck_assert_int_eq(kernel.punches, 2);
}
END_TEST

START_TEST(other_mapping_calls_do_not_begin_a_release) {
  const WxMapCall good = release_call();
  WxMapCall calls[] = {good, good, good, good, good, good, good, good, good, good};
  calls[0].protection = PROT_NONE;
  calls[1].protection = PROT_READ;
  calls[2].protection = RW | PROT_EXEC;
  calls[3].flags = MAP_SHARED;
  calls[4].flags = MAP_PRIVATE | MAP_FIXED;
  calls[5].flags = FIXED | MAP_POPULATE;
  calls[6].flags = MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS;
  calls[7].fd = OTHER_FD;
  calls[8].size = BLOCK + 1;
  calls[9].offset = OFFSET + 1;
  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
    begin();
    learn(FD);
    map(calls[i]);
    ck_assert_int_eq(unmap(calls[i].base, calls[i].size), 0);
    ck_assert_msg(kernel.punches == 0, "call %zu was taken for a release", i);
  }
}
END_TEST

START_TEST(failed_mapping_does_not_begin_a_release) {
  begin();
  learn(FD);
  kernel.mmap_error = ENOMEM;
  ck_assert_int_eq(map(release_call()), -ENOMEM);
  ck_assert_int_eq(unmap((uintptr_t)block, BLOCK), 0);
  ck_assert_int_eq(kernel.punches, 0);
}
END_TEST

START_TEST(failed_unmapping_does_not_end_a_release) {
  begin();
  learn(FD);
  map(release_call());
  kernel.munmap_error = ENOMEM;
  ck_assert_int_eq(unmap((uintptr_t)block, BLOCK), -ENOMEM);
  ck_assert_int_eq(kernel.punches, 0);
}
END_TEST

START_TEST(another_range_does_not_end_a_release) {
  const struct {
    uintptr_t base;
    size_t size;
  } ranges[] = {{(uintptr_t)block, BLOCK / 2},
                {(uintptr_t)block + 4096, BLOCK - 4096},
                {(uintptr_t)block, 2 * BLOCK},
                {(uintptr_t)block + BLOCK, BLOCK},
                {(uintptr_t)block, 0}};
  for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
    begin();
    learn(FD);
    map(release_call());
    unmap(ranges[i].base, ranges[i].size);
    unmap((uintptr_t)block, BLOCK);
    ck_assert_msg(kernel.punches == 0, "range %zu was taken for a release", i);
  }
}
END_TEST

START_TEST(any_mapping_call_in_between_ends_the_candidate) {
  begin();
  learn(FD);
  map(release_call());
  map((WxMapCall){0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0});
  unmap((uintptr_t)block, BLOCK);
  ck_assert_int_eq(kernel.punches, 0);
}
END_TEST

START_TEST(another_thread_does_not_end_a_release) {
  WxRecogniser other = {0};
  begin();
  learn(FD);
  map(release_call());
  wx_giveback_munmap(&state, &other, (uintptr_t)block, BLOCK);
  ck_assert_int_eq(kernel.punches, 0);
}
END_TEST

START_TEST(only_the_exact_name_is_learnt) {
  const char *names[] = {"/memfd:doublemapper-template (deleted)", "/memfd:doublemapper",
                         "/memfd:doublemappeR (deleted)",          "/memfd:doublemapper (deleted) ",
                         "/tmp/memfd:doublemapper (deleted)",      ""};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    begin();
    kernel.name = names[i];
    learn(FD);
    ck_assert_msg(!released(), "'%s' was taken for the runtime's file", names[i]);
    ck_assert(!state.seen);
  }
}
END_TEST

START_TEST(closed_descriptor_that_is_another_file_is_left_alone) {
  begin();
  learn(FD);
  kernel.inode[FD] = 555;
  ck_assert(!released());
  kernel.inode[FD] = 0;
  ck_assert(!released());
  ck_assert_uint_eq(state.releases, 0);
}
END_TEST

START_TEST(descriptor_used_again_for_a_new_file_of_the_runtime_is_learnt_again) {
  begin();
  learn(FD);
  kernel.inode[FD] = 555;
  learn(FD);
  ck_assert(released());
}
END_TEST

START_TEST(eight_files_are_known_and_a_ninth_is_left_alone) {
  begin();
  for (int fd = 0; fd < WX_FILES; fd++) {
    ck_assert(wx_files_learn(&state.files, fd));
    ck_assert(wx_files_learn(&state.files, fd));
  }
  ck_assert(!wx_files_learn(&state.files, 20));
  ck_assert_int_eq(wx_files_find(&state.files, 20), -1);
  kernel.inode[3] = 0;
  ck_assert(wx_files_learn(&state.files, 20));
  ck_assert_int_ge(wx_files_find(&state.files, 20), 0);
  ck_assert_int_eq(wx_files_find(&state.files, 3), -1);
}
END_TEST

START_TEST(block_that_is_not_all_zero_is_left_alone) {
  for (size_t at = 0; at < BLOCK; at += 509) {
    begin();
    learn(FD);
    block[at] = 1;
    ck_assert_msg(!released(), "byte %zu was not looked at", at);
    ck_assert_uint_eq(state.dirty, 1);
  }
  begin();
  learn(FD);
  block[BLOCK - 1] = 0x80;
  ck_assert(!released());
}
END_TEST

START_TEST(block_outside_the_file_is_not_read) {
  begin();
  learn(FD);
  WxMapCall call = release_call();
  call.base = 4096; // Reading it would be fatal.
  kernel.size = OFFSET + BLOCK - 1;
  map(call);
  ck_assert_int_eq(unmap(call.base, BLOCK), 0);
  call.offset = UINT64_MAX - BLOCK + 1;
  map(call);
  ck_assert_int_eq(unmap(call.base, BLOCK), 0);
  ck_assert_int_eq(kernel.punches, 0);
  ck_assert_uint_eq(state.dirty, 2);
}
END_TEST

START_TEST(hole_is_neither_read_nor_punched) {
  const int64_t answers[] = {-ENXIO, OFFSET + BLOCK, OFFSET + 2 * BLOCK};
  for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
    begin();
    learn(FD);
    kernel.data = answers[i];
    WxMapCall call = release_call();
    call.base = 4096;
    map(call);
    ck_assert_int_eq(unmap(call.base, BLOCK), 0);
    ck_assert_int_eq(kernel.punches, 0);
    ck_assert_uint_eq(state.empty, 1);
  }
}
END_TEST

START_TEST(runtime_that_punches_itself_is_left_alone) {
  begin();
  learn(FD);
  ck_assert(released());
  ck_assert_int_eq(wx_giveback_fallocate(&state, OTHER_FD, FALLOC_FL_PUNCH_HOLE, 0, BLOCK), 0);
  ck_assert_int_eq(wx_giveback_fallocate(&state, FD, 0, 0, BLOCK), 0);
  ck_assert(released());
  ck_assert_int_eq(
      wx_giveback_fallocate(&state, FD, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, BLOCK), 0);
  ck_assert(!released());
}
END_TEST

START_TEST(failed_punch_is_counted_and_not_seen_by_the_program) {
  begin();
  learn(FD);
  kernel.punch_error = EPERM;
  map(release_call());
  ck_assert_int_eq(unmap((uintptr_t)block, BLOCK), 0);
  ck_assert_uint_eq(state.failed, 1);
  ck_assert_uint_eq(state.given_back, 0);
}
END_TEST

START_TEST(first_failure_is_the_one_that_is_kept) {
  begin();
  learn(FD);
  kernel.punch_error = ENOSYS;
  ck_assert(released());
  kernel.punch_error = ENOMEM;
  ck_assert(released());
  const WxGivebackCounts counts = wx_giveback_counts(&state);
  ck_assert_uint_eq(counts.failed, 2);
  ck_assert_int_eq(counts.error, ENOSYS);
}
END_TEST

START_TEST(only_what_is_complete_counts_as_dealt_with) {
  begin();
  learn(FD);
  ck_assert_uint_eq(state.dealt, 0);
  ck_assert(released());
  ck_assert_uint_eq(state.dealt, 1);
  ck_assert_int_eq(unmap((uintptr_t)block, BLOCK), 0); // No release.
  ck_assert_uint_eq(state.dealt, 1);
  for (int again = 0; again < 2; again++) { // Stepping aside is said once.
    ck_assert_int_eq(wx_giveback_fallocate(&state, FD, FALLOC_FL_PUNCH_HOLE, 0, BLOCK), 0);
    ck_assert_uint_eq(state.dealt, 2);
  }
}
END_TEST

WX_TEST_MAIN("recogniser", release_is_punched_after_the_unmapping, each_release_is_punched_once,
             other_mapping_calls_do_not_begin_a_release, failed_mapping_does_not_begin_a_release,
             failed_unmapping_does_not_end_a_release, another_range_does_not_end_a_release,
             any_mapping_call_in_between_ends_the_candidate, another_thread_does_not_end_a_release,
             only_the_exact_name_is_learnt, closed_descriptor_that_is_another_file_is_left_alone,
             descriptor_used_again_for_a_new_file_of_the_runtime_is_learnt_again,
             eight_files_are_known_and_a_ninth_is_left_alone,
             block_that_is_not_all_zero_is_left_alone, block_outside_the_file_is_not_read,
             hole_is_neither_read_nor_punched, runtime_that_punches_itself_is_left_alone,
             failed_punch_is_counted_and_not_seen_by_the_program,
             first_failure_is_the_one_that_is_kept, only_what_is_complete_counts_as_dealt_with)
