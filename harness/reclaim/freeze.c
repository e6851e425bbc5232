#include "reclaim/freeze.h"

#include "os/control.h"
#include "os/process.h"

#include <errno.h>
#include <sched.h>

// With 8 busy threads on 2 processors a freeze takes 4 ms at the median for a program that waits
// for its turn among them, and half a millisecond for one that does not. Only for the pause:
// everything else can wait for its turn. Where it is not permitted, the nice value (worker.c) has
// to do.
void wx_freeze_hurry(WxFreeze *freeze, bool urgent) {
  if (urgent && !freeze->urgent)
    freeze->urgent = wx_os_set_scheduler(SCHED_FIFO, 1) == 0;
  if (!urgent && freeze->urgent)
    freeze->urgent = wx_os_set_scheduler(SCHED_OTHER, 0) != 0;
}

static int stop_herd(WxFreeze *freeze, uint64_t deadline_ns, WxReason *reason) {
  int found;
  do {
    const int failed = freeze->freezer->stop(freeze->herd, freeze->undo, deadline_ns, reason);
    if (failed)
      return failed;
    found = wx_herd_find_processes(freeze->herd, reason);
  } while (found > 0);
  return found;
}

int wx_freeze(WxFreeze *freeze, uint64_t limit_ns, WxReason *reason) {
  wx_herd_begin(freeze->herd);
  int result = freeze->freezer->prepare(freeze->herd, freeze->undo, reason);
  wx_freeze_hurry(freeze, true);
  freeze->started_ns = wx_os_now_ns();
  if (!result)
    result = stop_herd(freeze, freeze->started_ns + limit_ns, reason);
  if (result) {
    uint64_t length;
    const int busy = wx_thaw(freeze, &length);
    if (busy && result == -ETIMEDOUT)
      result = busy;
  }
  return result;
}

int wx_thaw(WxFreeze *freeze, uint64_t *length_ns) {
  const int result = freeze->freezer->resume(freeze->herd, freeze->undo);
  *length_ns = wx_os_now_ns() - freeze->started_ns;
  wx_freeze_hurry(freeze, false);
  return result;
}
