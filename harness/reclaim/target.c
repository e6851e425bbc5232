#include "reclaim/target.h"

#include "os/control.h"
#include "os/os.h"
#include "os/process.h"
#include "reclaim/find.h"
#include "reclaim/pauses.h"
#include "reclaim/preflight.h"
#include "reclaim/reclaim.h"
#include "reclaim/sweep.h"
#include "reclaim/worker.h"
#include "reclaim/zero_pages.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

enum { BLOCK = 512, FOUND_AT_ONCE = 8192 };

// For reading only from now on: whoever may write to the file has to be held by another wxbench.
static int keep_for_reading(WxTarget *target) {
  char path[64];
  (void)snprintf(path, sizeof path, "/proc/self/fd/%d", target->fd);
  const int fd = wx_os_open(path, O_RDONLY, 0);
  if (fd < 0)
    return fd;
  wx_os_close_reader(target->fd);
  target->fd = fd;
  return 0;
}

static int open_file(WxTarget *target, const WxMemfd *memfd, WxProblem *problem) {
  target->fd = wx_reclaim_open(memfd, target->pid, problem);
  return target->fd < 0 ? target->fd : keep_for_reading(target);
}

int wx_target_open(WxTarget *target, pid_t pid, const WxMemfd *memfd, WxProblem *problem) {
  *target =
      (WxTarget){.pid = pid, .file = memfd->id, .fd = -1, .holders = {.proc = -1, .last = -1}};
  int failed = open_file(target, memfd, problem);
  if (!failed)
    failed = wx_holders_open(&target->holders, pid, memfd->id, problem);
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
int wx_target_look(WxTarget *target, WxProblem *problem) {
  int result = wx_holders_look(&target->holders, problem);
  if (!result)
    result = wx_target_allocated(target, &target->allocated_bytes);
  if (!result)
    result = wx_extents_read(&target->allocated, target->fd);
  if (!result)
    result = wx_extents_subtract(&target->orphaned, &target->allocated, &target->holders.mapped);
  if (!result)
    target->orphaned_bytes = wx_extents_bytes(&target->orphaned);
  return result;
}

static WxSweep sweep_of(WxTarget *target, const WxReclaimOptions *options) {
  return (WxSweep){
      .fd = target->fd,
      .holders = &target->holders,
      .freezer = options->freezer ? options->freezer : wx_freezer_at(0),
      .max_pause_ns = options->max_pause_ns ? options->max_pause_ns : WX_RECLAIM_PAUSE_NS,
      .give_up = options->give_up ? options->give_up : WX_RECLAIM_GIVE_UP,
      .hook = options->hook,
      .where = options->mapped ? &target->allocated : &target->orphaned,
      .ended = options->ended,
      .context = options->ended_context,
  };
}

// Whether another worker may do what this one could not: tasks are let go by the end of the process
// that stopped them, there was no room for new ones, or it was killed.
static bool is_worth_another(int result) {
  return result == -EINPROGRESS || result == -ENOBUFS || result == -ECHILD;
}

// The sweep repeats an attempt that failed. Here only those are left that need another process.
int wx_target_reclaim(WxTarget *target, const WxReclaimOptions *options, unsigned most_failures,
                      WxProblem *problem) {
  wx_worker_rewind(target->worker);
  const WxSweepDone *done = wx_worker_done(target->worker);
  WxPreflight preflight;
  int result = wx_preflight(&preflight, sweep_of(target, options).max_pause_ns, problem);
  for (unsigned crowded = 0; !result;) {
    WxSweep sweep = sweep_of(target, options);
    sweep.most_failures = most_failures;
    sweep.urgent_share = preflight.urgent_share;
    result = wx_worker_run(target->worker, &sweep, problem);
    if (done->settled)
      wx_holders_forget_absent(&target->holders);
    if (!is_worth_another(result))
      return result;
    if (sweep.ended && sweep.ended(sweep.context))
      return 0;
    crowded += result == -ENOBUFS;
    const int verdict = wx_sweep_verdict(&sweep, done, problem);
    if (verdict || crowded > most_failures)
      return verdict ? verdict : result;
    result =
        wx_os_sleep_ns(wx_sweep_wait(wx_pause_freeze_limit(sweep.max_pause_ns), done->failures));
    if (!result)
      result = wx_target_look(target, problem);
  }
  return result;
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
  const WxPausePlan plan = wx_pause_plan();
  const uint64_t budget = options->max_pause_ns ? options->max_pause_ns : WX_RECLAIM_PAUSE_NS;
  const WxExtents *where = options->mapped ? &target->allocated : &target->orphaned;
  const int failed = count_zeros(target, where, bytes);
  const uint64_t pages = *bytes / wx_os_page_size();
  const uint64_t at_once = wx_pause_pages(&plan, budget);
  *pauses = (pages + at_once - 1) / at_once;
  return failed;
}

WxReclaim wx_target_result(const WxTarget *target) {
  const WxSweepDone *done = wx_worker_done(target->worker);
  return (WxReclaim){
      .pid = target->pid,
      .device = makedev(target->file.major, target->file.minor),
      .inode = target->file.inode,
      .punched_bytes = done->punched_bytes,
      .zero_mapped_bytes = WX_UNKNOWN,
      .pauses = wx_pauses_summary(&done->log),
      .processes_frozen = done->processes_frozen,
      .mappers_unreadable = done->mappers_unreadable,
  };
}

void wx_target_close(WxTarget *target) {
  wx_holders_close(&target->holders);
  wx_worker_close(target->worker);
  target->worker = NULL;
  if (target->fd >= 0)
    wx_os_close_reader(target->fd);
  target->fd = -1;
  wx_extents_free(&target->allocated);
  wx_extents_free(&target->orphaned);
}

/* From a process to its result
 * -------------------------------------------------------------------------------------------------
 */

// At the default budget 3 to 22 ms apart: for a second, or five where tasks are waited for.
enum { MOST_FAILURES = 64 };

static int reclaim(WxTarget *target, const WxReclaimOptions *options, WxReclaim *result,
                   WxProblem *problem) {
  const uint64_t began = wx_os_now_ns();
  result->before_bytes = target->allocated_bytes;
  const int failed = wx_target_reclaim(target, options, MOST_FAILURES, problem);
  const WxReclaim done = wx_target_result(target);
  if (options->log)
    wx_pauses_merge(options->log, &wx_worker_done(target->worker)->log);
  result->punched_bytes = done.punched_bytes;
  result->pauses = done.pauses;
  result->processes_frozen = done.processes_frozen;
  result->wall_ns = wx_os_now_ns() - began;
  if (wx_target_allocated(target, &result->after_bytes))
    result->after_bytes = result->before_bytes - result->punched_bytes;
  return failed;
}

static int estimate(WxTarget *target, const WxReclaimOptions *options, WxReclaim *result,
                    WxProblem *problem) {
  const uint64_t began = wx_os_now_ns();
  int failed = wx_target_look(target, problem);
  if (!failed)
    failed = wx_target_estimate(target, options, &result->punched_bytes, &result->pauses.count);
  result->before_bytes = target->allocated_bytes;
  result->after_bytes = result->before_bytes - result->punched_bytes;
  result->processes_frozen = (unsigned)target->holders.count;
  result->wall_ns = wx_os_now_ns() - began;
  return failed;
}

// What is mapped and zero, as it was before.
static int count_mapped(const WxTarget *target, WxReclaim *result) {
  uint64_t bytes;
  const int failed = wx_target_zero_mapped(target, &bytes);
  if (!failed)
    result->zero_mapped_bytes = (WxFigure)bytes;
  return failed;
}

int wx_reclaim_memfd(pid_t pid, const WxMemfd *memfd, const WxReclaimOptions *options,
                     WxReclaim *result, WxProblem *problem) {
  WxTarget target;
  int failed = wx_target_open(&target, pid, memfd, problem);
  if (failed)
    return failed;
  *result = wx_target_result(&target);
  failed = wx_target_look(&target, problem);
  if (!failed)
    failed = count_mapped(&target, result);
  if (!failed)
    failed = options->dry_run ? estimate(&target, options, result, problem)
                              : reclaim(&target, options, result, problem);
  wx_target_close(&target);
  if (failed == -ESRCH && problem && !problem->text[0])
    return wx_problem(problem, failed, "process %d ended", (int)pid);
  return failed;
}

int wx_reclaim_once(pid_t pid, const WxReclaimOptions *options, WxReclaim *result,
                    WxProblem *problem) {
  WxMaps maps = {0};
  WxMemfds memfds = {0};
  if (problem)
    problem->text[0] = '\0';
  *result = (WxReclaim){.pid = pid, .zero_mapped_bytes = WX_UNKNOWN};
  int failed = wx_reclaim_find(&memfds, pid, &maps, options->memfd, problem);
  if (!failed)
    failed = wx_reclaim_memfd(pid, wx_memfds_largest(&memfds), options, result, problem);
  wx_memfds_free(&memfds);
  wx_maps_free(&maps);
  return failed;
}
