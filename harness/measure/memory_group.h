/**
   @file memory_group.h
   A memory control group with a limit of its own, for a program that is to be measured within it;
   versions 1 and 2.

   The group is made below that of this process, or where that cannot have any below it (version 2:
   a group with processes gives no controller on), below the nearest one above. Swap does not count
   to it: a limit is one of memory.
*/
#ifndef WX_MEASURE_MEMORY_GROUP_H
#define WX_MEASURE_MEMORY_GROUP_H

#include "measure/cgroup.h"

#include <stdint.h>
#include <sys/types.h>

/// A group. Start with {0}, end with wx_memory_group_remove(). `cgroup.version` is 0 where there is
/// none.
typedef struct {
  WxCgroup cgroup;
} WxMemoryGroup;

/// Makes a group with a limit of `limit_bytes` (0: none) that processes of this user may be put
/// into, which is tried. `root` goes before every path ("" in earnest). Returns 0; -ENOTSUP where
/// no memory controller is to be seen; or the negative errno of the nearest group in which it
/// failed, and nothing is left of it.
int wx_memory_group_make(WxMemoryGroup *group, uint64_t limit_bytes, const char *root);

/// Puts a process (0: the caller) into the group in the folder `directory`. Allocates nothing.
int wx_cgroup_put(const char *directory, pid_t pid);

/// Removes the group, for at most a second, and kills what is still in it. Accepts one that was not
/// made.
void wx_memory_group_remove(WxMemoryGroup *group);

/// The same of a group that is only a folder.
void wx_cgroup_remove(const char *directory);

#endif
