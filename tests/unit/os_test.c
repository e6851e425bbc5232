// The system-call boundary: counting, the n-th failure, whole files.
#include "os/count.h"
#include "os/os.h"
#include "os/text.h"
#include "support/inject.h"
#include "support/suite.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PAGE = 4096 };

START_TEST(each_call_is_counted_by_kind) {
  const WxOsCounts before = wx_os_counts();
  void *page;
  ck_assert_int_eq(
      wx_os_mmap(NULL, wx_os_page_size(), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0, &page), 0);
  ck_assert_int_eq(wx_os_mprotect(page, wx_os_page_size(), PROT_READ), 0);
  ck_assert_int_eq(wx_os_munmap(page, wx_os_page_size()), 0);
  const WxOsCounts after = wx_os_counts();
  const WxOsCounts made = wx_os_counts_since(&before, &after);
  ck_assert_uint_eq(made.made[WX_OS_MMAP], 1);
  ck_assert_uint_eq(made.made[WX_OS_MPROTECT], 1);
  ck_assert_uint_eq(made.made[WX_OS_MUNMAP], 1);
  ck_assert_uint_eq(wx_os_counts_total(&made), 3);
}
END_TEST

START_TEST(the_nth_call_fails_and_is_neither_made_nor_counted) {
  const WxOsCounts before = wx_os_counts();
  struct stat status;
  wx_os_inject(WX_OS_FSTAT, 2, EIO);
  ck_assert_int_eq(wx_os_fstat(0, &status), 0);
  ck_assert_int_eq(wx_os_fstat(0, &status), -EIO);
  ck_assert_int_eq(wx_os_fstat(0, &status), 0);
  ck_assert(wx_os_inject_end());
  const WxOsCounts after = wx_os_counts();
  ck_assert_uint_eq(wx_os_counts_since(&before, &after).made[WX_OS_FSTAT], 2);
}
END_TEST

START_TEST(a_failure_of_one_kind_leaves_other_kinds_alone) {
  struct stat status;
  wx_os_inject(WX_OS_MMAP, 1, ENOMEM);
  ck_assert_int_eq(wx_os_fstat(0, &status), 0);
  ck_assert(!wx_os_inject_end());
}
END_TEST

START_TEST(a_real_failure_is_a_negative_errno) {
  ck_assert_int_eq(wx_os_close(-1), -EBADF);
  ck_assert_int_eq(wx_os_open("/nonexistent/file", 0, 0), -ENOENT);
  char target[4];
  ck_assert_int_eq(wx_os_readlink("/proc/self/exe", target, sizeof target), -ENAMETOOLONG);
}
END_TEST

START_TEST(a_size_above_the_file_limit_is_an_error_and_not_a_signal) {
  const int fd = wx_os_memfd_create("limited", 0);
  ck_assert_int_ge(fd, 0);
  const struct rlimit limit = {4096, 4096};
  ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
  ck_assert_int_eq(wx_os_ftruncate(fd, 4097), -EFBIG);
  ck_assert_int_eq(wx_os_ftruncate(fd, 4096), 0);
  ck_assert_int_eq(wx_os_close(fd), 0);
}
END_TEST

START_TEST(parts_are_written_one_after_the_other_by_one_call) {
  const int fd = wx_os_memfd_create("parts", 0);
  ck_assert_int_ge(fd, 0);
  const struct iovec parts[] = {wx_os_part("abc", 3), wx_os_part("", 0), wx_os_part("defg", 4)};
  const WxOsCounts before = wx_os_counts();
  ck_assert_int_eq(wx_os_pwritev(fd, parts, 3, 2), 0);
  const WxOsCounts after = wx_os_counts(), made = wx_os_counts_since(&before, &after);
  ck_assert_uint_eq(wx_os_counts_total(&made), 1);
  char text[16];
  ck_assert_int_eq(wx_os_pread(fd, text, sizeof text, 2), 7);
  ck_assert_mem_eq(text, "abcdefg", 7);
  ck_assert_int_eq(wx_os_pwritev(-1, parts, 3, 0), -EBADF);
  ck_assert_int_eq(wx_os_close(fd), 0);
}
END_TEST

START_TEST(parts_beyond_the_file_limit_are_an_error_after_what_fits) {
  const int fd = wx_os_memfd_create("limited", 0);
  ck_assert_int_ge(fd, 0);
  const struct rlimit limit = {PAGE + 5, PAGE + 5};
  ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
  (void)signal(SIGXFSZ, SIG_IGN);
  const struct iovec parts[] = {wx_os_part("abc", 3), wx_os_part("defg", 4)};
  ck_assert_int_eq(wx_os_pwritev(fd, parts, 2, PAGE), -EFBIG);
  char text[16];
  ck_assert_int_eq(wx_os_pread(fd, text, sizeof text, PAGE), 5);
  ck_assert_int_eq(wx_os_close(fd), 0);
}
END_TEST

static int read_maps(void *context) {
  return wx_text_read(context, "/proc/self/maps");
}

static WxHeld expected;

static void nothing_left(void *context) {
  (void)context;
  ck_assert_uint_eq(wx_held().descriptors, expected.descriptors);
}

START_TEST(a_file_that_fails_to_be_read_leaves_no_descriptor) {
  WxText text = {0};
  expected = wx_held();
  ck_assert_uint_ge(wx_inject_each(EIO, read_maps, nothing_left, &text), 3);
  ck_assert_ptr_nonnull(strstr(text.data, "r-xp"));
  wx_text_free(&text);
}
END_TEST

START_TEST(a_file_that_cannot_be_read_leaves_no_old_text) {
  WxText text = {0};
  ck_assert_int_eq(wx_text_read(&text, "/proc/self/status"), 0);
  ck_assert_int_eq(wx_text_read(&text, "/nonexistent/file"), -ENOENT);
  ck_assert_uint_eq(text.length, 0);
  ck_assert_str_eq(text.data, "");
  wx_text_free(&text);
}
END_TEST

static int find_self(long number, void *context) {
  *(long *)context += number == getpid();
  return number == getpid();
}

static int list_proc(void *context) {
  const int result = wx_directory_numbers("/proc", find_self, context);
  return result == 1 ? 0 : result;
}

START_TEST(numeric_entries_are_found_and_a_failure_leaves_no_descriptor) {
  long found = 0;
  expected = wx_held();
  wx_inject_each(EIO, list_proc, nothing_left, &found);
  ck_assert_int_ge(found, 1);
}
END_TEST

WX_TEST_MAIN("os", each_call_is_counted_by_kind, the_nth_call_fails_and_is_neither_made_nor_counted,
             a_failure_of_one_kind_leaves_other_kinds_alone, a_real_failure_is_a_negative_errno,
             a_size_above_the_file_limit_is_an_error_and_not_a_signal,
             parts_are_written_one_after_the_other_by_one_call,
             parts_beyond_the_file_limit_are_an_error_after_what_fits,
             a_file_that_fails_to_be_read_leaves_no_descriptor,
             a_file_that_cannot_be_read_leaves_no_old_text,
             numeric_entries_are_found_and_a_failure_leaves_no_descriptor)
