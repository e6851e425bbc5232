#include "measure/memfd.h"

#include "measure/process.h"
#include "os/grow.h"
#include "os/os.h"
#include "os/text.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

enum { CLOSED = -1, BLOCK = 512, LINK_SIZE = 256, FULL = 1, ASKED_FOR_EACH = 64 };

static const char memfd_prefix[] = "/memfd:";

bool wx_file_id_equal(WxFileId a, WxFileId b) {
  return a.inode == b.inode && a.major == b.major && a.minor == b.minor;
}

bool wx_mapping_is_of(const WxMapping *mapping, WxFileId id) {
  return mapping->inode == id.inode && mapping->major == id.major && mapping->minor == id.minor;
}

static WxFileId id_of(const struct stat *status) {
  return (WxFileId){major(status->st_dev), minor(status->st_dev), status->st_ino};
}

// The path that leads to the file: below /proc/PID, or to a descriptor of our own.
static void link_path(char path[static WX_PROCESS_PATH_SIZE], const WxMemfd *memfd, pid_t pid) {
  char link[64];
  const bool ours = memfd->number == CLOSED && memfd->kept != CLOSED;
  if (ours || memfd->number != CLOSED)
    snprintf(link, sizeof link, "fd/%d", ours ? memfd->kept : memfd->number);
  else
    snprintf(link, sizeof link, "map_files/%" PRIx64 "-%" PRIx64, memfd->mapped_start,
             memfd->mapped_end);
  wx_process_path(path, ours ? 0 : pid, link);
}

// The link is not there: is the process?
static int gone_or_stale(int error, pid_t pid) {
  if (error != -ENOENT)
    return error;
  char path[WX_PROCESS_PATH_SIZE];
  wx_process_path(path, pid, "stat");
  struct stat status;
  const int result = wx_os_stat(path, &status);
  return result ? wx_process_error(result) : -ESTALE;
}

static void take_status(WxMemfd *memfd, const struct stat *status) {
  memfd->allocated_bytes = (WxFigure)status->st_blocks * BLOCK;
  memfd->block_bytes = status->st_blksize;
}

int wx_memfd_stat(WxMemfd *memfd, pid_t pid) {
  char path[WX_PROCESS_PATH_SIZE];
  link_path(path, memfd, pid);
  struct stat status;
  const int result = gone_or_stale(wx_os_stat(path, &status), pid);
  if (result)
    return result;
  if (!wx_file_id_equal(memfd->id, id_of(&status)))
    return -ESTALE;
  take_status(memfd, &status);
  return 0;
}

int wx_memfd_open(const WxMemfd *memfd, pid_t pid, int flags) {
  char path[WX_PROCESS_PATH_SIZE];
  link_path(path, memfd, pid);
  const int fd = wx_os_open(path, flags, 0);
  if (fd < 0)
    return gone_or_stale(fd, pid);
  struct stat status;
  int result = wx_os_fstat(fd, &status);
  if (!result && !wx_file_id_equal(memfd->id, id_of(&status)))
    result = -ESTALE;
  if (!result)
    return fd;
  wx_os_close_reader(fd);
  return result;
}

static WxMemfd *with_id(const WxMemfds *memfds, WxFileId id) {
  for (size_t i = 0; i < memfds->count; ++i)
    if (wx_file_id_equal(memfds->items[i].id, id))
      return &memfds->items[i];
  return NULL;
}

// Returns FULL where there were enough already.
static int add(WxMemfds *memfds, const WxMemfd *memfd) {
  if (memfds->most && memfds->count == memfds->most)
    return FULL;
  WxMemfd *items = wx_grown(memfds->items, &memfds->capacity, memfds->count, sizeof *items);
  if (!items)
    return -ENOMEM;
  memfds->items = items;
  items[memfds->count++] = *memfd;
  return 0;
}

static bool is_wanted(const WxMapping *mapping, const char *name) {
  if (!mapping->inode)
    return false;
  if (name)
    return strcmp(mapping->path, name) == 0;
  return mapping->protection & WX_EXECUTE &&
         strncmp(mapping->path, memfd_prefix, sizeof memfd_prefix - 1) == 0;
}

static int find_mapped(WxMemfds *found, const WxMaps *maps, const char *name) {
  for (size_t i = 0; i < maps->count; ++i) {
    const WxMapping *mapping = &maps->items[i];
    if (!is_wanted(mapping, name))
      continue;
    const WxMemfd memfd = {
        .id = {mapping->major, mapping->minor, mapping->inode},
        .number = CLOSED,
        .kept = CLOSED,
        .mapped_start = mapping->start,
        .mapped_end = mapping->end,
        .allocated_bytes = WX_UNKNOWN,
        .block_bytes = WX_UNKNOWN,
    };
    const int result = with_id(found, memfd.id) ? 0 : add(found, &memfd);
    if (result)
      return result == FULL ? 0 : result;
  }
  return 0;
}

/// A walk through the descriptors of a process.
typedef struct {
  WxMemfds *found;
  pid_t pid;
  const char *name;
  size_t asked; ///< Descriptors of that name.
} Walk;

static bool link_is_wanted(const Walk *walk, const char *path, int *error) {
  char target[LINK_SIZE];
  *error = wx_os_readlink(path, target, sizeof target);
  if (*error == -ENOENT || *error == -ENAMETOOLONG) { // Closed meanwhile, or not one of ours.
    *error = 0;
    return false;
  }
  if (*error)
    return false;
  return walk->name ? strcmp(target, walk->name) == 0
                    : strncmp(target, memfd_prefix, sizeof memfd_prefix - 1) == 0;
}

static int visit_descriptor(long number, void *context) {
  Walk *walk = context;
  char path[WX_PROCESS_PATH_SIZE];
  char link[32];
  snprintf(link, sizeof link, "fd/%ld", number);
  wx_process_path(path, walk->pid, link);
  int result;
  if (!link_is_wanted(walk, path, &result))
    return result;
  if (walk->found->most && walk->asked++ == ASKED_FOR_EACH * walk->found->most)
    return FULL;
  struct stat status;
  result = wx_os_stat(path, &status);
  if (result)
    return result == -ENOENT ? 0 : result;
  const WxFileId id = id_of(&status);
  WxMemfd *known = with_id(walk->found, id);
  if (known) {
    if (known->number == CLOSED) {
      known->number = (int)number;
      take_status(known, &status);
    }
    return 0;
  }
  if (!walk->name) // Held open, but not mapped executable.
    return 0;
  WxMemfd memfd = {.id = id, .number = (int)number, .kept = CLOSED};
  take_status(&memfd, &status);
  result = add(walk->found, &memfd);
  return result == FULL ? 0 : result; // One of those that were mapped may come.
}

// What no descriptor leads to is asked through its mapping, where that is permitted.
static int stat_closed(WxMemfds *found, pid_t pid) {
  for (size_t i = 0; i < found->count; ++i) {
    if (found->items[i].number != CLOSED)
      continue;
    const int result = wx_memfd_stat(&found->items[i], pid);
    if (result && result != -EACCES && result != -EPERM && result != -ESTALE)
      return result;
  }
  return 0;
}

int wx_memfd_find(WxMemfds *found, pid_t pid, const WxMaps *maps, const char *name) {
  found->count = 0;
  int result = find_mapped(found, maps, name);
  if (result)
    return result;
  char path[WX_PROCESS_PATH_SIZE];
  wx_process_path(path, pid, "fd");
  Walk walk = {.found = found, .pid = pid, .name = name};
  result = wx_process_error(wx_directory_numbers(path, visit_descriptor, &walk));
  return result && result != FULL ? result : stat_closed(found, pid);
}

void wx_memfds_free(WxMemfds *memfds) {
  free(memfds->items);
  *memfds = (WxMemfds){0};
}
