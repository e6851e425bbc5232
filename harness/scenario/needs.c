#include "scenario/needs.h"

#include "os/text.h"

#include <stdbool.h>
#include <string.h>

// The chosen word of a kernel setting stands in brackets.
static bool has_huge_shmem(void) {
  WxText text = {0};
  const bool huge = wx_text_read(&text, "/sys/kernel/mm/transparent_hugepage/shmem_enabled") == 0 &&
                    (strstr(text.data, "[always]") || strstr(text.data, "[within_size]") ||
                     strstr(text.data, "[force]"));
  wx_text_free(&text);
  return huge;
}

static const struct {
  const char *name;
  bool (*is_there)(void);
  const char *about;
  const char *missing;
} needs[] = {
    {"huge_shmem", has_huge_shmem, "huge pages for shared memory",
     "shared memory uses no huge pages here (shmem_enabled)"},
};

enum { NEEDS = sizeof needs / sizeof *needs };

const char *wx_need_name(size_t index) {
  return index < NEEDS ? needs[index].name : NULL;
}

const char *wx_need_about(size_t index) {
  return needs[index].about;
}

const char *wx_need_missing(const char *name) {
  for (int i = 0; name && i < NEEDS; ++i)
    if (strcmp(needs[i].name, name) == 0 && !needs[i].is_there())
      return needs[i].missing;
  return NULL;
}
