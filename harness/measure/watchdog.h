/**
   @file watchdog.h
   Ends a process group where this process dies before it has ended it. The kernel kills a child
   whose parent dies (PR_SET_PDEATHSIG), but not what that child has started.
*/
#ifndef WX_MEASURE_WATCHDOG_H
#define WX_MEASURE_WATCHDOG_H

#include <sys/types.h>

/// A small process that waits for either end. Start with WX_WATCHDOG_NONE.
typedef struct {
  int end;  ///< Closed when this process dies, or -1.
  int kept; ///< The other end, so that writing is never a signal.
  pid_t pid;
} WxWatchdog;

#define WX_WATCHDOG_NONE ((WxWatchdog){-1, -1, 0})

/// From now on the process group `group` is killed when this process dies. Returns 0 or a negative
/// errno, and then there is none.
int wx_watchdog_begin(WxWatchdog *watchdog, pid_t group);

/// Not any more. Call it as soon as the leader of the group is reaped. Accepts WX_WATCHDOG_NONE.
void wx_watchdog_end(WxWatchdog *watchdog);

#endif
