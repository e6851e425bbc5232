#include "reclaim/probe.h"

#include "os/control.h"
#include "os/os.h"
#include "os/process.h"
#include "os/task.h"

#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

/// What the thread is to do: the last of these that it was told.
enum { REST, GO, END };

static const uint64_t long_ns = 1000000000;

// A punch that changes nothing whenever it comes, but takes the same locks: no file is as large.
static const uint64_t far_away = (uint64_t)1 << 62;

struct WxProbe {
  int fd;
  _Atomic uint32_t order; ///< Goes back to REST when it is done.
  WxTask task;
};

static void go_ahead(void *context) {
  WxProbe *probe = context;
  (void)wx_os_set_scheduler(SCHED_FIFO, 1);
  for (;;) {
    const uint32_t order = atomic_load(&probe->order);
    if (order == END)
      return;
    if (order == REST) {
      (void)wx_os_await_word(&probe->order, REST, long_ns);
      continue;
    }
    (void)wx_os_punch_hole(probe->fd, far_away, wx_os_page_size());
    uint32_t told = GO;
    (void)atomic_compare_exchange_strong(&probe->order, &told, REST);
    wx_os_wake(&probe->order);
  }
}

int wx_probe_open(WxProbe **opened, int fd) {
  WxProbe *probe = malloc(sizeof *probe);
  if (!probe)
    return -ENOMEM;
  *probe = (WxProbe){.fd = fd};
  wx_task_start(&probe->task, go_ahead, probe);
  if (!probe->task.started) {
    free(probe);
    return -EAGAIN;
  }
  *opened = probe;
  return 0;
}

bool wx_probe_is_free(WxProbe *probe, uint64_t limit_ns) {
  const uint64_t until = wx_os_now_ns() + limit_ns;
  uint32_t resting = REST;
  if (atomic_compare_exchange_strong(&probe->order, &resting, GO))
    wx_os_wake(&probe->order);
  while (atomic_load(&probe->order) != REST) {
    const uint64_t now = wx_os_now_ns();
    if (now >= until || wx_os_await_word(&probe->order, GO, until - now))
      return false;
  }
  return true;
}

void wx_probe_close(WxProbe *probe) {
  if (!probe)
    return;
  atomic_store(&probe->order, END);
  wx_os_wake(&probe->order);
  wx_task_finish(&probe->task);
  free(probe);
}
