/**
   @file freezer_wait.h
   Waiting for tasks to come to where they are wanted, as every freezer has to.
*/
#ifndef WX_RECLAIM_FREEZER_WAIT_H
#define WX_RECLAIM_FREEZER_WAIT_H

#include "reclaim/freezer.h"

#include <stdbool.h>
#include <stdint.h>

/// Asks `left` until it returns 0, which is also returned, or a negative errno; always at least
/// once. -ETIMEDOUT where more is left at `deadline_ns` (of wx_os_now_ns()). Soon it naps in
/// between, since the tasks may need this processor to get there. Where it is `crowded` it does
/// not: the processor would be given to somebody else, and where the kernel is not preemptible is
/// not given back before his system call is done.
int wx_freezer_wait(int (*left)(void *context), void *context, uint64_t deadline_ns, bool crowded);

/// Has `tell` tell all tasks of the holders to stop and `await` wait until they do, again as long
/// as a search then finds tasks that are new. Only one that runs can start another, so that in the
/// end there is none.
int wx_freezer_stop_all(const WxStopping *stopping, int (*tell)(const WxStopping *stopping),
                        int (*await)(const WxStopping *stopping));

#endif
