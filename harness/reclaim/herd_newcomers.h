/**
   @file herd_newcomers.h
   What herd.c and herd_newcomers.c need of each other.
*/
#ifndef WX_RECLAIM_HERD_NEWCOMERS_H
#define WX_RECLAIM_HERD_NEWCOMERS_H

#include "reclaim/herd.h"

/// Adds the process `pid` to the herd. -ESRCH where it is gone, -E2BIG where there is no room.
int wx_herd_add_process(WxHerd *herd, pid_t pid, WxReason *reason);

/// Of herd->listed_processes, adds those that are new and hold the file. Returns how many, or a
/// negative errno.
int wx_herd_add_listed(WxHerd *herd, WxReason *reason);

/// From now on the processes of herd->listed_processes are known. -ENOMEM.
int wx_herd_remember_listed(WxHerd *herd);

/// Notes that every process up to the number `last` was looked at.
void wx_herd_note_given(WxHerd *herd, pid_t last);

#endif
