// SIGSTOP to every process, for where tracing is refused. Its weaknesses, all of them told to the
// user: the parent of the target is told of the stop, anyone's SIGCONT lets the target go on in the
// middle, and the first process of a PID namespace ignores SIGSTOP from inside. What was stopped
// already is left alone, and is not sent SIGCONT.
#include "os/control.h"
#include "os/os.h"
#include "os/process.h"
#include "os/text.h"
#include "reclaim/freezer.h"
#include "reclaim/holders.h"
#include "reclaim/proc.h"
#include "reclaim/undo.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

// Whether the process is number 1 of a PID namespace that we are in too. From a namespace above,
// the signal works.
static int is_own_first(pid_t pid, bool *first) {
  char path[64];
  struct stat ours;
  struct stat its;
  *first = false;
  (void)snprintf(path, sizeof path, "/proc/%d/ns/pid", (int)pid);
  if (wx_os_stat("/proc/self/ns/pid", &ours) || wx_os_stat(path, &its) || ours.st_ino != its.st_ino)
    return 0;
  (void)snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
  WxText text = {0};
  const int failed = wx_text_read(&text, path);
  const char *line = failed ? NULL : strstr(text.data, "\nNSpid:");
  const char *end = line ? strchr(line + 1, '\n') : NULL;
  if (end)
    *first = end[-1] == '1' && (end[-2] == '\t' || end[-2] == ' ');
  wx_text_free(&text);
  return failed == -ENOENT ? -ESRCH : failed;
}

// Whether no task of the process runs, or -EBUSY where one is held by a tracer.
static int is_stopped(const WxHolders *holders, size_t index) {
  for (size_t i = 0; i < holders->task_count; ++i) {
    WxTaskStat stat;
    if (holders->tasks[i].holder != index)
      continue;
    const int failed = wx_task_stat(holders->items[index].tasks, holders->tasks[i].id, &stat);
    if (failed && failed != -ESRCH)
      return failed;
    if (!failed && stat.state == 't')
      return -EBUSY;
    if (!failed && !strchr("TZX", stat.state))
      return 0;
  }
  return 1;
}

static int send(const WxHolder *process, int signal) {
  return process->pidfd >= 0 ? wx_os_pidfd_signal(process->pidfd, signal)
                             : wx_os_kill(process->pid, signal);
}

static int prepare_one(WxHolders *holders, size_t index, WxProblem *problem) {
  WxHolder *process = &holders->items[index];
  process->stopped = false;
  bool first;
  int failed = is_own_first(process->pid, &first);
  if (!failed && first)
    return wx_problem(
        problem, -EOPNOTSUPP,
        "process %d is the first of its PID namespace and ignores SIGSTOP from inside: "
        "use --freeze ptrace, or run from the host",
        (int)process->pid);
  if (!failed)
    failed = send(process, 0);
  if (failed == -EPERM)
    return wx_problem(problem, failed,
                      "not permitted to signal process %d: run as its user, or as root",
                      (int)process->pid);
  const int stopped = failed ? failed : is_stopped(holders, index);
  if (stopped == -EBUSY)
    return wx_problem(problem, stopped, "process %d is held by a tracer (a debugger?)",
                      (int)process->pid);
  process->untouched = stopped == 1;
  return stopped < 0 ? stopped : 0;
}

static int prepare(WxHolders *holders, WxProblem *problem) {
  const int found = wx_holders_find_tasks(holders);
  if (found < 0)
    return found;
  for (size_t i = 0; i < holders->count; ++i) {
    const int failed = prepare_one(holders, i, problem);
    if (failed && failed != -ESRCH)
      return failed;
  }
  return 0;
}

static int stop_processes(const WxStopping *stopping) {
  WxHolders *holders = stopping->holders;
  for (size_t i = 0; i < holders->count; ++i) {
    WxHolder *process = &holders->items[i];
    WxTaskStat stat;
    if (process->stopped || process->untouched)
      continue;
    int failed = wx_task_stat(holders->proc, process->pid, &stat);
    if (failed == -ESRCH)
      continue;
    if (failed)
      return failed;
    wx_undo_note_stop(stopping->undo, i, process->pid, stat.start_ticks);
    process->stopped = true;
    failed = send(process, SIGSTOP);
    if (failed && failed != -ESRCH)
      return failed;
  }
  return 0;
}

static int count_running(void *context) {
  WxHolders *holders = context;
  int running = 0;
  for (size_t i = 0; i < holders->task_count; ++i) {
    WxHeldTask *task = &holders->tasks[i];
    if (task->state != WX_TASK_RUNS)
      continue;
    WxTaskStat stat;
    const int failed = wx_task_stat(holders->items[task->holder].tasks, task->id, &stat);
    if (failed && failed != -ESRCH)
      return failed;
    if (failed || stat.state == 'Z' || stat.state == 'X')
      task->state = WX_TASK_GONE;
    else if (stat.state == 'T')
      task->state = WX_TASK_STOPPED;
    else
      ++running;
  }
  return running;
}

static int await_stop(const WxStopping *stopping) {
  return wx_freezer_wait(count_running, stopping->holders, stopping->held_by_ns, false);
}

static int stop(const WxStopping *stopping) {
  return wx_freezer_stop_all(stopping, stop_processes, await_stop);
}

static int resume(WxHolders *holders, WxUndo *undo) {
  int result = 0;
  for (size_t i = 0; i < holders->count; ++i) {
    WxHolder *process = &holders->items[i];
    if (!process->stopped)
      continue;
    const int failed = send(process, SIGCONT);
    if (failed && failed != -ESRCH) {
      result = -EINPROGRESS; // The survivor tries again.
      continue;
    }
    process->stopped = false;
    wx_undo_clear(undo, i);
  }
  return result;
}

const WxFreezer wx_freezer_stop = {
    .name = "stop",
    .summary = "SIGSTOP and SIGCONT, for where tracing is refused",
    .prepare = prepare,
    .stop = stop,
    .resume = resume,
};
