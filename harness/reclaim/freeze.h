/**
   @file freeze.h
   One pause: the whole herd of a memfd is stopped, and let go again.
*/
#ifndef WX_RECLAIM_FREEZE_H
#define WX_RECLAIM_FREEZE_H

#include "reclaim/freezer.h"
#include "reclaim/herd.h"
#include "reclaim/undo.h"

#include <stdbool.h>
#include <stdint.h>

/// A freezer at work. Set the first three; the rest is its own.
typedef struct {
  const WxFreezer *freezer;
  WxHerd *herd;
  WxUndo *undo;
  uint64_t started_ns; ///< Of the pause: before the first task was told to stop.
  bool urgent;         ///< Runs before all others until the thaw.
} WxFreeze;

/// Whether the calling process runs before all others, where that is permitted. wx_freeze() and
/// wx_thaw() see to it; who is about to sleep and then to freeze hurries before, so that it gets
/// its turn as soon as it wakes up.
void wx_freeze_hurry(WxFreeze *freeze, bool urgent);

/// Stops every process that maps the file, those forked while stopping included, within
/// `limit_ns`. On failure (-ETIMEDOUT above all) everything was let go again already, but for what
/// is told by -EINPROGRESS: a task that goes on only when the calling process ends.
int wx_freeze(WxFreeze *freeze, uint64_t limit_ns, WxReason *reason);

/// Lets all go on. `*length_ns` is the pause: from before the first interrupt to after the last
/// detach. -EINPROGRESS as wx_freeze().
int wx_thaw(WxFreeze *freeze, uint64_t *length_ns);

#endif
