// The freezer of the control group that the target is in, as a container runtime pauses a
// container. It also stops tasks that wait for a vforked child, which nothing else does. But
// everything else in that group stops too, so that the tool itself must not be in it, and neither
// may a process that shares the memory be outside.
#include "reclaim/freezer.h"
#include "reclaim/freezer_group.h"
#include "reclaim/freezer_wait.h"
#include "reclaim/herd.h"
#include "reclaim/task_stat.h"
#include "reclaim/undo.h"

#include <errno.h>
#include <stdbool.h>
#include <unistd.h>

// A process that has ended is in no group of its own any more.
static bool has_ended(const WxHerd *herd, pid_t pid) {
  WxTaskStat stat;
  return wx_task_stat(herd->proc, pid, &stat) || stat.state == 'Z' || stat.state == 'X';
}

// Asked under the freeze: a child that is being forked is seen a moment before it is in the group.
static int check_members(WxHerd *herd, const WxGroup *group, WxReason *reason) {
  for (size_t i = 0; i < herd->process_count; ++i) {
    const pid_t pid = herd->processes[i].pid;
    const int has = wx_group_has(group, herd->processes[i].reach, true);
    if (has < 0 && has != -ESRCH)
      return has;
    if (has == 0 && !has_ended(herd, herd->processes[i].reach))
      return wx_reason(reason, -EXDEV,
                       "process %d shares the memory of process %d but is not in its control group "
                       "%s: use --freeze ptrace",
                       (int)pid, (int)herd->pid, group->path);
  }
  return 0;
}

static int check_group(const WxGroup *group, pid_t pid, WxReason *reason) {
  const int ours = wx_group_has(group, getpid(), true);
  if (ours < 0)
    return ours;
  if (ours)
    return wx_reason(
        reason, -EDEADLK,
        "the control group %s of process %d holds this tool too and would stop it: use "
        "--freeze ptrace",
        group->path, (int)pid);
  const int frozen = wx_group_state_has(group, group->kind->frozen);
  if (frozen == 1)
    return wx_reason(reason, -EBUSY, "process %d is paused by its control group %s already",
                     (int)pid, group->path);
  return frozen;
}

static int prepare(WxHerd *herd, WxUndo *undo, WxReason *reason) {
  (void)undo;
  WxGroup *group = &herd->group;
  int failed = wx_group_find(group, herd->processes[0].reach);
  if (failed == -ENOTSUP)
    return wx_reason(reason, failed,
                     "process %d is in no control group that can be frozen: use --freeze ptrace",
                     (int)herd->processes[0].pid);
  return failed ? failed : check_group(group, herd->processes[0].pid, reason);
}

static int not_frozen(void *context) {
  const WxGroup *group = context;
  const int frozen = wx_group_state_has(group, group->kind->frozen);
  return frozen < 0 ? frozen : !frozen;
}

static int stop(WxHerd *herd, WxUndo *undo, uint64_t deadline_ns, WxReason *reason) {
  WxGroup *group = &herd->group;
  int failed = 0;
  if (!herd->processes[0].stopped) {
    wx_undo_note_write(undo, group->control, group->kind->thaw);
    herd->processes[0].stopped = true;
    failed = wx_group_write(group, true);
    if (failed == -EACCES || failed == -EPERM || failed == -EROFS)
      return wx_reason(reason, failed, "not permitted to write %s: run as root on the host",
                       group->control);
  }
  if (!failed)
    failed = wx_freezer_wait(not_frozen, group, deadline_ns);
  return failed ? failed : check_members(herd, group, reason); // Also children forked meanwhile.
}

static int resume(WxHerd *herd, WxUndo *undo) {
  if (!herd->processes[0].stopped)
    return 0;
  const int failed = wx_group_write(&herd->group, false);
  if (failed && failed != -ENOENT)
    return -EINPROGRESS; // The survivor tries again.
  herd->processes[0].stopped = false;
  wx_undo_clear(undo, 0);
  return 0;
}

const WxFreezer wx_freezer_cgroup = {
    .name = "cgroup",
    .summary = "the freezer of the target's own control group",
    .prepare = prepare,
    .stop = stop,
    .resume = resume,
};
