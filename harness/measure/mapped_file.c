#include "measure/mapped_file.h"

#include "measure/process.h"
#include "os/os.h"
#include "os/text.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

// Neither FUSE nor a server stands behind these. (An overlay may have such a thing below, but those
// in our own mount namespace were mounted by whoever rules over it.)
static const char *const local_kinds[] = {
    "ext2",  "ext3",   "ext4",     "xfs",   "btrfs",   "f2fs",   "bcachefs", "zfs",
    "jfs",   "nilfs2", "reiserfs", "tmpfs", "ramfs",   "rootfs", "overlay",  "squashfs",
    "erofs", "vfat",   "exfat",    "ntfs3", "iso9660", "udf",
};

/// A line of mountinfo.
typedef struct {
  uint64_t id;
  uint32_t major;
  uint32_t minor;
  const char *kind;
  size_t kind_length;
} Mount;

// The type stands behind " - ", which no other field can hold: blanks are escaped.
static bool parse_mount(const char *line, size_t length, Mount *mount) {
  if (sscanf(line, "%" SCNu64 " %*u %" SCNu32 ":%" SCNu32, &mount->id, &mount->major,
             &mount->minor) != 3)
    return false;
  const char *separator = memmem(line, length, " - ", 3);
  if (!separator)
    return false;
  mount->kind = separator + 3;
  mount->kind_length = strcspn(mount->kind, " \n");
  return true;
}

static const char *next_mount(const char *at, Mount *mount) {
  while (at && *at) {
    const size_t length = strcspn(at, "\n");
    const bool good = parse_mount(at, length, mount);
    at += length + (at[length] == '\n');
    if (good)
      return at;
  }
  return NULL;
}

static bool is_local(const Mount *mount) {
  for (size_t i = 0; i < sizeof local_kinds / sizeof *local_kinds; ++i)
    if (strlen(local_kinds[i]) == mount->kind_length &&
        memcmp(local_kinds[i], mount->kind, mount->kind_length) == 0)
      return true;
  return false;
}

bool wx_mounts_have_local(const char *text, uint32_t major, uint32_t minor) {
  Mount mount;
  while ((text = next_mount(text, &mount)))
    if (mount.major == major && mount.minor == minor) // All mounts of a device are of one kind.
      return is_local(&mount);
  return false;
}

bool wx_mounts_have_tmpfs(const char *text, uint64_t id, uint32_t major, uint32_t minor) {
  static const char tmpfs[] = "tmpfs";
  Mount mount;
  while ((text = next_mount(text, &mount)))
    if ((id == UINT64_MAX || mount.id == id) && mount.major == major && mount.minor == minor)
      return mount.kind_length == sizeof tmpfs - 1 && !memcmp(mount.kind, tmpfs, sizeof tmpfs - 1);
  return false;
}

bool wx_mounts_find(const char *text, uint64_t id, uint32_t *major, uint32_t *minor) {
  Mount mount;
  while ((text = next_mount(text, &mount))) {
    if (mount.id != id)
      continue;
    *major = mount.major;
    *minor = mount.minor;
    return true;
  }
  return false;
}

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
