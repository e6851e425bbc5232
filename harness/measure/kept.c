#include "measure/kept.h"

#include "os/grow.h"
#include "os/os.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

static WxMemfd *find_file(const WxMemfds *memfds, WxFileId id) {
  for (size_t i = 0; i < memfds->count; ++i)
    if (wx_file_id_equal(memfds->items[i].id, id))
      return &memfds->items[i];
  return NULL;
}

static bool is_kept(const WxKept *kept, WxFileId id) {
  for (size_t i = 0; i < kept->count; ++i)
    if (wx_file_id_equal(kept->items[i].id, id))
      return true;
  return false;
}

// Lets go of what the process does not hold any more, and lends the rest.
static void lend(WxKept *kept, const WxMemfds *memfds, pid_t pid) {
  size_t left = 0;
  for (size_t i = 0; i < kept->count; ++i) {
    const WxKeptFile file = kept->items[i];
    WxMemfd *memfd = find_file(memfds, file.id);
    if (!memfd) {
      wx_os_close_reader(file.fd);
      continue;
    }
    kept->items[left++] = file;
    if (memfd->number < 0) {
      memfd->kept = file.fd;
      (void)wx_memfd_stat(memfd, pid); // Where it fails, the figure is unknown.
    }
  }
  kept->count = left;
}

static int keep(WxKept *kept, const WxMemfd *memfd, pid_t pid) {
  WxKeptFile *items = wx_grown(kept->items, &kept->capacity, kept->count, sizeof *items);
  if (!items)
    return -ENOMEM;
  kept->items = items;
  const int fd = wx_memfd_open(memfd, pid, O_RDONLY);
  if (fd >= 0)
    items[kept->count++] = (WxKeptFile){memfd->id, fd};
  return 0;
}

int wx_kept_update(WxKept *kept, WxMemfds *memfds, pid_t pid) {
  lend(kept, memfds, pid);
  const long most = sysconf(_SC_OPEN_MAX) / 2;
  int result = 0;
  for (size_t i = 0; i < memfds->count && result == 0; ++i) {
    const WxMemfd *memfd = &memfds->items[i];
    if (memfd->number >= 0 && !is_kept(kept, memfd->id) && (long)kept->count < most)
      result = keep(kept, memfd, pid);
  }
  return result;
}

void wx_kept_free(WxKept *kept) {
  for (size_t i = 0; i < kept->count; ++i)
    wx_os_close_reader(kept->items[i].fd);
  free(kept->items);
  *kept = (WxKept){0};
}
