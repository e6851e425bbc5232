#include "reclaim/punch.h"

#include "os/control.h"
#include "os/os.h"
#include "os/process.h"
#include "os/task.h"
#include "reclaim/zero_pages.h"

#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* No write is lost
 * -------------------------------------------------------------------------------------------------
 */

int wx_rescue_open(WxRescue *rescue, size_t room) {
  *rescue = (WxRescue){.ends = {-1, -1}, .buffer = aligned_alloc(wx_os_page_size(), room)};
  if (!rescue->buffer)
    return -ENOMEM;
  memset(rescue->buffer, 0, room); // Its pages are there before the first pause.
  int result = wx_os_pipe(rescue->ends);
  if (!result)
    result = wx_os_set_pipe_size(rescue->ends[1], room);
  if (result < 0) {
    wx_rescue_close(rescue);
    return result;
  }
  rescue->room = (size_t)result < room ? (size_t)result : room;
  return 0;
}

// Writes back each run of bytes that are not zero: zeros that were written meanwhile are there.
static int put_back(int fd, uint64_t start, const char *bytes, size_t size, uint64_t *rescued) {
  for (size_t at = 0; at < size;) {
    size_t length = 0;
    while (at + length < size && bytes[at + length])
      ++length;
    const int failed = length ? wx_os_pwrite(fd, bytes + at, length, start + at) : 0;
    if (failed)
      return failed;
    *rescued += length;
    at += length + 1;
  }
  return 0;
}

static int empty(const WxRescue *rescue, int fd, uint64_t start, size_t size, uint64_t *rescued) {
  for (size_t got = 0; got < size;) {
    const ssize_t length = wx_os_read(rescue->ends[0], rescue->buffer + got, size - got);
    if (length <= 0)
      return length < 0 ? (int)length : -EIO;
    got += (size_t)length;
  }
  return wx_zero(rescue->buffer, size) ? 0 : put_back(fd, start, rescue->buffer, size, rescued);
}

int64_t wx_rescue_punch(const WxRescue *rescue, int fd, uint64_t start, size_t size,
                        void (*between)(void *context), void *context, uint64_t *rescued) {
  *rescued = 0;
  const size_t wanted = size < rescue->room ? size : rescue->room;
  const ssize_t taken = wx_os_splice_to_pipe(fd, start, rescue->ends[1], wanted);
  if (taken < 0)
    return taken;
  const size_t whole = (size_t)taken & ~(wx_os_page_size() - 1);
  if (between)
    between(context);
  const int punched = whole ? wx_os_punch_hole(fd, start, whole) : 0;
  const int emptied = empty(rescue, fd, start, (size_t)taken, rescued);
  return punched ? punched : emptied ? emptied : (int64_t)whole;
}

void wx_rescue_close(WxRescue *rescue) {
  for (int i = 0; i < 2; ++i)
    if (rescue->ends[i] >= 0)
      wx_os_close_reader(rescue->ends[i]);
  rescue->ends[0] = rescue->ends[1] = -1;
  free(rescue->buffer);
  rescue->buffer = NULL;
}

/* Nobody is waited for
 * -------------------------------------------------------------------------------------------------
 */

/// What the thread is to do: the last of these that it was told.
enum { REST, GO, END };

static const uint64_t long_ns = 1000000000;

// A punch that changes nothing whenever it comes, but takes the same locks: no file is as large.
static const uint64_t far_away = (uint64_t)1 << 62;

struct WxLockProbe {
  int fd;
  _Atomic uint32_t order; ///< Goes back to REST when it is done.
  WxTask task;
};

static void go_ahead(void *context) {
  WxLockProbe *probe = context;
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

int wx_lock_probe_open(WxLockProbe **opened, int fd) {
  WxLockProbe *probe = malloc(sizeof *probe);
  if (!probe)
    return -ENOMEM;
  *probe = (WxLockProbe){.fd = fd};
  wx_task_start(&probe->task, go_ahead, probe);
  if (!probe->task.started) {
    free(probe);
    return -EAGAIN;
  }
  *opened = probe;
  return 0;
}

bool wx_lock_probe_is_free(WxLockProbe *probe, uint64_t limit_ns) {
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

void wx_lock_probe_close(WxLockProbe *probe) {
  if (!probe)
    return;
  atomic_store(&probe->order, END);
  wx_os_wake(&probe->order);
  wx_task_finish(&probe->task);
  free(probe);
}
