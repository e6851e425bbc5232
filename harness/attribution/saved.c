#include "attribution/saved.h"

#include "os/os.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { PIECE = 1 << 16, MOST_BYTES = 256 << 20 };

static int copy(int from, int to) {
  char piece[PIECE];
  uint64_t at = 0;
  for (ssize_t got; (got = wx_os_read(from, piece, sizeof piece)) != 0; at += (uint64_t)got) {
    if (got < 0 || at + (uint64_t)got > MOST_BYTES)
      return got < 0 ? (int)got : -EFBIG;
    const int failed = wx_os_pwrite(to, piece, (size_t)got, at);
    if (failed)
      return failed;
  }
  return 0;
}

static int copy_all(WxSaved *saved, const char *path) {
  const int from = wx_os_open(path, O_RDONLY, 0);
  if (from < 0)
    return from;
  saved->copy = wx_os_memfd_create_data("wxbench-saved");
  const int failed = saved->copy < 0 ? saved->copy : copy(from, saved->copy);
  wx_os_close_reader(from);
  snprintf(saved->own, sizeof saved->own, "/proc/self/fd/%d", saved->copy);
  saved->path = saved->own;
  return failed;
}

int wx_saved_open(WxSaved *saved, const char *path) {
  struct stat status;
  *saved = (WxSaved){.path = strcmp(path, "-") != 0 ? path : "/proc/self/fd/0", .copy = -1};
  const int failed = wx_os_stat(saved->path, &status);
  if (failed || S_ISREG(status.st_mode))
    return failed;
  return S_ISDIR(status.st_mode) ? -EISDIR : copy_all(saved, saved->path);
}

void wx_saved_close(WxSaved *saved) {
  if (saved->copy >= 0)
    (void)wx_os_close(saved->copy);
  *saved = (WxSaved){.copy = -1};
}
