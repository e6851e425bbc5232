/**
   @file preflight.h
   Whether this process can keep a budget at all, found out before anything is touched.
*/
#ifndef WX_RECLAIM_PREFLIGHT_H
#define WX_RECLAIM_PREFLIGHT_H

#include "stats/problem.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// The least share of processors that its control groups leave to this process: quota divided by
/// period, the smallest on the way up, as far as can be seen; HUGE_VAL without any quota. `groups`
/// and `mounts` are /proc/self/cgroup and /proc/self/mountinfo; `path` gets the file that says so,
/// up to `size` bytes.
double wx_preflight_quota(const char *groups, const char *mounts, char *path, size_t size);

/// The part of each processor that its control groups let this process use before all others
/// (version 1 only), and how long within a period, in microseconds: once that is used up it is
/// stopped until the next one. HUGE_VAL without.
void wx_preflight_urgent(const char *groups, const char *mounts, double *part, double *time_us);

typedef struct {
  bool urgent;         ///< It may run before all others (SCHED_FIFO), which no other quota stops.
  double urgent_share; ///< For so much of the time; 1 where nothing says less.
} WxPreflight;

/// 0, or -EPERM with the reason where this process could be stopped by the quota of its own control
/// group while it holds others for `budget_ns`: it may not run before all others for as long, and
/// does not have a whole processor.
int wx_preflight(WxPreflight *preflight, uint64_t budget_ns, WxProblem *problem);

#endif
