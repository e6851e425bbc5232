// The default freezer. PTRACE_SEIZE attaches without stopping; PTRACE_INTERRUPT then stops a task
// wherever it is, also the first process of its PID namespace, which ignores SIGSTOP from inside;
// nobody else can let it go on, and neither its parent nor a shell is told. When the tracer dies,
// at any moment, the kernel detaches and all go on.
//
// Several stops are told apart by what wait() says. The usual one is PTRACE_EVENT_STOP: by the
// interrupt, or because the process had been stopped by a signal; in both cases the kernel restores
// at detach what was before, so that a stopped process stays stopped. The other one is
// signal-delivery stop: the task was on its way into a handler (the runtime suspends its threads by
// a real-time signal). The signal must be given back at detach; as its number is unchanged the
// kernel also keeps its data (sender, value).
#include "os/control.h"
#include "os/os.h"
#include "os/process.h"
#include "reclaim/freezer.h"
#include "reclaim/freezer_wait.h"
#include "reclaim/herd.h"
#include "reclaim/task_stat.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STATUS_SIZE = 4096 };

// How long a task that was asked to stop is waited for after the attempt was given up. One that
// only waits for its turn on a busy processor gets there; one that waits for a child or a disk does
// not.
static const uint64_t patience_ns = 50000000;

// The process that traces `task`, 0 where none does or it cannot be known.
static pid_t tracer_of(const WxHerd *herd, const WxTask *task) {
  char path[64];
  (void)snprintf(path, sizeof path, "%d/status", (int)task->id);
  const int fd = wx_os_openat(herd->processes[task->process].tasks, path, O_RDONLY);
  if (fd < 0)
    return 0;
  char text[STATUS_SIZE];
  const ssize_t length = wx_os_read(fd, text, sizeof text - 1);
  wx_os_close_reader(fd);
  text[length > 0 ? length : 0] = '\0';
  const char *line = strstr(text, "\nTracerPid:");
  return line ? (pid_t)strtol(line + strlen("\nTracerPid:"), NULL, 10) : 0;
}

// Why the kernel refused to attach: the task has ended (an exited first thread stays listed while
// others live), is ours already (it executed another program and changed its number), or may not be
// traced.
static int explain(const WxHerd *herd, WxTask *task, int error, WxReason *reason) {
  const WxHerdProcess *process = &herd->processes[task->process];
  WxTaskStat stat;
  const int failed = wx_task_stat(process->tasks, task->id, &stat);
  if (failed == -ESRCH || (!failed && (stat.state == 'Z' || stat.state == 'X'))) {
    task->state = WX_TASK_GONE;
    return 0;
  }
  const pid_t tracer = tracer_of(herd, task);
  if (tracer && tracer == getpid()) {
    task->attached = true;
    return 0;
  }
  if (tracer)
    return wx_reason(reason, -EBUSY, "process %d is traced by process %d (a debugger?)",
                     (int)process->pid, (int)tracer);
  return wx_reason(
      reason, error,
      "not permitted to trace process %d: run as its user with kernel.yama.ptrace_scope "
      "0, or as root, or with CAP_SYS_PTRACE",
      (int)process->pid);
}

static int attach(const WxHerd *herd, WxTask *task, WxReason *reason) {
  const int failed = (int)wx_os_ptrace(PTRACE_SEIZE, task->id, NULL, NULL);
  task->attached = failed == 0;
  if (failed == -ESRCH)
    task->state = WX_TASK_GONE;
  else if (failed)
    return explain(herd, task, failed, reason);
  return 0;
}

static int prepare(WxHerd *herd, WxUndo *undo, WxReason *reason) {
  (void)undo;
  const int found = wx_herd_find_tasks(herd);
  if (found < 0)
    return found;
  for (size_t i = 0; i < herd->task_count; ++i) {
    const int failed = attach(herd, &herd->tasks[i], reason);
    if (failed)
      return failed;
  }
  return 0;
}

// Tells every task that still runs to stop, all before the first is waited for.
static int interrupt_all(const WxStopping *stopping) {
  WxHerd *herd = stopping->herd;
  for (size_t i = 0; i < herd->task_count; ++i) {
    WxTask *task = &herd->tasks[i];
    int failed = 0;
    if (task->state == WX_TASK_RUNS && !task->attached)
      failed = attach(herd, task, stopping->reason);
    if (failed)
      return failed;
    if (task->state != WX_TASK_RUNS || task->asked)
      continue;
    failed = (int)wx_os_ptrace(PTRACE_INTERRUPT, task->id, NULL, NULL);
    if (failed == -ESRCH)
      task->state = WX_TASK_GONE;
    else if (failed)
      return failed;
    task->asked = true;
  }
  return 0;
}

// A stop is only looked at, never taken by wait(): taking it clears the signal that the task was
// stopped with on its way into the handler, which would be lost if the tracer died before it
// detaches. Left alone, the kernel delivers it then, with its data.
static int look(WxTask *task) {
  int status;
  const pid_t changed = wx_os_peek(task->id, &status);
  if (changed == 0)
    return 0;
  if (changed < 0 && changed != -ECHILD)
    return changed;
  if (changed < 0 || !WIFSTOPPED(status)) {
    if (changed > 0) // Its parent is told of its end once its tracer has taken it.
      (void)wx_os_wait(task->id, __WALL | WNOHANG, &status, NULL);
    task->state = WX_TASK_GONE;
    task->attached = false;
    return 0;
  }
  task->state = WX_TASK_STOPPED;
  task->signal = (uint8_t)(status >> 16 == PTRACE_EVENT_STOP ? 0 : WSTOPSIG(status));
  return 0;
}

// Looks at each task that runs. Returns how many still do.
static int look_at_all(void *context) {
  WxHerd *herd = context;
  int running = 0;
  for (size_t i = 0; i < herd->task_count; ++i) {
    WxTask *task = &herd->tasks[i];
    if (task->state != WX_TASK_RUNS)
      continue;
    const int failed = look(task);
    if (failed)
      return failed;
    running += task->state == WX_TASK_RUNS;
  }
  return running;
}

static int stop(WxHerd *herd, WxUndo *undo, uint64_t deadline_ns, WxReason *reason) {
  const WxStopping stopping = {herd, undo, reason};
  return wx_freezer_stop_all(&stopping, interrupt_all, look_at_all, deadline_ns);
}

// A task that was killed while stopped is waited for: its parent is told of its end only after its
// tracer.
static int detach(WxTask *task) {
  const uintptr_t signal = task->signal;
  const long failed = wx_os_ptrace(PTRACE_DETACH, task->id, NULL, (void *)signal);
  if (failed == -ESRCH)
    return look(task);
  task->attached = failed != 0;
  return (int)failed;
}

// Lets each task go that stands still. Returns how many are still on their way to it.
static int let_go(void *context) {
  WxHerd *herd = context;
  int left = 0;
  for (size_t i = 0; i < herd->task_count; ++i) {
    WxTask *task = &herd->tasks[i];
    if (task->attached && task->asked && task->state != WX_TASK_STOPPED)
      (void)look(task);
    if (task->attached && task->state == WX_TASK_STOPPED)
      (void)detach(task);
    left += task->attached && task->asked;
  }
  return left;
}

// A task that has not stopped cannot be detached: where an attempt was given up, the last ones are
// let go as they come; what does not come, the kernel detaches when this process ends.
static int resume(WxHerd *herd, WxUndo *undo) {
  (void)undo;
  (void)wx_freezer_wait(let_go, herd, wx_os_now_ns() + patience_ns);
  for (size_t i = 0; i < herd->task_count; ++i)
    if (herd->tasks[i].attached)
      return -EINPROGRESS;
  return 0;
}

const WxFreezer wx_freezer_ptrace = {
    .name = "ptrace",
    .summary = "PTRACE_SEIZE and PTRACE_INTERRUPT: nothing outlives the tool, no signal is lost",
    .prepare = prepare,
    .stop = stop,
    .resume = resume,
};
