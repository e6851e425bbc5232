/**
   @file follow.h
   Follows which processes there are, to find those with a memfd to watch: new ones are asked soon
   and then less and less often, since any of them may execute a .NET program later.
*/
#ifndef WX_RECLAIM_FOLLOW_H
#define WX_RECLAIM_FOLLOW_H

#include "measure/maps.h"
#include "measure/memfd.h"
#include "reclaim/listing.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct {
  pid_t pid;
  uint32_t left;     ///< Cycles until it is asked again.
  uint32_t interval; ///< Between the last two times.
} WxFollowed;

/// Start with {.proc = -1}, end with wx_follow_close().
typedef struct {
  int proc;
  const char *name; ///< As in wx_reclaim_look().
  WxListing listing;
  WxFollowed *items; ///< Ascending.
  size_t count;
  WxMaps maps;
  WxMemfds memfds;
} WxFollow;

/// One cycle: calls `found` for each memfd of each process that is asked in this cycle, also for
/// those it was called for before, and for a file that only is called so: opening it says why.
/// Processes that may not be asked are left out. Returns 0, the first non-zero value of `found`, or
/// a negative errno.
int wx_follow_cycle(WxFollow *follow, int (*found)(void *context, pid_t pid, const WxMemfd *memfd),
                    void *context);

void wx_follow_close(WxFollow *follow);

#endif
