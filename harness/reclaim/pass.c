#include "reclaim/pass.h"

#include "os/control.h"
#include "os/os.h"
#include "os/process.h"
#include "reclaim/freeze.h"
#include "reclaim/pace.h"
#include "reclaim/scan.h"
#include "reclaim/zero.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

// Zero pages found and not yet punched, at most so many pieces at a time.
enum { MOST_FOUND = 8192, BLOCK = 512, LEARN_FROM = WX_SCAN_CHUNK / 2, MOST_DOUBLINGS = 4 };

// The scan runs as any other program does: on busy processors it waits for its turn. So it looks
// ahead while the herd runs anyway, for so many pauses.
enum { PAUSES_AHEAD = 8 };

typedef struct {
  const WxPass *pass;
  WxPassDone *done;
  WxScan scan;
  WxExtents found; ///< Ascending; fixed capacity.
  WxFreeze freeze;
  WxPace pace;
} Work;

static int64_t allocated(int fd) {
  struct stat status;
  const int failed = wx_os_fstat(fd, &status);
  return failed ? failed : (int64_t)status.st_blocks * BLOCK;
}

// Reads [start, start + size) again and punches its zero pages.
static int check_and_punch(Work *work, uint64_t start, size_t size) {
  char *buffer = work->scan.buffer;
  const size_t page = work->scan.page;
  const ssize_t got = wx_os_pread(work->pass->fd, buffer, size, start);
  if (got < 0)
    return (int)got;
  const size_t whole = (size_t)got & ~(page - 1);
  if (work->pass->hook)
    work->pass->hook->between(work->pass->hook->context);
  for (size_t at = 0; at < whole;) {
    const size_t zero = wx_zero_run(buffer + at, whole - at, page, true);
    const int failed = zero ? wx_os_punch_hole(work->pass->fd, start + at, zero) : 0;
    if (failed)
      return failed;
    at += zero;
    at += wx_zero_run(buffer + at, whole - at, page, false);
  }
  return 0;
}

// How many bytes can still be done until `deadline`: a chunk at most; one page even when it is
// late, if this pause has done nothing yet, so that every pause gets on.
static size_t next_size(const Work *work, const WxExtent *extent, uint64_t deadline, bool first) {
  const uint64_t now = wx_os_now_ns();
  const uint64_t pages = now < deadline ? (deadline - now) / work->pace.page_ns : 0;
  uint64_t size = (pages ? pages : first) * work->scan.page;
  if (size > WX_SCAN_CHUNK)
    size = WX_SCAN_CHUNK;
  return (size_t)(size < extent->end - extent->start ? size : extent->end - extent->start);
}

// Under the freeze: works on what was found until it is done or the time is over.
static int punch_found(Work *work, uint64_t deadline) {
  size_t at = 0;
  int failed = 0;
  bool first = true;
  uint64_t bytes = 0;
  const uint64_t began = wx_os_now_ns();
  while (at < work->found.count && !failed) {
    WxExtent *extent = &work->found.items[at];
    const size_t size = next_size(work, extent, deadline, first);
    if (!size)
      break;
    failed = check_and_punch(work, extent->start, size);
    first = false;
    bytes += size;
    extent->start += size;
    at += extent->start == extent->end;
  }
  work->found.count -= at;
  memmove(work->found.items, work->found.items + at, work->found.count * sizeof *work->found.items);
  if (bytes >= LEARN_FROM) // Fewer say more about a cold cache than about a page.
    wx_pace_learn(&work->pace.page_ns, (wx_os_now_ns() - began) * work->scan.page / bytes + 1);
  return failed;
}

static int punch_counted(Work *work, uint64_t deadline) {
  const int64_t before = allocated(work->pass->fd);
  int failed = before < 0 ? (int)before : punch_found(work, deadline);
  const int64_t after = allocated(work->pass->fd);
  if (before >= 0 && after >= 0 && after < before)
    work->done->punched_bytes += (uint64_t)(before - after);
  if (!failed && after < 0)
    failed = (int)after;
  return failed;
}

// What was found and is left begins where the pass goes on if it ends here.
static void note_progress(Work *work) {
  work->done->next = work->found.count ? work->found.items[0].start : work->scan.offset;
}

// `*length` is how long the herd was held.
static int one_pause(Work *work, uint64_t *length, WxReason *reason) {
  const uint64_t budget = work->pass->max_pause_ns;
  atomic_store(&work->done->attempt_began_ns, wx_os_now_ns());
  int result = wx_freeze(&work->freeze, wx_pace_freeze_limit(budget), reason);
  if (!result) {
    const uint64_t started = work->freeze.started_ns;
    wx_pace_learn(&work->pace.freeze_ns, wx_os_now_ns() - started);
    result = punch_counted(work, started + wx_pace_work_limit(&work->pace, budget));
    const uint64_t thaw = wx_os_now_ns();
    const int busy = wx_thaw(&work->freeze, length);
    wx_pace_learn(&work->pace.thaw_ns, wx_os_now_ns() - thaw);
    wx_pauses_add(&work->done->log, *length);
    work->done->failures = 0;
    if (work->pass->herd->process_count > work->done->processes_frozen)
      work->done->processes_frozen = (unsigned)work->pass->herd->process_count;
    note_progress(work);
    if (!result)
      result = busy;
  } else if (result == -ETIMEDOUT || result == -EINPROGRESS) {
    ++work->done->log.abandoned;
    ++work->done->failures;
    *length = wx_pace_freeze_limit(budget);
  }
  atomic_store(&work->done->attempt_began_ns, 0);
  return result;
}

static bool is_ended(const Work *work) {
  return work->pass->ended && work->pass->ended(work->pass->context);
}

// Not longer and longer: on busy processors the next attempt is as likely to work as the last one.
uint64_t wx_pass_wait(uint64_t held_ns, unsigned failures) {
  return held_ns << (failures > MOST_DOUBLINGS ? MOST_DOUBLINGS : failures);
}

static int sleep_until(Work *work, uint64_t until) {
  wx_freeze_hurry(&work->freeze, true);
  const uint64_t now = wx_os_now_ns();
  return now < until ? wx_os_sleep_ns(until - now) : 0;
}

static bool gives_up(const Work *work, int failed) {
  return failed != -ETIMEDOUT || work->done->failures > work->pass->most_failures;
}

// Finds pages for the next pause, and for more of them while the herd has to run anyway.
static int scan_ahead(Work *work, uint64_t until) {
  const uint64_t fit = wx_pace_most_pages(&work->pace, work->pass->max_pause_ns) * work->scan.page;
  uint64_t left = wx_extents_bytes(&work->found);
  int64_t added = 1;
  while (added > 0 && (left < fit || (left < PAUSES_AHEAD * fit && wx_os_now_ns() < until))) {
    added = wx_scan_next(&work->scan, &work->found, WX_SCAN_CHUNK);
    left += added > 0 ? (uint64_t)added : 0;
  }
  return added < 0 ? (int)added : 0;
}

// Between two pauses the target runs at least as long as it was held.
static int work_through(Work *work, WxReason *reason) {
  uint64_t until = 0;
  for (;;) {
    int failed = scan_ahead(work, until);
    if (failed)
      return failed;
    note_progress(work);
    if (!work->found.count || is_ended(work))
      return 0;
    failed = wx_herd_catch_up(work->pass->herd, reason);
    if (!failed && until)
      failed = sleep_until(work, until);
    uint64_t length = 0;
    if (!failed)
      failed = one_pause(work, &length, reason);
    if (failed && gives_up(work, failed))
      return failed;
    until = wx_os_now_ns() + wx_pass_wait(length, work->done->failures);
  }
}

int wx_pass_run(const WxPass *pass, WxPassDone *done, WxReason *reason) {
  Work work = {.pass = pass,
               .done = done,
               .pace = wx_pace_default(),
               .freeze = {.freezer = pass->freezer, .herd = pass->herd, .undo = pass->undo}};
  work.found.items = calloc(MOST_FOUND, sizeof *work.found.items);
  if (!work.found.items)
    return -ENOMEM;
  work.found.capacity = MOST_FOUND;
  int result = wx_scan_open(&work.scan, pass->fd, pass->where, done->next);
  if (!result)
    result = work_through(&work, reason);
  wx_freeze_hurry(&work.freeze, false);
  wx_scan_close(&work.scan);
  free(work.found.items);
  return result;
}
