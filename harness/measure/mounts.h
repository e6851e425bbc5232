/**
   @file mounts.h
   Where control groups are mounted. Private to cgroup.c.
*/
#ifndef WX_MEASURE_MOUNTS_H
#define WX_MEASURE_MOUNTS_H

#include <limits.h>
#include <stdbool.h>

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
