/**
   @file undo.h
   Word of what has to be taken back if the process that froze a holders dies.

   A tracer needs none: the kernel detaches what it traced. A process stopped by SIGSTOP or by its
   control group stays so for ever, so its freezer notes beforehand, in memory shared with another
   process (worker.h), what lets it go on.
*/
#ifndef WX_RECLAIM_UNDO_H
#define WX_RECLAIM_UNDO_H

#include "reclaim/holders.h"

#include <stdint.h>
#include <sys/types.h>

typedef enum {
  WX_UNDO_NOTHING,
  WX_UNDO_CONTINUE, ///< SIGCONT to the process `pid` that started at `start_ticks`.
  WX_UNDO_WRITE,    ///< Write `text` to the file `path`.
} WxUndoKind;

typedef struct {
  _Atomic int kind; ///< WxUndoKind; set last, cleared first.
  pid_t pid;
  uint64_t start_ticks;
  char path[256];
  char text[16];
} WxUndoEntry;

struct WxUndo {
  WxUndoEntry entries[WX_HOLDERS_MOST];
};

typedef struct WxUndo WxUndo;

/// Notes that process `pid` is about to be stopped. `undo` may be NULL (nobody survives to read
/// it).
void wx_undo_note_stop(WxUndo *undo, size_t index, pid_t pid, uint64_t start_ticks);

/// Notes that `text` written to `path` lets a control group go on.
void wx_undo_note_write(WxUndo *undo, const char *path, const char *text);

/// It was let go in an orderly way.
void wx_undo_clear(WxUndo *undo, size_t index);

/// Takes back all that is noted. Called by the process that survives. Returns how much it was.
int wx_undo_run(WxUndo *undo);

#endif
