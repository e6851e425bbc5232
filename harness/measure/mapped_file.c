#include "measure/mapped_file.h"

#include "measure/mounts.h"
#include "measure/process_status.h"
#include "os/os.h"
#include "os/text.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

// By the path, as the process itself sees it.
static int reach_by_path(pid_t pid, const char *name) {
  char path[WX_PROCESS_PATH_SIZE];
  wx_process_path(path, pid, "root");
  const int root = wx_os_open(path, O_PATH | O_DIRECTORY, 0);
  if (root < 0)
    return root;
  const int handle = wx_os_open_known(root, name);
  wx_os_close_reader(root);
  return handle;
}

static int reach(pid_t pid, const WxMapping *mapping) {
  char link[64], path[WX_PROCESS_PATH_SIZE];
  snprintf(link, sizeof link, "map_files/%" PRIx64 "-%" PRIx64, mapping->start, mapping->end);
  wx_process_path(path, pid, link);
  const int handle = wx_os_open(path, O_PATH, 0);
  return handle == -EPERM || handle == -EACCES ? reach_by_path(pid, mapping->path) : handle;
}

// Where the file lies: its mount, which our own namespace has or that of the process, and then the
// device of that in our own.
static int check(int handle, pid_t pid, const char *own_mounts, WxText *text) {
  struct statx status;
  uint32_t major, minor;
  int failed = wx_os_statx(handle, &status);
  if (failed)
    return failed;
  if (!S_ISREG(status.stx_mode) || !(status.stx_mask & STATX_MNT_ID))
    return -EPERM;
  if (!wx_mounts_find(own_mounts, status.stx_mnt_id, &major, &minor)) {
    char path[WX_PROCESS_PATH_SIZE];
    wx_process_path(path, pid, "mountinfo");
    failed = wx_text_read(text, path);
    if (failed)
      return failed;
    if (!wx_mounts_find(text->data, status.stx_mnt_id, &major, &minor))
      return -EPERM;
  }
  return wx_mounts_have_local(own_mounts, major, minor) ? 0 : -EPERM;
}

static int open_checked(pid_t pid, const WxMapping *mapping, const char *own_mounts, WxText *text) {
  if (!mapping->inode || !wx_mounts_have_local(own_mounts, mapping->major, mapping->minor))
    return -EPERM;
  const int handle = reach(pid, mapping);
  if (handle < 0)
    return handle;
  int result = check(handle, pid, own_mounts, text);
  if (!result) {
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", handle);
    result = wx_os_open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
  }
  wx_os_close_reader(handle);
  return result;
}

int wx_mapped_file_open(pid_t pid, const WxMapping *mapping) {
  WxText own = {0}, other = {0};
  int result = wx_text_read(&own, "/proc/self/mountinfo");
  if (!result)
    result = open_checked(pid, mapping, own.data, &other);
  wx_text_free(&own);
  wx_text_free(&other);
  return result;
}
