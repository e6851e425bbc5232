#include "reclaim/target.h"

#include "os/control.h"
#include "os/os.h"
#include "os/process.h"
#include "reclaim/find.h"
#include "reclaim/pace.h"
#include "reclaim/scan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

enum { BLOCK = 512, FOUND_AT_ONCE = 8192 };

// A process that has the file open under the number that the runtime has it under counts as a fork
// of the target. This tool, and another copy of it, must not look like one.
static int move_away(WxTarget *target, int number) {
  if (target->fd != number)
    return 0;
  const int moved = wx_os_duplicate_from(target->fd, number + 1);
  if (moved < 0)
    return moved;
  wx_os_close_reader(target->fd);
  target->fd = moved;
  return 0;
}

static int open_file(WxTarget *target, const WxMemfd *memfd, WxReason *reason) {
  target->fd = wx_reclaim_open(memfd, target->pid, reason);
  return target->fd < 0 ? target->fd : move_away(target, memfd->number);
}

int wx_target_open(WxTarget *target, pid_t pid, const WxMemfd *memfd, WxReason *reason) {
  *target = (WxTarget){.pid = pid, .file = memfd->id, .fd = -1, .herd = {.proc = -1, .last = -1}};
  int failed = open_file(target, memfd, reason);
  if (!failed)
    failed = wx_herd_open(&target->herd, pid, memfd, reason);
  if (!failed)
    failed = wx_worker_open(&target->worker);
  if (failed)
    wx_target_close(target);
  return failed;
}

int wx_target_allocated(const WxTarget *target, uint64_t *bytes) {
  struct stat status;
  const int failed = wx_os_fstat(target->fd, &status);
  if (!failed)
    *bytes = (uint64_t)status.st_blocks * BLOCK;
  return failed;
}

// What is mapped is read before what is allocated: a block that is released in between counts as
// mapped and is found the next time.
int wx_target_look(WxTarget *target, WxReason *reason) {
  int result = wx_herd_refresh(&target->herd, reason);
  if (!result)
    result = wx_target_allocated(target, &target->allocated_bytes);
  if (!result)
    result = wx_extents_read(&target->allocated, target->fd);
  if (!result)
    result = wx_extents_subtract(&target->orphaned, &target->allocated, &target->herd.mapped);
  if (!result)
    target->orphaned_bytes = wx_extents_bytes(&target->orphaned);
  return result;
}

static WxPass pass_of(WxTarget *target, const WxReclaimOptions *options) {
  return (WxPass){
      .fd = target->fd,
      .herd = &target->herd,
      .freezer = options->freezer ? options->freezer : wx_freezer_at(0),
      .max_pause_ns = options->max_pause_ns ? options->max_pause_ns : WX_RECLAIM_PAUSE_NS,
      .hook = options->hook,
      .where = options->mapped ? &target->allocated : &target->orphaned,
  };
}

// The pass repeats an attempt that failed. Here only two cases are left: tasks are let go by the
// end of the process that stopped them, and there was no room for new ones.
int wx_target_reclaim(WxTarget *target, const WxReclaimOptions *options, unsigned most_failures,
                      WxReason *reason) {
  wx_worker_rewind(target->worker);
  const WxPassDone *done = wx_worker_done(target->worker);
  for (unsigned crowded = 0;;) {
    WxPass pass = pass_of(target, options);
    pass.most_failures = most_failures;
    int result = wx_worker_run(target->worker, &pass, reason);
    crowded += result == -ENOBUFS;
    if (done->failures > most_failures || crowded > most_failures)
      return wx_reason(reason, -ETIMEDOUT,
                       "process %d could not be stopped within %.3g ms, %u times: it waits for a "
                       "child or a disk, or is busy (permit nice -20, or raise --max-pause)",
                       (int)target->pid, (double)pass.max_pause_ns / 1e6, most_failures + 1);
    if (result != -EINPROGRESS && result != -ENOBUFS)
      return result;
    result = wx_os_sleep_ns(wx_pass_wait(wx_pace_freeze_limit(pass.max_pause_ns), done->failures));
    if (!result)
      result = wx_target_look(target, reason);
    if (result)
      return result;
  }
}

// Adds up the zero pages in `where`.
static int count_zeros(const WxTarget *target, const WxExtents *where, uint64_t *bytes) {
  WxScan scan;
  WxExtents found = {.items = calloc(FOUND_AT_ONCE, sizeof *found.items),
                     .capacity = FOUND_AT_ONCE};
  if (!found.items)
    return -ENOMEM;
  int64_t added = wx_scan_open(&scan, target->fd, where, 0);
  *bytes = 0;
  do {
    if (added >= 0)
      added = wx_scan_next(&scan, &found, UINT64_MAX);
    if (added > 0)
      *bytes += (uint64_t)added;
    found.count = 0;
  } while (added > 0);
  wx_scan_close(&scan);
  free(found.items);
  return (int)added;
}

int wx_target_zero_mapped(const WxTarget *target, uint64_t *bytes) {
  WxExtents mapped = {0};
  int result = wx_extents_subtract(&mapped, &target->allocated, &target->orphaned);
  if (!result)
    result = count_zeros(target, &mapped, bytes);
  wx_extents_free(&mapped);
  return result;
}

int wx_target_estimate(const WxTarget *target, const WxReclaimOptions *options, uint64_t *bytes,
                       uint64_t *pauses) {
  const WxPace pace = wx_pace_default();
  const uint64_t budget = options->max_pause_ns ? options->max_pause_ns : WX_RECLAIM_PAUSE_NS;
  const WxExtents *where = options->mapped ? &target->allocated : &target->orphaned;
  const int failed = count_zeros(target, where, bytes);
  const uint64_t pages = *bytes / wx_os_page_size();
  const uint64_t at_once = wx_pace_pages(&pace, budget);
  *pauses = (pages + at_once - 1) / at_once;
  return failed;
}

WxReclaim wx_target_result(const WxTarget *target) {
  const WxPassDone *done = wx_worker_done(target->worker);
  return (WxReclaim){
      .pid = target->pid,
      .device = makedev(target->file.major, target->file.minor),
      .inode = target->file.inode,
      .punched_bytes = done->punched_bytes,
      .zero_mapped_bytes = WX_UNKNOWN,
      .pauses = wx_pauses_summary(&done->log),
      .processes_frozen = done->processes_frozen,
  };
}

void wx_target_close(WxTarget *target) {
  wx_herd_close(&target->herd);
  wx_worker_close(target->worker);
  target->worker = NULL;
  if (target->fd >= 0)
    wx_os_close_reader(target->fd);
  target->fd = -1;
  wx_extents_free(&target->allocated);
  wx_extents_free(&target->orphaned);
}
