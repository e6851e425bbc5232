// Environments for programs with a library of ours preloaded.
#include "os/preloads.h"
#include "support/inject.h"
#include "support/suite.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char library[32] = "preloads_test.XXXXXX"; // In this program's folder.
static char path[PATH_MAX];

static void make_library(void) {
  const ssize_t length = readlink("/proc/self/exe", path, sizeof path - sizeof library);
  ck_assert_int_gt(length, 0);
  path[length] = '\0';
  char *name = strrchr(path, '/') + 1;
  strcpy(name, library);
  const int fd = mkstemp(path);
  ck_assert_int_ge(fd, 0);
  close(fd);
  strcpy(library, name);
}

static char *entry_beside(const char *others, WxPreloadPlace place) {
  char *entry = NULL;
  if (others)
    setenv("LD_PRELOAD", others, 1);
  else
    unsetenv("LD_PRELOAD");
  ck_assert_int_eq(wx_preload_entry(library, place, &entry), 0);
  unsetenv("LD_PRELOAD");
  return entry;
}

START_TEST(library_takes_its_place_among_those_named_already) {
  make_library();
  const struct {
    const char *others;
    WxPreloadPlace place;
    const char *before;
    const char *after;
  } rows[] = {{NULL, WX_PRELOAD_FIRST, "", ""},
              {NULL, WX_PRELOAD_LAST, "", ""},
              {"", WX_PRELOAD_LAST, "", ""},
              {"/a.so b.so", WX_PRELOAD_FIRST, "", ":/a.so b.so"},
              {"/a.so b.so", WX_PRELOAD_LAST, "/a.so b.so:", ""}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char expected[2 * PATH_MAX];
    snprintf(expected, sizeof expected, "LD_PRELOAD=%s%s%s", rows[i].before, path, rows[i].after);
    char *entry = entry_beside(rows[i].others, rows[i].place);
    ck_assert_str_eq(entry, expected);
    free(entry);
  }
  unlink(path);
}
END_TEST

START_TEST(missing_library_is_an_error) {
  char *entry = NULL;
  ck_assert_int_eq(wx_preload_entry("no-such-library.so", WX_PRELOAD_FIRST, &entry), -ENOENT);
  ck_assert_ptr_null(entry);
}
END_TEST

// The library under a name with a separator in it.
static void make_separated_library(char *separated) {
  make_library();
  strcat(library, " 2");
  snprintf(separated, PATH_MAX + 2, "%s 2", path);
  ck_assert_int_eq(rename(path, separated), 0);
}

START_TEST(path_that_the_linker_cannot_name_is_named_by_a_descriptor) {
  char separated[PATH_MAX + 2], expected[PATH_MAX];
  make_separated_library(separated);
  char *entry = entry_beside("/a.so", WX_PRELOAD_FIRST);
  int fd, end = 0;
  ck_assert_int_eq(sscanf(entry, "LD_PRELOAD=/proc/self/fd/%d:/a.so%n", &fd, &end), 1);
  ck_assert_int_eq(end, (int)strlen(entry));
  snprintf(expected, sizeof expected, "/proc/self/fd/%d", fd);
  char named[PATH_MAX];
  const ssize_t length = readlink(expected, named, sizeof named - 1);
  ck_assert_int_gt(length, 0);
  named[length] = '\0';
  ck_assert_str_eq(named, separated);
  ck_assert_int_eq(fcntl(fd, F_GETFD), 0); // Programs that are started get it too.
  close(fd);
  free(entry);
  unlink(separated);
}
END_TEST

static int attempt(void *unused) {
  (void)unused;
  char *entry = NULL;
  const int result = wx_preload_entry(library, WX_PRELOAD_LAST, &entry);
  free(entry);
  return result;
}

static void nothing_to_check(void *unused) {
  (void)unused;
}

START_TEST(each_failing_call_is_reported) {
  make_library();
  ck_assert_uint_eq(wx_inject_each(EIO, attempt, nothing_to_check, NULL), 2);
  unlink(path);
}
END_TEST

static int attempt_once(void *unused) {
  (void)unused;
  char *entry = NULL;
  const int result = wx_preload_entry(library, WX_PRELOAD_LAST, &entry);
  int fd;
  if (result == 0 && sscanf(entry, "LD_PRELOAD=/proc/self/fd/%d", &fd) == 1)
    close(fd);
  free(entry);
  return result;
}

START_TEST(each_failing_call_for_a_descriptor_is_reported) {
  char separated[PATH_MAX + 2];
  make_separated_library(separated);
  ck_assert_uint_eq(wx_inject_without_leak(EIO, attempt_once, NULL), 5);
  unlink(separated);
}
END_TEST

static int held(char *const *environment, const char *entry) {
  int times = 0;
  for (; *environment; environment++)
    times += strcmp(*environment, entry) == 0;
  return times;
}

START_TEST(entries_replace_variables_of_the_same_name_only) {
  setenv("WX_A", "old", 1);
  setenv("WX_AB", "kept", 1);
  char added[] = "WX_A=new";
  char other[] = "WX_C=other";
  char *entries[] = {added, other, NULL};
  char **environment = wx_preload_environment(entries);
  ck_assert_ptr_nonnull(environment);
  ck_assert_int_eq(held(environment, "WX_A=new"), 1);
  ck_assert_int_eq(held(environment, "WX_A=old"), 0);
  ck_assert_int_eq(held(environment, "WX_AB=kept"), 1);
  ck_assert_int_eq(held(environment, "WX_C=other"), 1);
  free(environment);
}
END_TEST

WX_TEST_MAIN("preloads", library_takes_its_place_among_those_named_already,
             missing_library_is_an_error, path_that_the_linker_cannot_name_is_named_by_a_descriptor,
             each_failing_call_is_reported, each_failing_call_for_a_descriptor_is_reported,
             entries_replace_variables_of_the_same_name_only)
