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

/* Control groups
 * -------------------------------------------------------------------------------------------------
 */

/// Fields of a line before its optional ones: id, parent, device, root, mount point, options.
enum { ROOT = 3, POINT = 4, FIXED_FIELDS = 6 };

static bool is_octal(char c) {
  return c >= '0' && c <= '7';
}

// Undoes the kernel's \ooo for blanks and backslashes. False where the result does not fit.
static bool unescape(char out[static PATH_MAX], const char *text) {
  size_t length = 0;
  while (*text) {
    if (length + 1 >= PATH_MAX)
      return false;
    if (text[0] == '\\' && is_octal(text[1]) && is_octal(text[2]) && is_octal(text[3])) {
      out[length++] = (char)((text[1] - '0') * 64 + (text[2] - '0') * 8 + (text[3] - '0'));
      text += 4;
    } else {
      out[length++] = *text++;
    }
  }
  out[length] = '\0';
  return true;
}

// Whether a comma-separated list holds `word`.
static bool list_holds(const char *list, const char *word) {
  const size_t length = strlen(word);
  for (const char *at = list; at; at = strchr(at, ',')) {
    at += *at == ',';
    if (strncmp(at, word, length) == 0 && (at[length] == ',' || at[length] == '\0'))
      return true;
  }
  return false;
}

// After the separator: type, source, options of the file system.
static int version_of(char *tail) {
  char *place;
  const char *type = strtok_r(tail, " ", &place);
  const char *source = strtok_r(NULL, " ", &place);
  const char *options = strtok_r(NULL, " ", &place);
  if (!type || !source || !options)
    return 0;
  if (strcmp(type, "cgroup2") == 0)
    return 2;
  return strcmp(type, "cgroup") == 0 && list_holds(options, "memory") ? 1 : 0;
}

bool wx_cgroup_mount_parse(WxCgroupMount *mount, char *line) {
  char *separator = strstr(line, " - ");
  if (!separator)
    return false;
  *separator = '\0';
  mount->version = version_of(separator + 3);
  if (!mount->version)
    return false;
  const char *fields[FIXED_FIELDS] = {0};
  char *place;
  char *field = strtok_r(line, " ", &place);
  for (size_t i = 0; i < FIXED_FIELDS && field; ++i) {
    fields[i] = field;
    field = strtok_r(NULL, " ", &place);
  }
  return fields[FIXED_FIELDS - 1] && unescape(mount->root, fields[ROOT]) &&
         unescape(mount->point, fields[POINT]);
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
