/**
   @file find.h
   Finds the memfd of a process, and says in one line why it cannot be had.
*/
#ifndef WX_RECLAIM_FIND_H
#define WX_RECLAIM_FIND_H

#include "measure/maps.h"
#include "measure/memfd.h"
#include "reclaim/reason.h"

#include <sys/types.h>

/// The number below /proc through which the memory of `pid` can be reached: its own, or that of one
/// of its threads where the first one has exited, since then /proc/PID shows no memory.
pid_t wx_reclaim_reach(pid_t pid);

/// Finds the doublemapper memfds of `pid`, at least one. -ESRCH: no such process. -ENODATA: it has
/// none. -ENOTSUP: it is a 32-bit program. -EACCES: not permitted. `maps` is working memory.
int wx_reclaim_find(WxMemfds *found, pid_t pid, WxMaps *maps, WxReason *reason);

#endif
