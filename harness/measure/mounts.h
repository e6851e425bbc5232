/**
   @file mounts.h
   Mounts, as /proc/PID/mountinfo lists them: which file system a device is of, and where control
   groups are.
*/
#ifndef WX_MEASURE_MOUNTS_H
#define WX_MEASURE_MOUNTS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* File systems
 * -------------------------------------------------------------------------------------------------
 */

/// Whether `text` (as /proc/self/mountinfo) has a mount of that device, of a kind of file system
/// that asks nobody but this machine.
bool wx_mounts_have_local(const char *text, uint32_t major, uint32_t minor);

/// Whether `text` has a tmpfs of that device, mounted as `id` (UINT64_MAX: as any).
bool wx_mounts_have_tmpfs(const char *text, uint64_t id, uint32_t major, uint32_t minor);

/// The device of the mount `id` in `text`. False where it has none.
bool wx_mounts_find(const char *text, uint64_t id, uint32_t *major, uint32_t *minor);

/* Control groups
 * -------------------------------------------------------------------------------------------------
 */

/// A hierarchy is that of version 1 with `controller` ("memory"), perhaps beside others, or where
/// that is NULL version 2.

/// The path of a process in the hierarchy, from its /proc/PID/cgroup; `*length` bytes up to the end
/// of its line. NULL where it has none.
const char *wx_cgroup_path(const char *text, const char *controller, size_t *length);

/// One mount of control groups.
typedef struct {
  char root[PATH_MAX];  ///< The group that is at the mount point.
  char point[PATH_MAX]; ///< The mount point.
} WxCgroupMount;

/// Finds the next mount of the hierarchy in `text` (as /proc/self/mountinfo). Returns the text
/// behind its line, NULL where there is none any more.
const char *wx_cgroup_mount_next(const char *text, const char *controller, WxCgroupMount *mount);

/// The folder of the group `group` (a path as above) below `mount`, into `directory`. False where
/// the mount does not show it.
bool wx_cgroup_mount_resolve(const WxCgroupMount *mount, const char *group,
                             char directory[static PATH_MAX]);

/// Both: the folder of a process's group, by the first mount in `mounts` that shows it, whose mount
/// point is `*point_length` bytes of it. `groups` is its /proc/PID/cgroup.
bool wx_cgroup_directory(const char *groups, const char *mounts, const char *controller,
                         char directory[static PATH_MAX], size_t *point_length);

#endif
