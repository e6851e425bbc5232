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
// kernel also keeps its data (sender, value). A stop is only looked at, never taken by wait():
// taking it clears that signal, which would be lost if the tracer died before it detaches.
//
// A task that waits for its turn on a busy processor, for a disk or for a vforked child does not
// stop in time. But from the interrupt on it cannot come back to its program without stopping: the
// kernel looks at that on each such way. And one that was in its program just then is fetched out
// of it by an interrupt of its processor, within microseconds, and stops. So one that has not
// stopped a good while later is in the kernel, or waits to run there.
#include "os/control.h"
#include "os/os.h"
#include "os/process.h"
#include "reclaim/freezer.h"
#include "reclaim/holders.h"
#include "reclaim/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STATUS_SIZE = 4096 };

// Long after an interrupt of a processor has reached it.
static const uint64_t arrival_ns = 100000;

// The process that traces `task`, 0 where none does or it cannot be known.
static pid_t tracer_of(const WxHolders *holders, const WxHeldTask *task) {
  char path[64];
  (void)snprintf(path, sizeof path, "%d/status", (int)task->id);
  const int fd = wx_os_openat(holders->items[task->holder].tasks, path, O_RDONLY);
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
static int explain(const WxHolders *holders, WxHeldTask *task, int error, WxProblem *problem) {
  const WxHolder *holder = &holders->items[task->holder];
  WxTaskStat stat;
  const int failed = wx_task_stat(holder->tasks, task->id, &stat);
  if (failed == -ESRCH || (!failed && (stat.state == 'Z' || stat.state == 'X'))) {
    task->state = WX_TASK_GONE;
    return 0;
  }
  const pid_t tracer = tracer_of(holders, task);
  if (tracer && tracer == gettid()) {
    task->attached = true;
    return 0;
  }
  if (tracer)
    return wx_problem(problem, -EBUSY, "process %d is traced by process %d (a debugger?)",
                      (int)holder->pid, (int)tracer);
  if (holder->forked) // It executes a program that has rights of its own.
    return wx_problem(problem, -EAGAIN, "process %d is starting a program", (int)holder->pid);
  return wx_problem(
      problem, error,
      "not permitted to trace process %d: run as its user with kernel.yama.ptrace_scope "
      "0, or as root, or with CAP_SYS_PTRACE",
      (int)holder->pid);
}

static int attach(const WxHolders *holders, WxHeldTask *task, WxProblem *problem) {
  const int failed = (int)wx_os_ptrace(PTRACE_SEIZE, task->id, NULL, NULL);
  task->attached = failed == 0;
  if (failed == -ESRCH)
    task->state = WX_TASK_GONE;
  else if (failed)
    return explain(holders, task, failed, problem);
  return 0;
}

static int prepare(WxHolders *holders, WxProblem *problem) {
  const int found = wx_holders_find_tasks(holders);
  return found < 0 ? found : wx_holders_check_young(holders, problem);
}

static int interrupt(WxHeldTask *task) {
  const int failed = (int)wx_os_ptrace(PTRACE_INTERRUPT, task->id, NULL, NULL);
  if (failed == -ESRCH)
    task->state = WX_TASK_GONE;
  task->asked = failed == 0;
  return failed == -ESRCH ? 0 : failed;
}

static WxHeldTask *first_of(WxHolders *holders, const WxHeldTask *task) {
  for (size_t i = 0; i < holders->task_count; ++i)
    if (holders->tasks[i].holder == task->holder &&
        holders->tasks[i].id == holders->items[task->holder].pid)
      return &holders->tasks[i];
  return NULL;
}

// A thread that executes a program ends all others of its process and takes the number of the first
// one. So where a task is gone, that number may be another task's by now: one that was attached and
// goes on running unless it is told to stop, or one that was never attached.
static int check_gone(const WxStopping *stopping, const WxHeldTask *gone) {
  WxHeldTask *first = first_of(stopping->holders, gone);
  if (!first)
    return 0;
  first->state = WX_TASK_RUNS;
  const int failed = interrupt(first);
  first->attached |= first->asked;
  if (failed || first->asked)
    return failed;
  WxTaskStat stat;
  const int unread = wx_task_stat(stopping->holders->items[first->holder].tasks, first->id, &stat);
  if (unread == -ESRCH || (!unread && (stat.state == 'Z' || stat.state == 'X')))
    return 0;
  return wx_problem(stopping->problem, -EAGAIN, "process %d is starting a program", (int)first->id);
}

static bool was_first_told(WxHolders *holders, const WxHeldTask *task) {
  const WxHeldTask *first = first_of(holders, task);
  return first && first->asked;
}

static int tell(const WxStopping *stopping, WxHeldTask *task) {
  const int failed = interrupt(task);
  return failed || task->state != WX_TASK_GONE ? failed : check_gone(stopping, task);
}

static int attach_all(const WxStopping *stopping) {
  WxHolders *holders = stopping->holders;
  int failed = 0;
  for (size_t i = 0; i < holders->task_count && !failed; ++i) {
    WxHeldTask *task = &holders->tasks[i];
    if (task->state != WX_TASK_RUNS || task->attached)
      continue;
    failed = attach(holders, task, stopping->problem);
    if (!failed && task->state == WX_TASK_GONE && was_first_told(holders, task))
      failed = check_gone(stopping, task);
  }
  return failed;
}

// A process that was born before its parent was attached runs on, and may be one that writes a dump
// of it: that tries to attach once only. So nobody is told to stop then, and all are let go at
// once.
static int attach_born(const WxStopping *stopping) {
  if (!wx_holders_has_newborn(stopping->holders))
    return 0;
  const int threads = wx_holders_find_tasks(stopping->holders);
  if (threads == 0)
    return wx_problem(stopping->problem, -EAGAIN, "processes are started all the time");
  return threads < 0 ? threads : attach_all(stopping);
}

// Tells every task that still runs to stop, all before the first is waited for. All are attached
// before the first is told, so that it is told to the last one soon after.
static int interrupt_all(const WxStopping *stopping) {
  WxHolders *holders = stopping->holders;
  int failed = attach_all(stopping);
  if (!failed)
    failed = attach_born(stopping);
  for (size_t i = 0; i < holders->task_count && !failed; ++i) {
    WxHeldTask *task = &holders->tasks[i];
    if (task->state == WX_TASK_RUNS && !task->asked)
      failed = tell(stopping, task);
  }
  return failed;
}

static int look(WxHeldTask *task) {
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

// Looks at each task that runs. Returns how many do then: one may be told once more on the way.
static int look_at_all(void *context) {
  const WxStopping *stopping = context;
  WxHolders *holders = stopping->holders;
  for (size_t i = 0; i < holders->task_count; ++i) {
    WxHeldTask *task = &holders->tasks[i];
    if (task->state != WX_TASK_RUNS)
      continue;
    int failed = look(task);
    if (!failed && task->state == WX_TASK_GONE)
      failed = check_gone(stopping, task);
    if (failed)
      return failed;
  }
  int running = 0;
  for (size_t i = 0; i < holders->task_count; ++i)
    running += holders->tasks[i].state == WX_TASK_RUNS;
  return running;
}

static int await(const WxStopping *stopping) {
  WxHolders *holders = stopping->holders;
  uint64_t until = wx_os_now_ns() + arrival_ns;
  if (stopping->stopped_by_ns > until)
    until = stopping->stopped_by_ns;
  WxStopping context = *stopping;
  const int result = wx_freezer_wait(look_at_all, &context, until, stopping->crowded);
  holders->outside = 0;
  if (result != -ETIMEDOUT || stopping->stopped_by_ns >= stopping->held_by_ns)
    return result;
  for (size_t i = 0; i < holders->task_count; ++i)
    holders->outside += holders->tasks[i].state == WX_TASK_RUNS;
  return wx_os_now_ns() < stopping->held_by_ns ? 0 : -ETIMEDOUT;
}

static int stop(const WxStopping *stopping) {
  return wx_freezer_stop_all(stopping, interrupt_all, await);
}

// A task that was killed while stopped is waited for: its parent is told of its end only after its
// tracer.
static int detach(WxHeldTask *task) {
  const uintptr_t signal = task->signal;
  const long failed = wx_os_ptrace(PTRACE_DETACH, task->id, NULL, (void *)signal);
  if (failed == -ESRCH)
    return look(task);
  task->attached = failed != 0;
  return (int)failed;
}

// A task that has not stopped cannot be detached: where it is held off the processor, or an attempt
// was given up, the last ones are let go as they come; what does not come, the kernel detaches when
// this process ends. One that was attached and not told to stop is told now.
static int resume(WxHolders *holders, WxUndo *undo) {
  (void)undo;
  int left = 0;
  for (size_t i = 0; i < holders->task_count; ++i) {
    WxHeldTask *task = &holders->tasks[i];
    if (task->attached && task->state != WX_TASK_STOPPED)
      (void)look(task);
    if (task->attached && task->state == WX_TASK_STOPPED)
      (void)detach(task);
    if (task->attached && !task->asked)
      (void)interrupt(task);
    left += task->attached;
  }
  return left ? -EINPROGRESS : 0;
}

const WxFreezer wx_freezer_ptrace = {
    .name = "ptrace",
    .summary = "PTRACE_SEIZE and PTRACE_INTERRUPT: nothing outlives the tool, no signal is lost",
    .by_thread = true,
    .prepare = prepare,
    .stop = stop,
    .resume = resume,
};
