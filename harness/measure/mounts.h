/**
   @file mounts.h
   Mounts, as /proc/PID/mountinfo lists them: which file system a device is of, and where control
   groups are.
*/
#ifndef WX_MEASURE_MOUNTS_H
#define WX_MEASURE_MOUNTS_H

#include <limits.h>
#include <stdbool.h>
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

/// One mount of control groups, from /proc/self/mountinfo.
typedef struct {
  int version;          ///< 1 (with the memory controller) or 2.
  char root[PATH_MAX];  ///< The group that is at the mount point.
  char point[PATH_MAX]; ///< The mount point.
} WxCgroupMount;

/// Parses one line of mountinfo (which it may change). Returns whether it is a mount of version 2,
/// or of version 1 with the memory controller.
bool wx_cgroup_mount_parse(WxCgroupMount *mount, char *line);

/// The folder of the group `group` (as /proc/PID/cgroup names it) below `mount`, into `directory`.
/// False where the mount does not show it.
bool wx_cgroup_mount_resolve(const WxCgroupMount *mount, const char *group,
                             char directory[static PATH_MAX]);

#endif
