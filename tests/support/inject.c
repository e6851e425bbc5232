#include "support/inject.h"

#include "os/count.h"

#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <string.h>

WxHeld wx_held(void) {
  WxHeld held = {0};
  FILE *maps = fopen("/proc/self/maps", "re");
  ck_assert_ptr_nonnull(maps);
  char line[4096];
  while (fgets(line, sizeof line, maps))
    held.mappings += !strstr(line, "[heap]") && !strstr(line, "[stack]");
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
