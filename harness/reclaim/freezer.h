/**
   @file freezer.h
   The ways of keeping processes still for a moment. One file each (freezer_*.c) behind one struct
   of function pointers; a new one is a file and a row below.

   A freezer promises: after `stop` returned 0, no task of the holders (holders.h) executes an
   instruction of its program until `resume`. A task is held if it has stopped; where the caller
   permits it, also if it is not in its program and stops before it gets there again: then the
   kernel may still complete a system call for it, which may write.
   After `resume`, or when the tool dies at any moment, every process goes on as it was: running, or
   stopped if it had been stopped by someone else, with no signal lost.
*/
#ifndef WX_RECLAIM_FREEZER_H
#define WX_RECLAIM_FREEZER_H

#include "stats/problem.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct WxHolders WxHolders;
typedef struct WxUndo WxUndo;
typedef struct WxFreezer WxFreezer;

/// What is to be stopped.
typedef struct {
  WxHolders *holders;
  WxUndo *undo;       ///< Where word is left of what has to be taken back (undo.h); may be NULL.
  WxProblem *problem; ///< May be NULL.
  uint64_t stopped_by_ns; ///< Until then (of wx_os_now_ns()) only one that has stopped is held.
  uint64_t held_by_ns;    ///< Later it is given up.
  bool crowded;           ///< Others want this processor, and would not give it back soon.
} WxStopping;

struct WxFreezer {
  const char *name;
  const char *summary; ///< One line for `--help`.
  bool by_thread; ///< What a thread holds goes on when it ends, whether the process does or not.

  /// Whether this freezer can hold the processes. Called before each pause while they run: what
  /// costs time and stops nothing.
  int (*prepare)(WxHolders *holders, WxProblem *problem);

  /// Stops every task of the holders, those found while stopping included. -ETIMEDOUT where that is
  /// not done in time; what was stopped stays so until `resume`, which must be called whatever this
  /// returned. Notes in holders->outside how many tasks are held without having stopped.
  int (*stop)(const WxStopping *stopping);

  /// Lets all that stand still go on; may be called again. -EINPROGRESS where a task could not be
  /// let go yet: later, or when the calling process ends.
  int (*resume)(WxHolders *holders, WxUndo *undo);
};

/// Those that a user can choose. The first one is the default.
#define WX_FREEZERS(ROW) ROW(ptrace) ROW(cgroup) ROW(stop)

#define WX_FREEZER_DECLARED(NAME) extern const WxFreezer wx_freezer_##NAME;
WX_FREEZERS(WX_FREEZER_DECLARED)
#undef WX_FREEZER_DECLARED

/// Freezes nothing: for the test that shows what the others protect from. Not in the table.
extern const WxFreezer wx_freezer_none;

/// The `index`-th freezer that a user can choose and its name, NULL at the end.
const WxFreezer *wx_freezer_at(size_t index);
const char *wx_freezer_name(size_t index);

/// The freezer of that name, NULL where there is none.
const WxFreezer *wx_freezer_find(const char *name);

#endif
