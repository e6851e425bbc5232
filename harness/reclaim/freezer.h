/**
   @file freezer.h
   The ways of keeping processes still for a moment. One file each (freezer_*.c) behind one struct
   of function pointers; a new one is a file and a row in freezer.c.

   A freezer promises: after `stop` returned 0, no task of the herd (herd.h) executes an instruction
   of its program until `resume`. After `resume`, or when the tool dies at any moment, every process
   goes on as it was: running, or stopped if it had been stopped by someone else, with no signal
   lost.
*/
#ifndef WX_RECLAIM_FREEZER_H
#define WX_RECLAIM_FREEZER_H

#include "reclaim/reason.h"

#include <stddef.h>
#include <stdint.h>

typedef struct WxHerd WxHerd;
typedef struct WxUndo WxUndo;
typedef struct WxFreezer WxFreezer;

struct WxFreezer {
  const char *name;
  const char *summary; ///< One line for `--help`.

  /// Whether this freezer can hold the processes listed in the herd. Called before each pause while
  /// they run; may prepare what costs time, as long as nothing stops. `undo` (undo.h) is where it
  /// leaves word of what has to be taken back if it dies; unused by those that need none.
  int (*prepare)(WxHerd *herd, WxUndo *undo, WxReason *reason);

  /// Stops every task of the listed processes, those found while stopping included. -ETIMEDOUT
  /// where that is not done at `deadline_ns` (of wx_os_now_ns()); what was stopped stays so until
  /// `resume`, which must be called whatever this returned.
  int (*stop)(WxHerd *herd, WxUndo *undo, uint64_t deadline_ns, WxReason *reason);

  /// Lets all of them go on. -EINPROGRESS where a task could not be let go in an orderly way: it is
  /// let go when the calling process ends.
  int (*resume)(WxHerd *herd, WxUndo *undo);
};

extern const WxFreezer wx_freezer_ptrace; ///< PTRACE_SEIZE and PTRACE_INTERRUPT.
extern const WxFreezer wx_freezer_cgroup; ///< The freezer of the processes' own control group.
extern const WxFreezer wx_freezer_stop;   ///< SIGSTOP and SIGCONT.

/// Freezes nothing: for the test that shows what the others protect from. Not in the table.
extern const WxFreezer wx_freezer_none;

/// The `index`-th freezer that a user can choose, NULL at the end. The first one is the default.
const WxFreezer *wx_freezer_at(size_t index);

/// The freezer of that name, NULL where there is none.
const WxFreezer *wx_freezer_find(const char *name);

#endif
