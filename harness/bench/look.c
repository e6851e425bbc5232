#include "bench/look.h"

#include "measure/fresh.h"
#include "measure/maps.h"
#include "measure/memfd.h"
#include "measure/own_mappings.h"
#include "measure/smaps.h"
#include "os/os.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { DESCRIPTORS = 256, LINK = 32 };

static int take(WxOwnMappings own, WxWorkReport *report) {
  report->wx_page |= own.wx_pages > 0;
  if (own.mappings > report->mappings)
    report->mappings = own.mappings;
  return 0;
}

static bool owns(void *allocator, uintptr_t start) {
  return wx_allocator_owns(allocator, start);
}

int wx_look_mappings(WxAllocator *allocator, WxWorkReport *report) {
  WxOwnMappings own;
  const int result = wx_own_mappings_count(&own, owns, allocator);
  return result ? result : take(own, report);
}

static bool any(void *part, uintptr_t start) {
  (void)part, (void)start;
  return true;
}

int wx_look_process(WxWorkReport *report) {
  WxOwnMappings all;
  const int result = wx_own_mappings_count(&all, any, NULL);
  return result ? result : take(all, report);
}

int wx_look_writable(uintptr_t address, bool *writable) {
  WxMaps maps = {0};
  const int result = wx_maps_read(&maps, 0);
  const WxMapping *own = NULL;
  for (size_t i = 0; i < maps.count && !own; ++i)
    if (address >= maps.items[i].start && address < maps.items[i].end)
      own = &maps.items[i];
  *writable = own && own->protection & WX_WRITE;
  for (size_t i = 0; own && own->inode && i < maps.count; ++i) {
    const WxMapping *other = &maps.items[i];
    const uint64_t offset = own->offset + (address - own->start);
    if (other->inode == own->inode && other->shared && other->protection & WX_WRITE &&
        offset >= other->offset && offset - other->offset < other->end - other->start)
      *writable = true;
  }
  wx_maps_free(&maps);
  return result;
}

// A file whose descriptor is closed may not be asked by everybody (memfd.h).
static int add_file(WxMemfd *file, int64_t *bytes) {
  const int failed = wx_memfd_stat(file, getpid());
  const bool hidden = failed == -EPERM || failed == -EACCES;
  if (hidden)
    *bytes = -1;
  else if (!failed && *bytes >= 0)
    *bytes += file->allocated_bytes;
  return hidden ? 0 : failed;
}

int wx_look_files(int64_t *bytes) {
  WxMaps maps = {0};
  WxMemfds files = {0};
  int result = wx_maps_read(&maps, 0);
  if (result == 0)
    result = wx_memfd_find(&files, getpid(), &maps, WX_DOUBLEMAPPER);
  *bytes = 0;
  for (size_t i = 0; i < files.count && result == 0; ++i)
    result = add_file(&files.items[i], bytes);
  wx_memfds_free(&files);
  wx_maps_free(&maps);
  return result;
}

// A descriptor that is none holds nothing.
static int64_t held_by(int fd) {
  static const char prefix[] = "/memfd:";
  char link[LINK], target[WX_MEMFD_LINK];
  struct stat status;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  if (wx_os_readlink(link, target, sizeof target) < 0 ||
      strncmp(target, prefix, sizeof prefix - 1) != 0 || wx_os_fstat(fd, &status))
    return 0;
  return (int64_t)status.st_blocks * 512;
}

int wx_look_held(int64_t *bytes) {
  WxSmaps smaps = {0};
  const int result = wx_smaps_read(&smaps, 0);
  *bytes = 0;
  for (int fd = WX_FRESH_UNUSED; fd < DESCRIPTORS; ++fd)
    *bytes += held_by(fd);
  for (size_t i = 0; i < smaps.count; ++i)
    if (!*smaps.items[i].path && !smaps.items[i].inode)
      *bytes += (int64_t)(smaps.residency[i].rss + smaps.residency[i].swap);
  wx_smaps_free(&smaps);
  return result;
}

bool wx_look_reprotect(const void *code) {
  const size_t page = wx_os_page_size();
  void *start = (void *)((uintptr_t)code & ~(uintptr_t)(page - 1));
  return wx_os_mprotect(start, page, PROT_READ | PROT_WRITE | PROT_EXEC) == 0;
}
