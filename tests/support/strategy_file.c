#include "support/strategy_file.h"

#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

uint64_t wx_test_allocated_bytes(void) {
  uint64_t bytes = 0;
  DIR *directory = opendir("/proc/self/fd");
  ck_assert_ptr_nonnull(directory);
  for (const struct dirent *entry; (entry = readdir(directory));) {
    char target[256];
    const ssize_t length = readlinkat(dirfd(directory), entry->d_name, target, sizeof target - 1);
    if (length < 0)
      continue;
    target[length] = '\0';
    struct stat status;
    if (strstr(target, "doublemapper") && fstat(atoi(entry->d_name), &status) == 0)
      bytes += (uint64_t)status.st_blocks * 512;
  }
  closedir(directory);
  return bytes;
}

static int has_all(const char *permissions, const char *wanted) {
  for (; *wanted; ++wanted)
    if (!strchr(permissions, *wanted))
      return 0;
  return 1;
}

unsigned wx_test_mappings(const char *protection, const char *name) {
  unsigned found = 0;
  FILE *maps = fopen("/proc/self/maps", "re");
  ck_assert_ptr_nonnull(maps);
  char line[4096];
  while (fgets(line, sizeof line, maps)) {
    char permissions[8] = "";
    ck_assert_int_eq(sscanf(line, "%*s %7s", permissions), 1);
    found += has_all(permissions, protection) && strstr(line, name);
  }
  fclose(maps);
  return found;
}
