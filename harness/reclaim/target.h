/**
   @file target.h
   One memfd of running processes, open for reclaiming.
*/
#ifndef WX_RECLAIM_TARGET_H
#define WX_RECLAIM_TARGET_H

#include "measure/extents.h"
#include "measure/memfd.h"
#include "reclaim/holders.h"
#include "reclaim/reclaim.h"
#include "reclaim/worker.h"
#include "stats/problem.h"

#include <stdint.h>
#include <sys/types.h>

/// Only target.c looks inside, but for the figures.
typedef struct {
  pid_t pid;
  WxFileId file;
  int fd; ///< The memfd itself, so that it stays the same one whatever the process does.
  WxHolders holders;
  WxExtents allocated;
  WxExtents orphaned;
  WxWorker *worker;
  uint64_t allocated_bytes; ///< At the last look, as those below.
  uint64_t orphaned_bytes;
} WxTarget;

/// Opens the file `memfd` of process `pid`. -EPERM with a reason where the file is sealed or may
/// not be opened. After a failure there is nothing to close.
int wx_target_open(WxTarget *target, pid_t pid, const WxMemfd *memfd, WxProblem *problem);

/// Asks how many bytes the file holds: one system call.
int wx_target_allocated(const WxTarget *target, uint64_t *bytes);

/// Looks, while all run, which parts of the file hold pages that nobody maps. -ESRCH where no
/// process maps the file any more.
int wx_target_look(WxTarget *target, WxProblem *problem);

/// Gives back what the last look found, with options->mapped also what is mapped, and adds what was
/// done to the totals of `target->worker`. An attempt to freeze that fails is repeated, waiting
/// longer each time; where more than `most_failures` do so in a row, -ETIMEDOUT. The target may
/// have ended: -ESRCH.
int wx_target_reclaim(WxTarget *target, const WxReclaimOptions *options, unsigned most_failures,
                      WxProblem *problem);

/// How many bytes of mapped pages hold only zeros. Reads them all.
int wx_target_zero_mapped(const WxTarget *target, uint64_t *bytes);

/// How many bytes the last look's candidates would give back, and in how many pauses; freezes
/// nothing.
int wx_target_estimate(const WxTarget *target, const WxReclaimOptions *options, uint64_t *bytes,
                       uint64_t *pauses);

/// What was done since it was opened.
WxReclaim wx_target_result(const WxTarget *target);

void wx_target_close(WxTarget *target);

#endif
