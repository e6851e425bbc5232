/**
   @file pass.h
   Works through a memfd in short pauses: finds zero pages while the target runs, then freezes it,
   looks at the same pages again, punches those that are still zero, and lets it go on.
*/
#ifndef WX_RECLAIM_PASS_H
#define WX_RECLAIM_PASS_H

#include "measure/extents.h"
#include "reclaim/herd.h"
#include "reclaim/pauses.h"
#include "reclaim/reclaim.h"
#include "reclaim/undo.h"

#include <stdbool.h>
#include <stdint.h>

/// What is to be done.
typedef struct {
  int fd;                    ///< The memfd, open for writing.
  WxHerd *herd;              ///< Refreshed just before.
  const WxFreezer *freezer;  ///< As options->freezer, never NULL.
  uint64_t max_pause_ns;     ///< Never 0.
  const WxReclaimHook *hook; ///< May be NULL.
  const WxExtents *where;    ///< Parts of the file to look through, normal.
  unsigned most_failures;    ///< Attempts that may fail in a row before it gives up.
  WxUndo *undo;              ///< May be NULL.
  /// Whether to end after the pause at hand; may be NULL.
  bool (*ended)(void *context);
  void *context;
} WxPass;

/// What has been done. It can live in memory shared between processes: the survivor reads it.
typedef struct {
  WxPauseLog log;
  uint64_t punched_bytes;            ///< By st_blocks, under the freeze.
  uint64_t next;                     ///< Everything in the file before this offset is done.
  unsigned processes_frozen;         ///< The most at once.
  unsigned failures;                 ///< Attempts that failed since the last pause.
  _Atomic uint64_t attempt_began_ns; ///< 0 while all run.
} WxPassDone;

/// Works from `done->next` to the end. An attempt to stop the herd that fails is repeated after
/// wx_pass_wait(). -ETIMEDOUT where more than `most_failures` in a row did; what was done is
/// counted, and the pass can go on from there. -EINPROGRESS: an attempt failed, and there are tasks
/// that go on only when the calling process ends, which it should do at once.
int wx_pass_run(const WxPass *pass, WxPassDone *done, WxReason *reason);

/// How long the herd runs at least after it was held for `held_ns`, `failures` attempts in a row
/// having failed: as long, with each failure twice that, up to 16 times.
uint64_t wx_pass_wait(uint64_t held_ns, unsigned failures);

#endif
