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

/// Whether the process `pid` is in the herd.
bool wx_herd_has(const WxHerd *herd, pid_t pid);

/// 1 where `pid` has the file open under the herd's number, 0 where it has not or may not be asked,
/// or a negative errno.
int wx_herd_has_open(const WxHerd *herd, pid_t pid);

/// The number that was given to a process or thread last, 0 where it cannot be known.
pid_t wx_herd_last_given(const WxHerd *herd);

/// Notes which program the process runs.
void wx_herd_note_program(WxHerdProcess *process);

/// 1 where `pid` runs the program of one of the herd, or may not be asked; 0 where it does not;
/// -ESRCH where there is no such process (yet, or any more).
int wx_herd_may_be_fork(const WxHerd *herd, pid_t pid);

/// 1 where `pid` maps the file or has it open, 0 where it does not or where it may not be asked and
/// does not descend from one that does, -ESRCH where it is gone. -EACCES where it may not be asked
/// although it descends from one that does: it might be a fork.
int wx_herd_holds(WxHerd *herd, pid_t pid, WxReason *reason);

#endif
