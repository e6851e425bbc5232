#include "reclaim/freezer_wait.h"

#include "os/control.h"
#include "os/process.h"
#include "reclaim/holders.h"

#include <errno.h>

enum { FIRST_NAP_NS = 10000, LONGEST_NAP_NS = 80000, AWAKE_NS = 30000 };

int wx_freezer_wait(int (*left)(void *context), void *context, uint64_t deadline_ns, bool crowded) {
  const uint64_t awake_until = wx_os_now_ns() + AWAKE_NS;
  uint64_t nap = FIRST_NAP_NS;
  for (;;) {
    const int count = left(context);
    if (count <= 0)
      return count;
    const uint64_t now = wx_os_now_ns();
    if (now >= deadline_ns)
      return -ETIMEDOUT;
    if (crowded || now < awake_until)
      continue;
    const int failed = wx_os_sleep_ns(nap);
    if (failed)
      return failed;
    nap = nap < LONGEST_NAP_NS ? nap * 2 : nap;
  }
}

int wx_freezer_stop_all(const WxStopping *stopping, int (*tell)(const WxStopping *stopping),
                        int (*await)(const WxStopping *stopping)) {
  int found;
  do {
    int failed = tell(stopping);
    if (!failed)
      failed = await(stopping);
    if (failed)
      return failed;
    found = wx_holders_find_tasks(stopping->holders);
  } while (found > 0);
  return found;
}
