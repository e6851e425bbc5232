/**
   @file watch.h
   The loop of a sidecar: holds one process, or all that there are and that come, near their live
   size.
*/
#ifndef WX_RECLAIM_WATCH_H
#define WX_RECLAIM_WATCH_H

#include "reclaim/reason.h"
#include "reclaim/reclaim.h"
#include "reclaim/watched.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// Bytes that are written to WxWatchOptions.wake. The end of the file counts as WX_WATCH_END.
enum { WX_WATCH_END = 'e', WX_WATCH_LOOK = 'l' };

typedef struct {
  pid_t pid; ///< 0: all processes, those that come later too.
  uint64_t every_ns;
  WxReclaimBound above;
  WxReclaimOptions reclaim;
  int wake; ///< A pipe to be read: ends the loop, or urges it to look at once.
  /// One line for a person about something that was done or found; may be NULL.
  void (*say)(void *context, const char *line);
  /// An urged look is over; `done`: what was orphaned before it is given back. May be NULL.
  void (*looked)(void *context, bool done);
  /// Totals of one memfd that is not watched any more, or of each at the end.
  void (*result)(void *context, const WxReclaim *result);
  void *context;
} WxWatchOptions;

/// Runs until it is told to end or, with a pid, until that process ends. Returns 0, or the reason
/// why the one process cannot be watched at all (as wx_reclaim_once()).
int wx_watch_run(const WxWatchOptions *options, WxReason *reason);

#endif
