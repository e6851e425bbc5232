// The freezer of the control group that the target is in, as a container runtime pauses a
// container. It also stops tasks that wait for a vforked child, which nothing else does. But
// everything else in that group stops too, so that the tool itself must not be in it, and neither
// may a process that shares the memory be outside.
#include "reclaim/freezer.h"
#include "reclaim/freezer_group.h"
#include "reclaim/holders.h"
#include "reclaim/task_stat.h"
#include "reclaim/undo.h"

#include <errno.h>
#include <stdbool.h>
#include <unistd.h>

// A process that has ended is in no group of its own any more.
static bool has_ended(const WxHolders *holders, pid_t pid) {
  WxTaskStat stat;
  return wx_task_stat(holders->proc, pid, &stat) || stat.state == 'Z' || stat.state == 'X';
}

// Asked under the freeze: a child that is being forked is seen a moment before it is in the group.
static int check_members(WxHolders *holders, const WxGroup *group, WxProblem *problem) {
  for (size_t i = 0; i < holders->count; ++i) {
    const pid_t pid = holders->items[i].pid;
    const int has = wx_group_has(group, holders->items[i].reach, true);
    if (has < 0 && has != -ESRCH)
      return has;
    if (has == 0 && !has_ended(holders, holders->items[i].reach))
      return wx_problem(
          problem, -EXDEV,
          "process %d shares the memory of process %d but is not in its control group "
          "%s: use --freeze ptrace",
          (int)pid, (int)holders->pid, group->path);
  }
  return 0;
}

static int check_group(const WxGroup *group, pid_t pid, WxProblem *problem) {
  const int ours = wx_group_has(group, getpid(), true);
  if (ours < 0)
    return ours;
  if (ours)
    return wx_problem(
        problem, -EDEADLK,
        "the control group %s of process %d holds this tool too and would stop it: use "
        "--freeze ptrace",
        group->path, (int)pid);
  const int frozen = wx_group_state_has(group, group->kind->frozen);
  if (frozen == 1)
    return wx_problem(problem, -EBUSY, "process %d is paused by its control group %s already",
                      (int)pid, group->path);
  return frozen;
}

static int prepare(WxHolders *holders, WxProblem *problem) {
  WxGroup *group = &holders->group;
  int failed = wx_group_find(group, holders->items[0].reach);
  if (failed == -ENOTSUP)
    return wx_problem(problem, failed,
                      "process %d is in no control group that can be frozen: use --freeze ptrace",
                      (int)holders->items[0].pid);
  return failed ? failed : check_group(group, holders->items[0].pid, problem);
}

static int not_frozen(void *context) {
  const WxGroup *group = context;
  const int frozen = wx_group_state_has(group, group->kind->frozen);
  return frozen < 0 ? frozen : !frozen;
}

static int stop(const WxStopping *stopping) {
  WxHolders *holders = stopping->holders;
  WxGroup *group = &holders->group;
  int failed = 0;
  if (!holders->items[0].stopped) {
    wx_undo_note_write(stopping->undo, group->control, group->kind->thaw);
    holders->items[0].stopped = true;
    failed = wx_group_write(group, true);
    if (failed == -EACCES || failed == -EPERM || failed == -EROFS)
      return wx_problem(stopping->problem, failed,
                        "not permitted to write %s: run as root on the host", group->control);
  }
  if (!failed)
    failed = wx_freezer_wait(not_frozen, group, stopping->held_by_ns, false);
  // Also children forked meanwhile.
  return failed ? failed : check_members(holders, group, stopping->problem);
}

static int resume(WxHolders *holders, WxUndo *undo) {
  if (!holders->items[0].stopped)
    return 0;
  const int failed = wx_group_write(&holders->group, false);
  if (failed && failed != -ENOENT)
    return -EINPROGRESS; // The survivor tries again.
  holders->items[0].stopped = false;
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
