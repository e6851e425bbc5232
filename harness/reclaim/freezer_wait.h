/**
   @file freezer_wait.h
   Waiting for tasks to come to where they are wanted, as every freezer has to.
*/
#ifndef WX_RECLAIM_FREEZER_WAIT_H
#define WX_RECLAIM_FREEZER_WAIT_H

#include <stdint.h>

/// Asks `left` until it returns 0, which is also returned, or a negative errno; always at least
/// once. -ETIMEDOUT where more is left at `deadline_ns` (of wx_os_now_ns()). It naps in between and
/// does not spin, since the tasks need this processor to get there.
int wx_freezer_wait(int (*left)(void *context), void *context, uint64_t deadline_ns);

#endif
