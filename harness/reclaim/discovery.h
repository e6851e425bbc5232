/**
   @file discovery.h
   Follows which processes there are, to find those with a memfd to watch: new ones are asked soon
   and then less and less often, since any of them may execute a .NET program later.

   It does so for everybody on the machine and is bounded for that reason: by the time of a cycle,
   which users share (fair_share.h), by the memory that the list of a process's mappings may take,
   and by the number of files that are looked for in one process.
*/
#ifndef WX_RECLAIM_DISCOVERY_H
#define WX_RECLAIM_DISCOVERY_H

#include "measure/maps.h"
#include "measure/memfd.h"
#include "reclaim/fair_share.h"
#include "reclaim/proc.h"
#include "reclaim/select.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// Files of one process that are watched: those that hold most. A runtime has one.
enum { WX_DISCOVERY_FILES = 4 };

typedef struct {
  pid_t pid;
  uint32_t user;     ///< Whom its time is counted for (select.h).
  uint32_t left;     ///< Cycles until it is asked again.
  uint32_t interval; ///< Between the last two times.
  uint64_t asked;    ///< The cycle in which it was asked last.
  bool many;         ///< It holds more than WX_DISCOVERY_FILES.
} WxSeenProcess;

/// Start with {.proc = -1}, end with wx_discovery_close().
typedef struct {
  int proc;
  const char *name; ///< As in wx_reclaim_look().
  WxListing listing;
  WxSeenProcess *items; ///< Ascending.
  size_t count;
  WxMaps maps;
  WxMemfds memfds;
  WxIdentity identity;
  WxFairQueue turns;
  uint64_t cycles;
  size_t ours;     ///< Processes of wxbench's own that were left out, in all.
  size_t left_out; ///< Files of processes that hold too many, in all.
} WxDiscovery;

/// Gets a memfd of a process. A non-zero value ends the cycle.
typedef int WxDiscoveryFound(void *context, const WxSeenProcess *process, const WxMemfd *memfd);

/// One cycle: calls `found` for memfds of each process that is asked in this cycle, also for those
/// it was called for before, and for a file that only is called so: opening it says why. Whoever is
/// not selected (NULL: all are), is one of wxbench's own or may not be asked is left out. After
/// `most_ns` the others wait for the next cycle. Returns 0, the first non-zero value of `found`, or
/// a negative errno.
int wx_discovery_cycle(WxDiscovery *discovery, const WxSelection *selection, WxShares *shares,
                       uint64_t most_ns, WxDiscoveryFound *found, void *context);

/// Puts the files that hold most first.
void wx_discovery_sort(WxMemfds *memfds);

/// Has a process asked again in the next cycle.
void wx_discovery_again(WxDiscovery *discovery, pid_t pid);

void wx_discovery_close(WxDiscovery *discovery);

#endif
