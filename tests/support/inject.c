#include "support/inject.h"

#include "os/count.h"

#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <string.h>

// Memory of the C library or of a sanitizer's allocator, which come and go by themselves.
static int is_heap(const char *line) {
  unsigned long start;
  char permissions[8];
  ck_assert_int_eq(sscanf(line, "%lx-%*x %7s", &start, permissions), 2);
  const int of_sanitizer = start >= 0x600000000000 && start < 0x700000000000;
  return strstr(line, "[heap]") || strstr(line, "[stack]") ||
         (of_sanitizer && strcmp(permissions, "rw-p") == 0);
}

WxHeld wx_held(void) {
  WxHeld held = {0};
  FILE *maps = fopen("/proc/self/maps", "re");
  ck_assert_ptr_nonnull(maps);
  char line[4096];
  while (fgets(line, sizeof line, maps))
    held.mappings += !is_heap(line);
  fclose(maps);
  DIR *directory = opendir("/proc/self/fd");
  ck_assert_ptr_nonnull(directory);
  while (readdir(directory))
    ++held.descriptors;
  closedir(directory);
  return held;
}

uint64_t wx_inject_each(int error, int (*attempt)(void *context), void (*check)(void *context),
                        void *context) {
  for (uint64_t nth = 1;; ++nth) {
    wx_os_inject(WX_OS_ANY, nth, error);
    const int result = attempt(context);
    if (!wx_os_inject_end()) {
      ck_assert_int_eq(result, 0);
      return nth - 1;
    }
    ck_assert_msg(result == -error || result == 0, "failure %lu: returned %d", (unsigned long)nth,
                  result);
    check(context);
    ck_assert_uint_lt(nth, 100000);
  }
}

static WxHeld held_before;

static void not_judged(void *context) {
  (void)context;
  (void)wx_held();
}

static void nothing_left(void *context) {
  (void)context;
  const WxHeld held = wx_held();
  ck_assert_uint_eq(held.mappings, held_before.mappings);
  ck_assert_uint_eq(held.descriptors, held_before.descriptors);
}

uint64_t wx_inject_without_leak(int error, int (*attempt)(void *context), void *context) {
  wx_inject_each(error, attempt, not_judged, context);
  held_before = wx_held();
  const uint64_t failures = wx_inject_each(error, attempt, nothing_left, context);
  nothing_left(NULL);
  return failures;
}
