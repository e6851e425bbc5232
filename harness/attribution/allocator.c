#include "attribution/allocator.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HUGE_PAGES_PER_HEAP = 4 };
#define DEFAULT_HUGE_PAGE (UINT64_C(2) << 20)

// The first that is mapped wins: another malloc comes before the C library's own.
static const struct {
  const char *part; // Of the library's file name.
  const char *name;
} libraries[] = {
    {"/libjemalloc", "jemalloc"}, {"/libmimalloc", "mimalloc"}, {"/libtcmalloc", "tcmalloc"},
    {"/ld-musl-", "musl"},        {"/libc.musl-", "musl"},      {"/libc.so.6", "glibc"},
    {"/libc-2.", "glibc"},
};
enum { LIBRARIES = sizeof libraries / sizeof *libraries };

WxAllocator wx_allocator_find(const WxMapping *mappings, size_t count) {
  size_t best = LIBRARIES;
  const char *last = NULL;
  for (size_t i = 0; i < count; ++i) {
    const char *path = mappings[i].path;
    if (path == last || *path != '/')
      continue;
    last = path;
    for (size_t library = 0; library < best; ++library)
      if (strstr(path, libraries[library].part))
        best = library;
  }
  WxAllocator allocator = {.name = best < LIBRARIES ? libraries[best].name : NULL};
  allocator.rules.other_malloc = allocator.name && strcmp(allocator.name, "glibc") != 0;
  return allocator;
}

// glibc.malloc.hugetlb: 0 off, 1 transparent ones, 2 the default huge page, else a page's size.
static void take_tunables(WxAllocator *allocator, const char *value) {
  snprintf(allocator->tunables, sizeof allocator->tunables, "%s", value);
  const char *huge = strstr(value, "glibc.malloc.hugetlb=");
  if (!huge)
    return;
  const unsigned long long page = strtoull(huge + strlen("glibc.malloc.hugetlb="), NULL, 0);
  if (page < 2)
    return;
  const uint64_t bytes = page == 2 ? DEFAULT_HUGE_PAGE : page;
  if ((bytes & (bytes - 1)) == 0 && bytes >= 4096 && bytes <= UINT64_C(1) << 32)
    allocator->rules.slot_bytes = bytes * HUGE_PAGES_PER_HEAP;
}

static void copy(char target[WX_SETTING_TEXT], const char *value) {
  snprintf(target, WX_SETTING_TEXT, "%s", value);
}

static void take_variable(WxAllocator *allocator, const char *name, const char *value) {
  if (!strcmp(name, "GLIBC_TUNABLES"))
    take_tunables(allocator, value);
  else if (!strcmp(name, "MALLOC_ARENA_MAX"))
    copy(allocator->arena_max, value);
  else if (!strcmp(name, "MALLOC_TOP_PAD_"))
    copy(allocator->top_pad, value);
  else if (!strcmp(name, "LD_PRELOAD"))
    allocator->preloaded = *value != '\0';
}

void wx_allocator_take_environment(WxAllocator *allocator, const char *environment, size_t length) {
  allocator->environment_known = true;
  allocator->write_xor_execute = wx_switch_in(environment, length);
  for (size_t at = 0; at < length;) {
    const char *variable = environment + at;
    const size_t size = strnlen(variable, length - at);
    const char *equals = memchr(variable, '=', size);
    char name[WX_SETTING_TEXT];
    if (equals && (size_t)(equals - variable) < sizeof name && size < length - at) {
      snprintf(name, sizeof name, "%.*s", (int)(equals - variable), variable);
      take_variable(allocator, name, equals + 1);
    }
    at += size + 1;
  }
}

int wx_allocator_read_environment(WxAllocator *allocator, pid_t pid, WxText *text) {
  char path[64];
  if (pid)
    snprintf(path, sizeof path, "/proc/%d/environ", (int)pid);
  else
    snprintf(path, sizeof path, "/proc/self/environ");
  const int failed = wx_text_read(text, path);
  if (!failed)
    wx_allocator_take_environment(allocator, text->data, text->length);
  return failed;
}
