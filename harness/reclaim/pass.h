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
  _Atomic uint64_t attempt_began_ns; ///< 0 while all run.
} WxPassDone;

/// Works from `done->next` to the end. -ETIMEDOUT where the herd could not be stopped in time; what
/// was done is counted, and the pass can go on from there. -EINPROGRESS: the same, and there are
/// tasks that go on only when the calling process ends, which it should do at once.
int wx_pass_run(const WxPass *pass, WxPassDone *done, WxReason *reason);

#endif
