/**
   @file cgroup.h
   The memory control group of a process, as the out-of-memory killer sees it; versions 1 and 2.

   Shared memory is charged to the group of whoever touched a page first, once, and stays charged
   while no process maps it: shmem far above file_mapped is the fingerprint of orphaned pages. The
   figures include the groups below. The kernel counts in batches of some pages a processor, and
   version 2 may show figures that are up to two seconds old.
*/
#ifndef WX_MEASURE_CGROUP_H
#define WX_MEASURE_CGROUP_H

#include "os/text.h"
#include "stats/figure.h"

#include <limits.h>
#include <sys/types.h>

/// `limit_bytes` of a group that has no limit.
#define WX_CGROUP_NO_LIMIT INT64_MAX

/// Where the group is. Start with {0}; nothing to free.
typedef struct {
  int version;              ///< 1 or 2; 0 where no memory group is visible from here.
  char mount[PATH_MAX];     ///< The mount point that leads to it.
  char directory[PATH_MAX]; ///< Its folder, at or below `mount`.
} WxCgroup;

/// What a group uses. What its kernel or version does not say is unknown.
typedef struct {
  WxFigure usage_bytes; ///< memory.current, memory.usage_in_bytes.
  WxFigure limit_bytes; ///< The lowest on the way up as far as visible, or WX_CGROUP_NO_LIMIT.
  WxFigure shmem_bytes; ///< tmpfs and memfd pages, mapped or not.
  WxFigure file_mapped_bytes; ///< Pages of files that are mapped, shared memory included.
  WxFigure anon_bytes;
  WxFigure file_bytes; ///< Page cache, shared memory included.
  WxFigure swap_bytes;
  WxFigure kernel_bytes;
  WxFigure slab_bytes;
  WxFigure socket_bytes;
  WxFigure page_tables_bytes;
  WxFigure kernel_stack_bytes;
  WxFigure oom_kills;  ///< How often a process of the group was killed for want of memory.
  WxFigure limit_hits; ///< How often the group stood at its limit.
  WxFigure peak_bytes; ///< The most that it used so far; of version 2 since Linux 5.19.
} WxCgroupFigures;

/// Finds the memory group of `pid` (0: this process) through /proc/PID/cgroup and the mounts of
/// this process; nothing is assumed about where groups are mounted. In version 2 it is the nearest
/// group upwards that accounts memory. Not visible (no memory controller, not mounted, outside of
/// this process's cgroup namespace) is success with version 0. `root` goes before every path that
/// is read
/// ("" in earnest; a folder of fixtures in tests). -ESRCH where the process is gone.
int wx_cgroup_find(WxCgroup *group, pid_t pid, const char *root, WxText *text);

/// Reads the figures of a group; all unknown where its version is 0 or it is gone.
int wx_cgroup_read(WxCgroupFigures *figures, const WxCgroup *group, WxText *text);

#endif
