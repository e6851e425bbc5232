/// What the library says into its file, on system calls that this test defines (in place of raw.c).
#include "preload/stats.h"
#include "support/suite.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

enum { FILES = 8, FD = 9, BLOCK = 64 * 1024, OURS = 700 };

/// A file of the pretended disk.
typedef struct {
  char path[5000];
  char text[WX_GIVEBACK_LINE + 1];
  uint64_t inode;
} Disk;

/// What the pretended kernel holds and how it answers.
static struct {
  int pid;
  const char *folder; // NULL: it cannot be had.
  Disk disk[FILES];
  Disk *open; // The one behind FD; NULL: closed.
  uint64_t inodes;
  uint64_t limit;
  int open_error;
  int fstat_error;
  int pwrite_error;
  int opens;
  int closes;
  int unlinks;
  int writes;
  void (*during_write)(void);
} kernel;

static WxStats stats;
static WxGiveback state;

static void begin(const char *value) {
  memset(&kernel, 0, sizeof kernel);
  memset(&stats, 0, sizeof stats);
  memset(&state, 0, sizeof state);
  kernel.pid = 12;
  kernel.folder = "/home/app";
  kernel.limit = UINT64_MAX;
  kernel.inodes = OURS;
  wx_stats_begin(&stats, value, NULL);
}

static Disk *found(const char *path) {
  for (size_t i = 0; i < FILES; i++)
    if (kernel.disk[i].inode && strcmp(kernel.disk[i].path, path) == 0)
      return &kernel.disk[i];
  return NULL;
}

static Disk *put(const char *path) {
  for (size_t i = 0; i < FILES; i++) {
    Disk *disk = &kernel.disk[i];
    if (disk->inode)
      continue;
    *disk = (Disk){.inode = ++kernel.inodes};
    strcpy(disk->path, path);
    return disk;
  }
  ck_abort_msg("the disk is full");
}

static size_t files(void) {
  size_t count = 0;
  for (size_t i = 0; i < FILES; i++)
    count += kernel.disk[i].inode != 0;
  return count;
}

long wx_raw_mmap(void *hint, size_t size, int protection, int flags, int fd, uint64_t offset) {
  (void)size, (void)protection, (void)flags, (void)fd, (void)offset;
  return (long)(uintptr_t)hint;
}
int wx_raw_munmap(void *start, size_t size) {
  (void)start, (void)size;
  return 0;
}
int wx_raw_ftruncate(int fd, int64_t size) {
  (void)fd, (void)size;
  return 0;
}
int wx_raw_fallocate(int fd, int mode, int64_t offset, int64_t size) {
  (void)fd, (void)mode, (void)offset, (void)size;
  return 0;
}
int wx_raw_punch_hole(int fd, uint64_t offset, uint64_t size) {
  (void)fd, (void)offset, (void)size;
  return 0;
}
int64_t wx_raw_seek_data(int fd, uint64_t offset) {
  (void)fd;
  return (int64_t)offset;
}
long wx_raw_readlink(const char *path, char *target, size_t capacity) {
  (void)path, (void)target, (void)capacity;
  return -EACCES;
}
int wx_raw_getpid(void) {
  return kernel.pid;
}
long wx_raw_getcwd(char *path, size_t capacity) {
  if (!kernel.folder || strlen(kernel.folder) + 1 > capacity)
    return kernel.folder ? -ERANGE : -ENOENT;
  strcpy(path, kernel.folder);
  return (long)strlen(path) + 1;
}
uint64_t wx_raw_file_limit(void) {
  return kernel.limit;
}
int wx_raw_unlink(const char *path) {
  Disk *disk = found(path);
  kernel.unlinks++;
  if (disk)
    disk->inode = 0;
  return disk ? 0 : -ENOENT;
}
int wx_raw_open(const char *path, int flags, int mode) {
  (void)mode;
  ck_assert_int_eq(flags & O_NOFOLLOW, O_NOFOLLOW);
  ck_assert_ptr_null(kernel.open);
  if (kernel.open_error)
    return -kernel.open_error;
  Disk *disk = found(path);
  if (flags & O_CREAT) {
    ck_assert_int_eq(flags & O_EXCL, O_EXCL);
    if (disk)
      return -EEXIST;
    disk = put(path);
  } else {
    ck_assert_int_eq(flags & O_NONBLOCK, O_NONBLOCK);
  }
  kernel.opens += disk != NULL;
  kernel.open = disk;
  return disk ? FD : -ENOENT;
}
int wx_raw_close(int fd) {
  ck_assert_int_eq(fd, FD);
  ck_assert_ptr_nonnull(kernel.open);
  kernel.open = NULL;
  kernel.closes++;
  return 0;
}
int wx_raw_fstat(int fd, WxRawFile *file) {
  ck_assert_int_eq(fd, FD);
  *file = (WxRawFile){.device = 3, .inode = kernel.open->inode};
  return -kernel.fstat_error;
}
long wx_raw_pwrite(int fd, const void *bytes, size_t size, uint64_t offset) {
  ck_assert_int_eq(fd, FD);
  ck_assert_uint_eq(offset, 0);
  ck_assert_uint_lt(size, sizeof kernel.open->text);
  kernel.writes++;
  if (kernel.pwrite_error)
    return -kernel.pwrite_error;
  memcpy(kernel.open->text, bytes, size);
  if (kernel.during_write)
    kernel.during_write();
  return (long)size;
}

/// What a release leaves in the counts.
static void release(void) {
  state.releases++;
  state.given_back += BLOCK;
  state.dealt++;
  wx_stats_follow(&stats, &state);
}

static const char *text_of(const char *path) {
  const Disk *disk = found(path);
  ck_assert_msg(disk != NULL, "there is no %s", path);
  return disk->text;
}

#define SAYS(PATH, TEXT) ck_assert_ptr_nonnull(strstr(text_of(PATH), TEXT))

START_TEST(file_is_named_after_the_process_and_says_each_release) {
  begin("stats:/run/says");
  ck_assert_uint_eq(files(), 0);
  release();
  SAYS("/run/says.12", "libwxreclaim[12]: 65536 bytes given back, 1 releases recognised, 0 were");
  release();
  SAYS("/run/says.12", "libwxreclaim[12]: 131072 bytes given back, 2 releases recognised");
  ck_assert_uint_eq(files(), 1);
  ck_assert_int_eq(kernel.opens, kernel.closes);
}
END_TEST

START_TEST(nothing_is_written_where_nothing_was_released) {
  begin("stats:/run/says");
  wx_stats_follow(&stats, &state);
  state.aside = true; // It punches itself, and nothing was released before.
  state.dealt++;
  wx_stats_follow(&stats, &state);
  ck_assert_uint_eq(files(), 0);
  ck_assert_int_eq(kernel.unlinks, 0);
}
END_TEST

START_TEST(nothing_is_written_where_nothing_is_new) {
  begin("stats:/run/says");
  release();
  wx_stats_follow(&stats, &state);
  wx_stats_follow(&stats, &state);
  ck_assert_int_eq(kernel.writes, 1);
}
END_TEST

START_TEST(value_says_where) {
  const struct {
    const char *value;
    const char *file; // NULL: nothing is said.
  } rows[] = {{"stats", "/tmp/libwxreclaim.12"},
              {"stats:/x", "/x.12"},
              {"stats:here", "/home/app/here.12"},
              {"stats:a/b", "/home/app/a/b.12"},
              {"stats:", NULL},
              {"statistics", NULL},
              {"stat", NULL},
              {"", NULL},
              {NULL, NULL}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    begin(rows[i].value);
    release();
    ck_assert_msg(files() == (rows[i].file != NULL), "'%s'", rows[i].value);
    if (rows[i].file)
      SAYS(rows[i].file, "1 releases");
  }
}
END_TEST

START_TEST(without_a_path_it_is_in_the_folder_for_temporary_files) {
  const struct {
    const char *temporary;
    const char *file;
  } rows[] = {{NULL, "/tmp/libwxreclaim.12"},
              {"", "/tmp/libwxreclaim.12"},
              {"/var/tmp", "/var/tmp/libwxreclaim.12"},
              {"t", "/home/app/t/libwxreclaim.12"}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    begin(NULL);
    stats.begun = false;
    wx_stats_begin(&stats, "stats", rows[i].temporary);
    release();
    SAYS(rows[i].file, "1 releases");
  }
}
END_TEST

START_TEST(later_value_does_not_move_the_file) {
  begin(NULL);
  wx_stats_begin(&stats, "stats:/late", NULL);
  release();
  ck_assert_uint_eq(files(), 0);
}
END_TEST

START_TEST(path_that_cannot_be_had_says_nothing) {
  static char value[6000];
  memset(value, 'a', sizeof value - 1);
  memcpy(value, "stats:/", 7);
  begin(value);
  release();
  ck_assert_uint_eq(files(), 0);

  const char *const folders[] = {NULL, "(unreachable)/x", value};
  for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
    begin(NULL);
    stats.begun = false;
    kernel.folder = folders[i];
    wx_stats_begin(&stats, "stats:here", NULL);
    release();
    ck_assert_uint_eq(files(), 0);
  }
}
END_TEST

START_TEST(longest_path_has_room_for_the_number) {
  for (size_t length = WX_STATS_PATH - 30; length < WX_STATS_PATH + 10; length++) {
    static char value[WX_STATS_PATH + 64];
    memset(value, 'a', sizeof value);
    memcpy(value, "stats:/", 7);
    value[6 + length] = '\0';
    begin(value);
    kernel.pid = 2147483647;
    release();
    ck_assert_uint_eq(files(), length + sizeof ".2147483647" <= WX_STATS_PATH - 1);
  }
}
END_TEST

START_TEST(what_an_earlier_process_left_is_replaced) {
  begin("stats:/run/says");
  Disk *old = put("/run/says.12");
  strcpy(old->text, "libwxreclaim[12]: of another life, and of a longer line");
  release();
  ck_assert_uint_eq(files(), 1);
  SAYS("/run/says.12", " 1 releases");
  ck_assert_ptr_null(strstr(text_of("/run/says.12"), "another life"));
}
END_TEST

START_TEST(file_that_was_removed_is_made_again) {
  begin("stats:/run/says");
  release();
  found("/run/says.12")->inode = 0;
  release();
  SAYS("/run/says.12", " 2 releases");
}
END_TEST

START_TEST(file_that_took_its_place_is_left_alone) {
  begin("stats:/run/says");
  release();
  found("/run/says.12")->inode = 0;
  Disk *other = put("/run/says.12");
  other->inode = ++kernel.inodes;
  strcpy(other->text, "of somebody else");
  release();
  ck_assert_str_eq(text_of("/run/says.12"), "of somebody else");
  ck_assert_int_eq(kernel.opens, kernel.closes);
}
END_TEST

static void release_while(int *answer, int error) {
  *answer = error;
  release();
}

START_TEST(failures_are_passed_over_and_the_next_release_tries_again) {
  int *const errors[] = {&kernel.open_error, &kernel.fstat_error, &kernel.pwrite_error};
  for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
    for (int before = 0; before < 2; before++) {
      begin("stats:/run/says");
      if (before)
        release();
      release_while(errors[i], EIO);
      ck_assert_ptr_null(kernel.open);
      release_while(errors[i], 0);
      SAYS("/run/says.12", before ? " 3 releases" : " 2 releases");
      ck_assert_int_eq(kernel.opens, kernel.closes);
    }
  }
}
END_TEST

START_TEST(limit_of_file_sizes_is_not_passed) {
  begin("stats:/run/says");
  kernel.limit = 0;
  release();
  ck_assert_uint_eq(files(), 0);
  kernel.limit = WX_GIVEBACK_LINE;
  release();
  SAYS("/run/says.12", " 2 releases");
}
END_TEST

START_TEST(forked_child_says_its_own_in_a_file_of_its_own) {
  begin("stats:/run/says");
  release();
  release();
  kernel.pid = 13;
  wx_stats_follow(&stats, &state);
  ck_assert_uint_eq(files(), 1); // It has not released anything yet.
  release();
  SAYS("/run/says.13", "libwxreclaim[13]: 65536 bytes given back, 1 releases recognised");
  SAYS("/run/says.12", " 2 releases");
  kernel.pid = 14;
  release();
  SAYS("/run/says.14", " 1 releases");
}
END_TEST

START_TEST(child_forked_in_the_middle_of_a_write_still_writes) {
  begin("stats:/run/says");
  release();
  stats.wanted++; // By a thread of the parent, which is not here.
  kernel.pid = 13;
  release();
  SAYS("/run/says.13", " 1 releases");
  release();
  SAYS("/run/says.13", " 2 releases");
}
END_TEST

static void release_once_more(void) {
  kernel.during_write = NULL;
  const int writes = kernel.writes;
  kernel.open->text[0] = '#'; // Only who came first writes.
  release();
  ck_assert_int_eq(kernel.writes, writes);
}

START_TEST(release_in_the_middle_of_a_write_is_left_to_the_one_that_writes) {
  begin("stats:/run/says");
  kernel.during_write = release_once_more;
  release();
  ck_assert_int_eq(kernel.writes, 2);
  SAYS("/run/says.12", "libwxreclaim[12]: 131072 bytes given back, 2 releases");
  release();
  SAYS("/run/says.12", " 3 releases");
}
END_TEST

static const char *reported(const WxGivebackCounts *counts) {
  static char text[WX_GIVEBACK_LINE + 1];
  const size_t length = wx_giveback_report(counts, 12, text, WX_GIVEBACK_LINE);
  ck_assert_uint_lt(length, WX_GIVEBACK_LINE);
  ck_assert_int_eq(text[length - 1], '\n');
  text[length] = '\0';
  ck_assert_ptr_eq(strchr(text, '\n'), text + length - 1);
  return text;
}

START_TEST(failed_punch_is_said_with_its_errno_and_what_to_do) {
  const struct {
    int error;
    const char *expected;
  } rows[] = {{EPERM, "1 failed, the first by EPERM: the file is sealed"},
              {EACCES, "EACCES: a security module"},
              {ENOSYS, "ENOSYS: a sandbox"},
              {EOPNOTSUPP, "EOPNOTSUPP: this kernel cannot"},
              {ENOMEM, "ENOMEM: the kernel had no memory"},
              {EINTR, "EINTR: a signal"},
              {EBADF, "EBADF: the program closed"},
              {EIO, "the first by errno 5, which was not expected"}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const WxGivebackCounts counts = {.releases = 1, .failed = 1, .error = rows[i].error};
    ck_assert_msg(strstr(reported(&counts), rows[i].expected), "%s", reported(&counts));
  }
  const WxGivebackCounts none = {.releases = 1, .error = EPERM};
  ck_assert_ptr_null(strstr(reported(&none), "EPERM"));
}
END_TEST

START_TEST(largest_counts_fit_with_all_that_is_said) {
  const WxGivebackCounts counts = {.releases = UINT64_MAX,
                                   .given_back = UINT64_MAX,
                                   .empty = UINT64_MAX,
                                   .dirty = UINT64_MAX,
                                   .failed = UINT64_MAX,
                                   .error = EOPNOTSUPP,
                                   .aside = true};
  ck_assert_ptr_nonnull(strstr(reported(&counts), "; stepped aside"));
  ck_assert_ptr_nonnull(strstr(reported(&counts), "18446744073709551615 failed"));
}
END_TEST

START_TEST(report_is_cut_off_at_the_capacity) {
  char text[40];
  const WxGivebackCounts counts = {.releases = 1};
  for (size_t capacity = 0; capacity < sizeof text; capacity++) {
    memset(text, '#', sizeof text);
    ck_assert_uint_eq(wx_giveback_report(&counts, 1, text, capacity), capacity);
    ck_assert_int_eq(text[capacity], '#');
  }
}
END_TEST

WX_TEST_MAIN("preload_stats", file_is_named_after_the_process_and_says_each_release,
             nothing_is_written_where_nothing_was_released, nothing_is_written_where_nothing_is_new,
             value_says_where, without_a_path_it_is_in_the_folder_for_temporary_files,
             later_value_does_not_move_the_file, path_that_cannot_be_had_says_nothing,
             longest_path_has_room_for_the_number, what_an_earlier_process_left_is_replaced,
             file_that_was_removed_is_made_again, file_that_took_its_place_is_left_alone,
             failures_are_passed_over_and_the_next_release_tries_again,
             limit_of_file_sizes_is_not_passed, forked_child_says_its_own_in_a_file_of_its_own,
             child_forked_in_the_middle_of_a_write_still_writes,
             release_in_the_middle_of_a_write_is_left_to_the_one_that_writes,
             failed_punch_is_said_with_its_errno_and_what_to_do,
             largest_counts_fit_with_all_that_is_said, report_is_cut_off_at_the_capacity)
