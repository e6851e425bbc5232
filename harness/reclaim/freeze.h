/**
   @file freeze.h
   One pause: all processes that hold a memfd are stopped, and let go again.

   From the moment at which the first of them is touched until the last of those that stand still is
   let go, nothing depends on any other process, on the file system or on memory to be had; and a
   clock in the kernel kills the caller if it takes too long, because it is stopped or frozen itself
   or does not get a processor. A dead tracer's tasks go on.
*/
#ifndef WX_RECLAIM_FREEZE_H
#define WX_RECLAIM_FREEZE_H

#include "reclaim/freezer.h"
#include "reclaim/holders.h"
#include "reclaim/undo.h"

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/// What others are kept from at the moment, in memory that another process may read.
typedef struct {
  _Atomic uint64_t held_since_ns; ///< Tasks stand still; 0: none does, but for late ones.
  _Atomic uint64_t late_since_ns; ///< A late one may have stood still since; 0: none is left.
} WxHold;

/// A freezer at work. Set the first group; the rest is its own.
typedef struct {
  const WxFreezer *freezer;
  WxHolders *holders;
  WxUndo *undo;
  WxHold *hold;      ///< May be NULL.
  bool outside;      ///< A task outside of its program may count as held (freezer.h).
  uint64_t death_ns; ///< After so long the kernel kills this process; 0: it does not, and waits
                     ///< for tasks that are late rather than end.

  uint64_t started_ns;    ///< Of the pause: before the first task was touched.
  uint64_t length_ns;     ///< Of the last pause or attempt: until all that stood still were let go.
  uint64_t late_since_ns; ///< When they were let go.
  uint64_t late_ns;       ///< The longest that a task may have stood still which came later.
  bool must_end;          ///< There are tasks that go on only when this thread ends (freezer.h).
  bool urgent;            ///< Runs before all others until the thaw.
  bool has_clock;
  timer_t clock;
} WxFreeze;

/// Whether the calling process runs before all others, where that is permitted. wx_freeze() and
/// wx_thaw() see to it; who is about to sleep and then to freeze hurries before, so that it gets
/// its turn as soon as it wakes up.
void wx_freeze_hurry(WxFreeze *freeze, bool urgent);

/// Stops every process that holds the file, within `limit_ns`. On failure everything was let go
/// again already (`length_ns` is how long it was held), but for tasks that have not stopped yet:
/// then `must_end` is set, and the thread is to end at once. -ETIMEDOUT: a task did not stop in
/// time. -EAGAIN: a process was born meanwhile, or is starting a program: update, and try again.
int wx_freeze(WxFreeze *freeze, uint64_t limit_ns, WxProblem *problem);

/// Lets all go on; `length_ns` is the pause. -EINPROGRESS where `must_end` is set.
int wx_thaw(WxFreeze *freeze);

/// The thread that held others has ended, and `must_end` was set: all have been let go by the
/// kernel. Another thread can go on with this.
void wx_freeze_ended(WxFreeze *freeze);

/// Frees what the pauses used. Allowed on one that was never frozen.
void wx_freeze_close(WxFreeze *freeze);

#endif
