#include "measure/mounts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* File systems
 * -------------------------------------------------------------------------------------------------
 */

// Neither FUSE nor a server stands behind these. (An overlay may have such a thing below, but those
// in our own mount namespace were mounted by whoever rules over it.)
static const char *const local_kinds[] = {
    "ext2",  "ext3",   "ext4",     "xfs",   "btrfs",   "f2fs",   "bcachefs", "zfs",
    "jfs",   "nilfs2", "reiserfs", "tmpfs", "ramfs",   "rootfs", "overlay",  "squashfs",
    "erofs", "vfat",   "exfat",    "ntfs3", "iso9660", "udf",
};

/// A line of mountinfo: `ID PARENT MAJOR:MINOR ROOT POINT OPTIONS [TAGS] - KIND SOURCE SUPER`.
typedef struct {
  const char *line;
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
  mount->line = line;
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

static bool is_of_kind(const Mount *mount, const char *kind) {
  return strlen(kind) == mount->kind_length && memcmp(kind, mount->kind, mount->kind_length) == 0;
}

static bool is_local(const Mount *mount) {
  for (size_t i = 0; i < sizeof local_kinds / sizeof *local_kinds; ++i)
    if (is_of_kind(mount, local_kinds[i]))
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
  Mount mount;
  while ((text = next_mount(text, &mount)))
    if ((id == UINT64_MAX || mount.id == id) && mount.major == major && mount.minor == minor)
      return is_of_kind(&mount, "tmpfs");
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

/* Control groups
 * -------------------------------------------------------------------------------------------------
 */

enum { ROOT = 3, POINT = 4, SUPER = 2 }; // Fields of a line; of what is behind its kind.

// The field with that index of what begins at `text`, `*length` bytes.
static const char *field(const char *text, int index, size_t *length) {
  for (; index; --index) {
    text += strcspn(text, " \n");
    text += *text == ' ';
  }
  *length = strcspn(text, " \n");
  return text;
}

static bool is_octal(char c) {
  return c >= '0' && c <= '7';
}

// Undoes the kernel's \ooo for blanks and backslashes. False where there is nothing, or too much.
static bool unescape(char out[static PATH_MAX], const char *text, size_t length) {
  size_t written = 0;
  for (size_t at = 0; at < length; ++written) {
    if (written + 1 == PATH_MAX)
      return false;
    const char *c = text + at;
    const bool escaped =
        length - at > 3 && c[0] == '\\' && is_octal(c[1]) && is_octal(c[2]) && is_octal(c[3]);
    out[written] = escaped ? (char)((c[1] - '0') * 64 + (c[2] - '0') * 8 + (c[3] - '0')) : *c;
    at += escaped ? 4 : 1;
  }
  out[written] = '\0';
  return written > 0;
}

// Whether a comma-separated list of that length holds `word`.
static bool list_holds(const char *list, size_t length, const char *word) {
  for (size_t at = 0; at < length;) {
    const size_t own = strcspn(list + at, ",:\n");
    if (own == strlen(word) && memcmp(list + at, word, own) == 0)
      return true;
    at += own + 1;
  }
  return false;
}

// A line reads `NUMBER:CONTROLLERS:PATH`; that of version 2 is 0 without controllers.
const char *wx_cgroup_path(const char *text, const char *controller, size_t *length) {
  for (const char *line = text; line && *line;) {
    const char *end = line + strcspn(line, "\n");
    const char *controllers = memchr(line, ':', (size_t)(end - line));
    controllers = controllers ? controllers + 1 : end;
    const char *path = memchr(controllers, ':', (size_t)(end - controllers));
    if (path && (controller ? list_holds(controllers, (size_t)(path - controllers), controller)
                            : path == controllers && strncmp(line, "0:", 2) == 0)) {
      *length = (size_t)(end - (path + 1));
      return path + 1;
    }
    line = *end ? end + 1 : NULL;
  }
  return NULL;
}

static bool is_hierarchy(const Mount *mount, const char *controller) {
  if (!controller)
    return is_of_kind(mount, "cgroup2");
  size_t length;
  const char *options = field(mount->kind, SUPER, &length);
  return is_of_kind(mount, "cgroup") && list_holds(options, length, controller);
}

const char *wx_cgroup_mount_next(const char *text, const char *controller, WxCgroupMount *mount) {
  Mount line;
  while ((text = next_mount(text, &line))) {
    size_t root_length, point_length;
    const char *root = field(line.line, ROOT, &root_length);
    const char *point = field(line.line, POINT, &point_length);
    if (is_hierarchy(&line, controller) && unescape(mount->root, root, root_length) &&
        unescape(mount->point, point, point_length))
      return text;
  }
  return NULL;
}

bool wx_cgroup_mount_resolve(const WxCgroupMount *mount, const char *group,
                             char directory[static PATH_MAX]) {
  const size_t length = strcmp(mount->root, "/") == 0 ? 0 : strlen(mount->root);
  if (strncmp(group, mount->root, length) != 0)
    return false;
  const char *below = group + length;
  // "/.." leads out of this process's cgroup namespace.
  if ((*below && *below != '/') || strncmp(below, "/..", 3) == 0)
    return false;
  const int size =
      snprintf(directory, PATH_MAX, "%s%s", mount->point, strcmp(below, "/") == 0 ? "" : below);
  return size >= 0 && size < PATH_MAX;
}

bool wx_cgroup_directory(const char *groups, const char *mounts, const char *controller,
                         char directory[static PATH_MAX], size_t *point_length) {
  size_t length;
  char group[PATH_MAX];
  const char *path = wx_cgroup_path(groups, controller, &length);
  if (!path || length >= sizeof group)
    return false;
  memcpy(group, path, length);
  group[length] = '\0';
  WxCgroupMount mount;
  while ((mounts = wx_cgroup_mount_next(mounts, controller, &mount)))
    if (wx_cgroup_mount_resolve(&mount, group, directory)) {
      *point_length = strlen(mount.point);
      return true;
    }
  return false;
}
