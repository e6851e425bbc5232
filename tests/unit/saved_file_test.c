// A list that comes through a pipe: whatever call fails, it is said and nothing is left behind.
#include "attribution/saved.h"
#include "support/inject.h"
#include "support/suite.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char text[] = "00400000-00401000 r-xp 00000000 fd:00 17 /usr/bin/app\n";

static void check_copy(const WxSaved *saved) {
  char found[2 * sizeof text];
  FILE *file = fopen(saved->path, "re");
  ck_assert_ptr_nonnull(file);
  ck_assert_uint_eq(fread(found, 1, sizeof found, file), sizeof text - 1);
  ck_assert_mem_eq(found, text, sizeof text - 1);
  ck_assert_int_eq(fclose(file), 0);
}

static int open_pipe(void *context) {
  (void)context;
  int ends[2];
  char path[64];
  ck_assert_int_eq(pipe(ends), 0);
  ck_assert_int_eq(write(ends[1], text, sizeof text - 1), sizeof text - 1);
  ck_assert_int_eq(close(ends[1]), 0);
  (void)snprintf(path, sizeof path, "/proc/self/fd/%d", ends[0]);
  WxSaved saved;
  const int failed = wx_saved_open(&saved, path);
  if (!failed)
    check_copy(&saved);
  wx_saved_close(&saved);
  ck_assert_int_eq(close(ends[0]), 0);
  return failed;
}

START_TEST(pipe_is_copied_or_its_failure_said_and_nothing_is_left) {
  ck_assert_uint_ge(wx_inject_without_leak(EIO, open_pipe, NULL), 4);
}
END_TEST

START_TEST(file_is_read_where_it_is) {
  WxSaved saved;
  ck_assert_int_eq(wx_saved_open(&saved, "/etc/passwd"), 0);
  ck_assert_str_eq(saved.path, "/etc/passwd");
  ck_assert_int_lt(saved.copy, 0);
  wx_saved_close(&saved);
}
END_TEST

START_TEST(folder_missing_file_and_endless_device_are_refused) {
  static const struct {
    const char *path;
    int error;
  } refused[] = {{"/", -EISDIR}, {"/nowhere", -ENOENT}, {"/dev/zero", -EFBIG}};
  const uint64_t held = wx_held().descriptors;
  for (size_t i = 0; i < sizeof refused / sizeof *refused; ++i) {
    WxSaved saved;
    ck_assert_int_eq(wx_saved_open(&saved, refused[i].path), refused[i].error);
    wx_saved_close(&saved);
  }
  ck_assert_uint_eq(wx_held().descriptors, held);
}
END_TEST

int main(void) {
  const TTest *const tests[] = {
      pipe_is_copied_or_its_failure_said_and_nothing_is_left,
      file_is_read_where_it_is,
      folder_missing_file_and_endless_device_are_refused,
  };
  return wx_suite_run("saved_file", tests, sizeof tests / sizeof *tests);
}
