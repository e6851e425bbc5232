/**
   @file freezer.h
   Keeping processes still for a moment: the ways to do it, one file each (freezer_*.c) behind one
   struct of function pointers (a new one is a file and a row below), and one pause.

   A freezer promises: after `stop` returned 0, no task of the holders (holders.h) executes an
   instruction of its program until `resume`. A task is held if it has stopped; where the caller
   permits it, also if it is not in its program and stops before it gets there again: then the
   kernel may still complete a system call for it, which may write. After `resume`, or when the tool
   dies at any moment, every process goes on as it was: running, or stopped if it had been stopped
   by someone else, with no signal lost.

   From the moment at which the first task is touched until the last of those that stand still is
   let go, nothing depends on any other process, on the file system or on memory to be had; and a
   clock in the kernel kills the caller if it takes too long, because it is stopped or frozen itself
   or does not get a processor. A dead tracer's tasks go on.
*/
#ifndef WX_RECLAIM_FREEZER_H
#define WX_RECLAIM_FREEZER_H

#include "stats/problem.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

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

  /// Makes what has to be there during all pauses of a worker for them to be short, and takes it
  /// away again (`keep` false); called while the processes run, and by another process too. What
  /// cannot be had makes pauses longer and nothing else. NULL: there is nothing.
  void (*keep)(const WxHolders *holders, bool keep);

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

/* What freezers share
 * -------------------------------------------------------------------------------------------------
 */

/// Asks `left` until it returns 0, which is also returned, or a negative errno; always at least
/// once. -ETIMEDOUT where more is left at `deadline_ns` (of wx_os_now_ns()). Soon it naps in
/// between, since the tasks may need this processor to get there. Where it is `crowded` it does
/// not: the processor would be given to somebody else, and where the kernel is not preemptible is
/// not given back before his system call is done.
int wx_freezer_wait(int (*left)(void *context), void *context, uint64_t deadline_ns, bool crowded);

/// Has `tell` tell all tasks of the holders to stop and `await` wait until they do, again as long
/// as a search then finds tasks that are new. Only one that runs can start another, so that in the
/// end there is none.
int wx_freezer_stop_all(const WxStopping *stopping, int (*tell)(const WxStopping *stopping),
                        int (*await)(const WxStopping *stopping));

/* One pause
 * -------------------------------------------------------------------------------------------------
 */

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
  bool outside;      ///< A task outside of its program may count as held.
  uint64_t death_ns; ///< After so long the kernel kills this process; 0: it does not, and waits
                     ///< for tasks that are late rather than end.

  uint64_t started_ns;    ///< Of the pause: before the first task was touched.
  uint64_t length_ns;     ///< Of the last pause or attempt: until all that stood still were let go.
  uint64_t late_since_ns; ///< When they were let go.
  uint64_t late_ns;       ///< The longest that a task may have stood still which came later.
  bool must_end;          ///< There are tasks that go on only when this thread ends.
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
