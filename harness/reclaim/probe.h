/**
   @file probe.h
   Whether a punch would have to wait for somebody.

   The kernel takes locks of the file for it, which whoever writes to the file, walks its extents or
   maps it has for a moment; or for long, if that process loses its processor meanwhile. Nothing can
   end such a wait, not even a signal. So a thread of its own goes ahead, which nobody depends on.
*/
#ifndef WX_RECLAIM_PROBE_H
#define WX_RECLAIM_PROBE_H

#include <stdbool.h>
#include <stdint.h>

typedef struct WxProbe WxProbe;

/// Starts the thread; `fd` is the file, open for writing, for as long as the probe is. -ENOMEM,
/// -EAGAIN.
int wx_probe_open(WxProbe **opened, int fd);

/// Whether the locks could be had within `limit_ns`. They may be taken again at any time by whoever
/// runs.
bool wx_probe_is_free(WxProbe *probe, uint64_t limit_ns);

/// Ends the thread, once it has stopped waiting. Allowed on NULL.
void wx_probe_close(WxProbe *probe);

#endif
