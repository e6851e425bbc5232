/**
   @file watch.h
   The loop of a sidecar: holds one process, or all that there are and that come, near their live
   size.

   Where it watches all, nobody can make it serve nobody else: files, descriptors, lines and the
   time of a cycle are bounded, and users share them (crowd.h, fair.h). What cannot be done is said
   once, with its own reason, and tried again, less and less often.
*/
#ifndef WX_RECLAIM_WATCH_H
#define WX_RECLAIM_WATCH_H

#include "reclaim/reclaim.h"
#include "reclaim/select.h"
#include "reclaim/watched.h"
#include "stats/problem.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// Bytes that are written to WxWatchOptions.wake. The end of the file counts as WX_WATCH_END.
enum { WX_WATCH_END = 'e', WX_WATCH_LOOK = 'l' };

/// Lines that are said in a cycle, and of the processes of one user, about what was found only half
/// of them. The rest is counted; why something is refused is said a later time.
enum { WX_WATCH_LINES = 64, WX_WATCH_LINES_OF_USER = 8 };

typedef struct {
  pid_t pid;                    ///< 0: all processes, those that come later too.
  const WxSelection *selection; ///< Which of all; NULL: no matter.
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
int wx_watch_run(const WxWatchOptions *options, WxProblem *problem);

#endif
