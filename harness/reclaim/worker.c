#include "reclaim/worker.h"

#include "os/control.h"
#include "os/os.h"
#include "os/process.h"
#include "os/text.h"
#include "reclaim/freezer_cgroup.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

// An attempt to freeze that lasts longer than its budget by so much hangs in the kernel.
static const uint64_t hang_ns = 2000000000U;
enum { LOOK_EVERY_MS = 100, MOST_FAVOURED = -20 };

struct WxWorker {
  WxSweepDone done;
  WxUndo undo;
  int result;
  WxProblem problem;
};

int wx_worker_open(WxWorker **opened) {
  void *memory;
  const int failed = wx_os_mmap(NULL, sizeof(WxWorker), PROT_READ | PROT_WRITE,
                                MAP_SHARED | MAP_ANONYMOUS, -1, 0, &memory);
  if (!failed)
    *opened = memory;
  return failed;
}

const WxSweepDone *wx_worker_done(const WxWorker *worker) {
  return &worker->done;
}

void wx_worker_rewind(WxWorker *worker) {
  worker->done.next = 0;
  worker->done.failures = worker->done.bad_moments = 0;
}

/// When a child ends.
typedef struct {
  const WxSweep *sweep; ///< As the parent gave it.
  pid_t parent;
} Orders;

static bool is_to_end(void *context) {
  const Orders *orders = context;
  const WxSweep *sweep = orders->sweep;
  return getppid() != orders->parent || (sweep->ended && sweep->ended(sweep->context));
}

// Between the sessions of a machine the scheduler shares by session (autogroup), and the nice value
// of a task counts within its own only: in a session of its own a worker waited for seconds beside
// a target with many busy threads. Only where more tasks want a processor than there are.
static void favour_own_session(void) {
  char nice[8];
  (void)snprintf(nice, sizeof nice, "%d", MOST_FAVOURED);
  (void)wx_text_write("/proc/self/autogroup", nice);
}

static void keep(const WxSweep *sweep, bool on) {
  if (sweep->freezer->keep)
    sweep->freezer->keep(sweep->holders, on);
}

// In the child. What is not permitted only makes pauses longer.
static _Noreturn void work(WxWorker *worker, const WxSweep *sweep, pid_t parent) {
  if (!wx_os_new_session() && sweep->holders->runnable > (unsigned)sysconf(_SC_NPROCESSORS_ONLN))
    favour_own_session();
  (void)wx_os_set_name("wx-freeze");
  (void)wx_os_set_nice(MOST_FAVOURED);
  (void)wx_group_leave();
  Orders orders = {.sweep = sweep, .parent = parent};
  WxSweep own = *sweep;
  own.undo = &worker->undo;
  own.alone = true;
  own.ended = is_to_end;
  own.context = &orders;
  worker->result = wx_sweep_run(&own, &worker->done, &worker->problem);
  if (getppid() != parent)
    keep(sweep, false);
  _exit(0);
}

static bool hangs(WxWorker *worker, uint64_t max_pause_ns) {
  const uint64_t since = atomic_load(&worker->done.hold.held_since_ns);
  return since && wx_os_now_ns() > since + max_pause_ns + hang_ns;
}

// Waits until the worker has closed its end of the pipe, which it does by ending; kills it if it
// hangs. Returns whether it ended by itself.
static bool await(WxWorker *worker, pid_t pid, int end, uint64_t max_pause_ns) {
  struct pollfd entry = {.fd = end};
  while (wx_os_poll(&entry, 1, LOOK_EVERY_MS) == 0)
    if (hangs(worker, max_pause_ns))
      (void)wx_os_kill(pid, SIGKILL);
  int status = 0;
  const pid_t ended = wx_os_wait(pid, 0, &status, NULL);
  return ended == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

// By now the kernel has let all go that the worker had not.
static void count_end(WxWorker *worker, bool well, uint64_t max_pause_ns) {
  WxSweepDone *done = &worker->done;
  const uint64_t now = wx_os_now_ns();
  const uint64_t held_since = atomic_exchange(&done->hold.held_since_ns, 0);
  const uint64_t late_since = atomic_exchange(&done->hold.late_since_ns, 0);
  done->failures += !well;
  if (held_since)
    wx_sweep_count_abandoned(done, now - held_since, max_pause_ns);
  if (late_since && now - late_since > done->log.late_max_ns)
    done->log.late_max_ns = now - late_since;
}

static int run_child(WxWorker *worker, const WxSweep *sweep, const int ends[2]) {
  const pid_t parent = getpid();
  keep(sweep, true);
  const pid_t pid = wx_os_fork();
  if (pid == 0)
    work(worker, sweep, parent);
  wx_os_close_reader(ends[1]);
  if (pid < 0) {
    keep(sweep, false);
    return pid;
  }
  // Whoever sees the worker die has to act at once; else it sleeps.
  const bool urgent = !wx_os_set_scheduler(SCHED_FIFO, 1);
  const bool well = await(worker, pid, ends[0], sweep->max_pause_ns);
  (void)wx_undo_run(&worker->undo);
  count_end(worker, well, sweep->max_pause_ns);
  if (urgent)
    (void)wx_os_set_scheduler(SCHED_OTHER, 0);
  keep(sweep, false);
  return well ? worker->result : -ECHILD;
}

int wx_worker_run(WxWorker *worker, const WxSweep *sweep, WxProblem *problem) {
  worker->done.settled = false;
  int ends[2];
  int result = wx_os_pipe(ends);
  if (result)
    return result;
  worker->result = 0;
  worker->problem.text[0] = '\0';
  result = run_child(worker, sweep, ends);
  if (result == -ECHILD)
    (void)wx_problem(problem, result, "the child process that does the work was killed");
  wx_os_close_reader(ends[0]);
  if (worker->problem.text[0])
    (void)wx_problem(problem, result, "%s", worker->problem.text);
  return result;
}

void wx_worker_close(WxWorker *worker) {
  if (worker && wx_os_munmap(worker, sizeof *worker))
    (void)wx_os_munmap(worker, sizeof *worker); // Made to fail by a test.
}
