/**
   @file herd_holder.h
   Whether a process holds the file of a herd, asked without allocating.
*/
#ifndef WX_RECLAIM_HERD_HOLDER_H
#define WX_RECLAIM_HERD_HOLDER_H

#include "reclaim/herd.h"

#include <stdbool.h>

/// Bytes of WxHerd.buffer.
enum { WX_HERD_BUFFER_SIZE = 64 * 1024 };

/// Whether `pid` has the file open under the herd's number. That it cannot be asked counts as no.
bool wx_herd_has_open(const WxHerd *herd, pid_t pid);

/// Notes the ancestors of the herd: one of them adopts a fork whose parent ended.
void wx_herd_find_ancestors(WxHerd *herd);

/// Under the freeze: whether `pid`, which was not there at the last refresh, may be a fork of the
/// herd: it has the file open, or descends from the herd, or was perhaps adopted. Only such a one
/// is worth reading its mappings for: that waits for a lock that a stranger may hold while it waits
/// for its turn on the processor, which took up to 10 ms beside a parallel build.
bool wx_herd_may_hold(const WxHerd *herd, pid_t pid);

/// 1 where `pid` maps the file or has it open, 0 where it does not or where it may not be asked and
/// does not descend from one that does, -ESRCH where it is gone. -EACCES where it may not be asked
/// although it descends from one that does: it might be a fork.
int wx_herd_holds(WxHerd *herd, pid_t pid, WxReason *reason);

#endif
