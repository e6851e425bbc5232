/**
   @file freezer_cgroup.h
   The control group that a process can be frozen by: its own, in version 2 or in the freezer
   hierarchy of version 1.
*/
#ifndef WX_RECLAIM_FREEZER_CGROUP_H
#define WX_RECLAIM_FREEZER_CGROUP_H

#include <stdbool.h>
#include <sys/types.h>

enum { WX_GROUP_PATH_SIZE = 256 };

/// How one version of control groups freezes.
typedef struct {
  const char *controller; ///< Of its hierarchy in version 1; NULL for version 2.
  const char *control;    ///< File that is written.
  const char *freeze;
  const char *thaw;
  const char *state;  ///< File that tells.
  const char *frozen; ///< Text that is in it once all tasks are frozen.
} WxGroupKind;

typedef struct {
  const WxGroupKind *kind;
  char path[WX_GROUP_PATH_SIZE];    ///< As in /proc/PID/cgroup.
  char control[WX_GROUP_PATH_SIZE]; ///< Whole path of the file that is written.
  char state[WX_GROUP_PATH_SIZE];
} WxGroup;

/// Finds a group that `pid` is in and that can be frozen, of several the one that holds least
/// besides it. -ENOTSUP where there is none (the root group of a hierarchy cannot be).
int wx_group_find(WxGroup *group, pid_t pid);

/// Whether `pid` is in the group itself or (`below` true) in it or a group below it. Allocates
/// nothing. Returns 0, 1 or a negative errno.
int wx_group_has(const WxGroup *group, pid_t pid, bool below);

/// The caller leaves the group of version 1 by which it could be frozen itself, for the top of that
/// hierarchy: a task frozen so cannot even be killed, and would hold what it traces. (One frozen by
/// version 2 can be.) 0 also where there is nothing to leave; -EACCES and others where it may not.
int wx_group_leave(void);

/// Writes the control file: `freeze` or thaw.
int wx_group_write(const WxGroup *group, bool freeze);

/// Whether the state file holds `text`. Returns 0, 1 or a negative errno.
int wx_group_state_has(const WxGroup *group, const char *text);

#endif
