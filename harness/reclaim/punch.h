/**
   @file punch.h
   Punches holes into a file that others use: no write is lost, and nobody is waited for.

   A write may come in between the check of a page and its punch: by the kernel, which completes a
   system call of a task that does not run. The pages are taken into a pipe first, by reference:
   what is written to them until they are punched shows in the pipe. Whatever is in it that is not
   zero is written back at once.

   The kernel takes locks of the file for a punch, which whoever writes to the file, walks its
   extents or maps it has for a moment; or for long, if that process loses its processor meanwhile.
   Nothing can end such a wait, not even a signal. So a thread of its own goes ahead, which nobody
   depends on.
*/
#ifndef WX_RECLAIM_PUNCH_H
#define WX_RECLAIM_PUNCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* No write is lost
 * -------------------------------------------------------------------------------------------------
 */

typedef struct {
  int ends[2];  ///< Of the pipe; -1 where there is none.
  size_t room;  ///< Bytes that it takes at once.
  char *buffer; ///< As many.
} WxRescue;

/// Makes one for up to `room` bytes, whole pages, at once. After a failure there is nothing to
/// close.
int wx_rescue_open(WxRescue *rescue, size_t room);

/// Punches [start, start + size) of a shared-memory file, which holds only zeros: as much of it as
/// there is room for. Returns the bytes punched. `between` (may be NULL) is called before the
/// punch. `*rescued` is how many bytes had to be written back.
int64_t wx_rescue_punch(const WxRescue *rescue, int fd, uint64_t start, size_t size,
                        void (*between)(void *context), void *context, uint64_t *rescued);

void wx_rescue_close(WxRescue *rescue);

/* Nobody is waited for
 * -------------------------------------------------------------------------------------------------
 */

typedef struct WxLockProbe WxLockProbe;

/// Starts the thread; `fd` is the file, open for writing, for as long as the probe is. -ENOMEM,
/// -EAGAIN.
int wx_lock_probe_open(WxLockProbe **opened, int fd);

/// Whether the locks could be had within `limit_ns`. They may be taken again at any time by whoever
/// runs.
bool wx_lock_probe_is_free(WxLockProbe *probe, uint64_t limit_ns);

/// Ends the thread, once it has stopped waiting. Allowed on NULL.
void wx_lock_probe_close(WxLockProbe *probe);

#endif
