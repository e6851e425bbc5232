/**
   @file sweep.h
   Sweeps a memfd in short pauses: finds zero pages while the target runs, then freezes it,
   looks at the same pages again, punches those that are still zero, and lets it go on.
*/
#ifndef WX_RECLAIM_SWEEP_H
#define WX_RECLAIM_SWEEP_H

#include "measure/extents.h"
#include "reclaim/freezer.h"
#include "reclaim/holders.h"
#include "reclaim/pauses.h"
#include "reclaim/reclaim.h"
#include "reclaim/undo.h"

#include <stdbool.h>
#include <stdint.h>

/// What is to be done.
typedef struct {
  int fd;                    ///< The memfd, open for reading.
  WxHolders *holders;        ///< Looked at just before.
  const WxFreezer *freezer;  ///< As options->freezer, never NULL.
  uint64_t max_pause_ns;     ///< Never 0.
  const WxReclaimHook *hook; ///< May be NULL.
  const WxExtents *where;    ///< Parts of the file to look through, normal.
  unsigned most_failures;    ///< Attempts that may fail in a row before it gives up.
  unsigned give_up;          ///< Pauses over budget in a row at which it gives up; 0: never.
  double urgent_share;       ///< It may run before all others so much of the time; 0: always.
  WxUndo *undo;              ///< May be NULL.
  bool alone; ///< This process does nothing else: it may be killed (freezer.h), and locks its
              ///< memory.
  /// Whether to end after the pause at hand; may be NULL.
  bool (*ended)(void *context);
  void *context;
} WxSweep;

/// What has been done. It can live in memory shared between processes: the survivor reads it.
typedef struct {
  WxPauseLog log;
  uint64_t punched_bytes;    ///< By st_blocks, under the freeze.
  uint64_t next;             ///< Everything in the file before this offset is done.
  unsigned processes_frozen; ///< The most at once.
  unsigned failures;         ///< Attempts that failed since the last pause.
  unsigned bad_moments;      ///< Attempts that were not made, or ended by a birth, since then.
  unsigned over_budget;      ///< Pauses and attempts in a row that were.
  unsigned mappers_unreadable;
  bool settled; ///< All holders have stood still at once in this sweep.
  WxHold hold;
} WxSweepDone;

/// Works from `done->next` to the end. An attempt to stop the holders that fails is repeated after
/// wx_sweep_wait(). -ETIMEDOUT where more than `most_failures` in a row did; what was done is
/// counted, and the sweep can go on from there. -EINPROGRESS: there are tasks that go on only when
/// the calling process ends, which it should do at once. -ETIME: `give_up` pauses in a row took
/// more than WX_RECLAIM_OVER times their budget. -EBUSY: the processes are to be left alone now, or
/// another wxbench gives the pages of this file back.
int wx_sweep_run(const WxSweep *sweep, WxSweepDone *done, WxProblem *problem);

/// Whether no further attempt is to be made after those that failed: -ETIME or -ETIMEDOUT with the
/// reason, 0 where there is.
int wx_sweep_verdict(const WxSweep *sweep, const WxSweepDone *done, WxProblem *problem);

/// How long to wait after having run before all others for `length_ns`, so as to use at most half
/// of what `share` permits.
uint64_t wx_sweep_wait_for_share(uint64_t length_ns, double share);

/// Counts an attempt in which the processes were held for `held_ns`, and nothing was punched.
void wx_sweep_count_abandoned(WxSweepDone *done, uint64_t held_ns, uint64_t budget_ns);

/// How long the holders run at least after they were held for `held_ns`, `failures` attempts in a
/// row having failed: as long, with each failure twice that, up to 16 times.
uint64_t wx_sweep_wait(uint64_t held_ns, unsigned failures);

#endif
