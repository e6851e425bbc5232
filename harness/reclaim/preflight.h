/**
   @file preflight.h
   Whether this process can keep a budget at all, found out before anything is touched.
*/
#ifndef WX_RECLAIM_PREFLIGHT_H
#define WX_RECLAIM_PREFLIGHT_H

#include "reclaim/reason.h"

#include <stdbool.h>
#include <stddef.h>

/// The least share of processors that its control groups leave to this process: quota divided by
/// period, the smallest on the way up, as far as can be seen; HUGE_VAL without any quota. `groups`
/// and `mounts` are /proc/self/cgroup and /proc/self/mountinfo; `path` gets the file that says so,
/// up to `size` bytes.
double wx_preflight_quota(const char *groups, const char *mounts, char *path, size_t size);

/// Whether this process may run before all others (SCHED_FIFO), which no quota stops either.
bool wx_preflight_is_urgent(void);

/// 0, or -EPERM with the reason where this process could be stopped by the quota of its own control
/// group while it holds others: it may not run before all others, and does not have a whole
/// processor.
int wx_preflight(WxReason *reason);

#endif
