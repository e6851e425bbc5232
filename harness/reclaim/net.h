/**
   @file net.h
   A net under the punch, for where a write may come in between the check of a page and its punch:
   by the kernel, which completes a system call of a task that does not run.

   The pages are taken into a pipe first, by reference: what is written to them until they are
   punched shows in the pipe. Whatever is in it that is not zero is written back at once.
*/
#ifndef WX_RECLAIM_NET_H
#define WX_RECLAIM_NET_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
  int ends[2];  ///< Of the pipe; -1 where there is none.
  size_t room;  ///< Bytes that it takes at once.
  char *buffer; ///< As many.
} WxNet;

/// Makes one for up to `room` bytes, whole pages, at once. After a failure there is nothing to
/// close.
int wx_net_open(WxNet *net, size_t room);

/// Punches [start, start + size) of a shared-memory file, which holds only zeros: as much of it as
/// there is room for. Returns the bytes punched. `between` (may be NULL) is called before the
/// punch. `*rescued` is how many bytes had to be written back.
int64_t wx_net_punch(const WxNet *net, int fd, uint64_t start, size_t size,
                     void (*between)(void *context), void *context, uint64_t *rescued);

void wx_net_close(WxNet *net);

#endif
