/**
   @file find.h
   Finds the memfd of a process, and says in one line why it cannot be had.
*/
#ifndef WX_RECLAIM_FIND_H
#define WX_RECLAIM_FIND_H

#include "measure/maps.h"
#include "measure/memfd.h"
#include "stats/problem.h"

#include <sys/types.h>

/// Looks for the memfds of `pid` that are called `name`, which then are vouched for, or (NULL) as
/// the runtime calls its own. None is success. `maps` is working memory.
int wx_reclaim_look(WxMemfds *found, pid_t pid, WxMaps *maps, const char *name);

/// As wx_reclaim_look(), at least one. -ESRCH: no such process. -ENODATA: it has none, perhaps only
/// a file that is called so. -ENOTSUP: it is a 32-bit program. -EACCES: not permitted.
int wx_reclaim_find(WxMemfds *found, pid_t pid, WxMaps *maps, const char *name, WxProblem *problem);

/// Opens the memfd, which may be punched then (wx_memfd_open()). Returns a descriptor, which the
/// caller closes. -ENODATA: it is none of a .NET runtime's. -EPERM: it is sealed, or another
/// user's. -EACCES: not permitted. -ESRCH, -ESTALE: the process has ended, or closed it.
int wx_reclaim_open(const WxMemfd *memfd, pid_t pid, WxProblem *problem);

#endif
