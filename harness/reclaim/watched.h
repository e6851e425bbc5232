/**
   @file watched.h
   One memfd that is held near its live size: when to look, when to act, when to wait.
*/
#ifndef WX_RECLAIM_WATCHED_H
#define WX_RECLAIM_WATCHED_H

#include "reclaim/reason.h"
#include "reclaim/reclaim.h"
#include "reclaim/target.h"

#include <stdbool.h>
#include <stdint.h>

/// How much may be orphaned before something is done: both have to be passed.
typedef struct {
  uint64_t bytes;
  double percent; ///< Of what is allocated.
} WxReclaimBound;

typedef struct {
  WxTarget target;
  uint64_t first_bytes;  ///< Allocated when it was found.
  uint64_t seen_bytes;   ///< Allocated after the last look.
  uint64_t next_look_ns; ///< Not before this moment, unless it is urged.
  uint32_t quiet;        ///< Cycles to let pass while st_blocks stays the same.
  uint32_t quiet_length;
  uint64_t wait_ns; ///< After a failure; doubles.
  bool ended;       ///< A process of it has ended: look who is left.
} WxWatched;

/// What a cycle has done.
typedef enum {
  WX_WATCHED_IDLE,   ///< One fstat() at most.
  WX_WATCHED_LOOKED, ///< Nothing to be done.
  WX_WATCHED_ACTED,
  WX_WATCHED_WAITS, ///< It could not be done now; `wait_ns` until the next attempt.
} WxWatchedOutcome;

/// Opens the memfd. It ends with wx_watched_close().
int wx_watched_open(WxWatched *watched, pid_t pid, const WxMemfd *memfd, WxReason *reason);

/// One cycle. `urged`: looks whatever was seen before, and gives back whatever is orphaned. -ESRCH:
/// nobody holds the memfd any more: close it, or its memory stays. Other errors: it cannot be done
/// at all, `reason` says why.
int wx_watched_cycle(WxWatched *watched, const WxReclaimOptions *options, WxReclaimBound bound,
                     bool urged, WxWatchedOutcome *outcome, WxReason *reason);

/// What was done since it was opened.
WxReclaim wx_watched_result(const WxWatched *watched);

void wx_watched_close(WxWatched *watched);

#endif
