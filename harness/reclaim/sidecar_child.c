// A sidecar in a child process, for a program that runs a target of its own.
#include "reclaim/reclaim.h"
#include "reclaim/sidecar.h"

#include "os/control.h"
#include "os/os.h"
#include "os/process.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { SETTLE_MS = 30000 };

// What the child reports, in memory that both share.
typedef struct {
  int result;
  WxProblem problem;
  WxProblem waits_for; ///< Why the last look was not done; written before it is answered.
  WxReclaim total;     ///< Of the memfd that most was given back of.
} Report;

struct WxSidecar {
  pid_t child;
  int orders;      ///< To be written: WX_SIDECAR_LOOK; closed to end it.
  int orders_kept; ///< Their other end, so that writing after the child's end is no SIGPIPE.
  int answers;     ///< To be read: a byte for each look.
  Report *report;
};

typedef struct {
  Report *report;
  int answers;
} Child;

static void looked(void *context, const char *why) {
  const Child *child = context;
  const char answer = why ? 'n' : 'y';
  (void)wx_problem(&child->report->waits_for, 0, "%s", why ? why : "");
  (void)wx_os_write(child->answers, &answer, 1);
}

static void take_result(void *context, const WxReclaim *result) {
  Report *report = ((Child *)context)->report;
  if (!report->total.pid || result->punched_bytes > report->total.punched_bytes)
    report->total = *result;
}

static _Noreturn void run_child(pid_t pid, uint64_t every_ns, const WxReclaimOptions *options,
                                Report *report, int orders, int answers) {
  (void)wx_os_set_name("wx-sidecar");
  (void)signal(SIGPIPE, SIG_IGN);
  Child child = {.report = report, .answers = answers};
  const WxSidecarOptions sidecar_options = {
      .pid = pid,
      .every_ns = every_ns,
      .above = {.bytes = 1024 * 1024},
      .reclaim = *options,
      .wake = orders,
      .looked = looked,
      .result = take_result,
      .context = &child,
  };
  report->result = wx_sidecar_run(&sidecar_options, &report->problem);
  _exit(0);
}

// Each side keeps the ends that it needs, so that the end of one is seen by the other.
static int start_child(WxSidecar *sidecar, pid_t pid, uint64_t every_ns,
                       const WxReclaimOptions *options, const int orders[2], const int answers[2]) {
  const pid_t child = wx_os_fork();
  if (child == 0) {
    wx_os_close_reader(orders[1]);
    wx_os_close_reader(answers[0]);
    run_child(pid, every_ns, options, sidecar->report, orders[0], answers[1]);
  }
  wx_os_close_reader(answers[1]);
  sidecar->orders_kept = orders[0];
  sidecar->orders = orders[1];
  sidecar->answers = answers[0];
  sidecar->child = child;
  return child < 0 ? child : 0;
}

static void release(WxSidecar *sidecar) {
  if (sidecar->orders >= 0)
    wx_os_close_reader(sidecar->orders);
  if (sidecar->orders_kept >= 0)
    wx_os_close_reader(sidecar->orders_kept);
  if (sidecar->answers >= 0)
    wx_os_close_reader(sidecar->answers);
  if (sidecar->report && wx_os_munmap(sidecar->report, sizeof(Report)))
    (void)wx_os_munmap(sidecar->report, sizeof(Report)); // Made to fail by a test.
  free(sidecar);
}

int wx_sidecar_start(pid_t pid, uint64_t every_ns, const WxReclaimOptions *options,
                     WxSidecar **started) {
  WxSidecar *sidecar = malloc(sizeof *sidecar);
  if (!sidecar)
    return -ENOMEM;
  *sidecar = (WxSidecar){.orders = -1, .orders_kept = -1, .answers = -1};
  void *memory;
  int orders[2];
  int answers[2];
  int failed = wx_os_mmap(NULL, sizeof(Report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                          -1, 0, &memory);
  if (!failed) {
    sidecar->report = memory;
    failed = wx_os_pipe(orders);
  }
  if (!failed) {
    failed = wx_os_pipe(answers);
    if (failed) {
      wx_os_close_reader(orders[0]);
      wx_os_close_reader(orders[1]);
    }
  }
  if (!failed)
    failed = start_child(sidecar, pid, every_ns, options, orders, answers);
  if (failed)
    release(sidecar);
  else
    *started = sidecar;
  return failed;
}

// One look. Returns 1 where what was orphaned is given back, 0 where the target could not be
// stopped.
static int look(WxSidecar *sidecar, int timeout_ms) {
  const char order = WX_SIDECAR_LOOK;
  const ssize_t put = wx_os_write(sidecar->orders, &order, 1);
  if (put < 0)
    return (int)put;
  struct pollfd entry = {.fd = sidecar->answers, .events = POLLIN};
  const int ready = wx_os_poll(&entry, 1, timeout_ms);
  if (ready <= 0)
    return ready < 0 ? ready : -ETIMEDOUT;
  char answer;
  const ssize_t got = wx_os_read(sidecar->answers, &answer, 1);
  if (got <= 0)
    return got < 0 ? (int)got : -ESRCH;
  return answer == 'y';
}

int wx_sidecar_settle(WxSidecar *sidecar, WxProblem *problem) {
  const uint64_t until = wx_os_now_ns() + (uint64_t)SETTLE_MS * 1000000;
  int done = 0;
  while (!done) {
    const uint64_t now = wx_os_now_ns();
    done = now < until ? look(sidecar, (int)((until - now) / 1000000) + 1) : -ETIMEDOUT;
  }
  if (done == -ETIMEDOUT)
    (void)wx_problem(problem, done, "%s", sidecar->report->waits_for.text);
  return done > 0 ? 0 : done;
}

int wx_sidecar_stop(WxSidecar *sidecar, WxReclaim *result, WxProblem *problem) {
  wx_os_close_reader(sidecar->orders);
  sidecar->orders = -1;
  int status;
  const pid_t ended = wx_os_wait(sidecar->child, 0, &status, NULL);
  int failed = ended < 0 ? ended : status ? -ECHILD : sidecar->report->result;
  if (failed == -ESRCH && sidecar->report->total.pid)
    failed = 0; // It was watched until it ended.
  if (result)
    *result = sidecar->report->total;
  if (failed)
    (void)wx_problem(problem, failed, "%s", sidecar->report->problem.text);
  release(sidecar);
  return failed;
}
