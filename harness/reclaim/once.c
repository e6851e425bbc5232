// One reclaim, from a pid to its result.
#include "reclaim/find.h"
#include "reclaim/pauses.h"
#include "reclaim/reclaim.h"
#include "reclaim/target.h"

#include "os/process.h"

#include <errno.h>

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
