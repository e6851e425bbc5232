#include "reclaim/sweep.h"

#include "os/control.h"
#include "os/os.h"
#include "os/process.h"
#include "os/task.h"
#include "reclaim/freezer.h"
#include "reclaim/pauses.h"
#include "reclaim/punch.h"
#include "reclaim/zero_pages.h"
#include "stats/figure.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// Zero pages found and not yet punched, at most so many pieces at a time.
enum { MOST_FOUND = 8192, BLOCK = 512, LEARN_FROM = WX_SCAN_CHUNK / 2, MOST_DOUBLINGS = 4 };

// The scan runs as any other program does: on busy processors it waits for its turn. So it looks
// ahead while the holders run anyway, for so many pauses.
enum { PAUSES_AHEAD = 8 };

// How often in a row the moment may be a bad one (a process is being born, or this one gets its
// turn late), and how long it waits for a better one.
enum { LEAST_PROBE_NS = 1000000 }; // Another thread takes so long to answer, whatever the budget.
enum { MOST_BAD_MOMENTS = 200, BAD_MOMENT_NS = 1000000, GONE_NAP_NS = 50000 };

typedef struct {
  const WxSweep *sweep;
  WxSweepDone *done;
  int fd; ///< The memfd, open for writing.
  WxScan scan;
  WxExtents found; ///< Ascending; fixed capacity.
  WxFreeze freeze;
  WxRescue rescue;
  WxLockProbe *probe; ///< NULL where there is none.
  WxPausePlan plan;
  uint64_t until_ns;   ///< The holders run so long.
  uint64_t at_rest_ns; ///< And so long where they have no use for it; at most `until_ns`.
  int result;
  WxProblem *problem;
  pid_t thread; ///< That works.
} Work;

static int64_t allocated(int fd) {
  struct stat status;
  const int failed = wx_os_fstat(fd, &status);
  return failed ? failed : (int64_t)status.st_blocks * BLOCK;
}

// Punches [start, start + size), all zero, rescuing what is written meanwhile.
static int punch_rescuing(Work *work, uint64_t start, size_t size) {
  const WxReclaimHook *hook = work->sweep->hook;
  while (size) {
    uint64_t rescued;
    const int64_t punched =
        wx_rescue_punch(&work->rescue, work->fd, start, size, hook ? hook->between : NULL,
                        hook ? hook->context : NULL, &rescued);
    work->done->log.rescued_bytes += rescued;
    if (punched <= 0)
      return punched < 0 ? (int)punched : -EIO;
    if (rescued)
      return -ECANCELED;
    start += (uint64_t)punched;
    size -= (size_t)punched;
  }
  return 0;
}

static int punch(Work *work, uint64_t start, size_t size) {
  return work->sweep->holders->outside ? punch_rescuing(work, start, size)
                                       : wx_os_punch_hole(work->fd, start, size);
}

// Reads [start, start + size) again and punches its zero pages.
static int check_and_punch(Work *work, uint64_t start, size_t size) {
  char *buffer = work->scan.buffer;
  const size_t page = work->scan.page;
  const WxReclaimHook *hook = work->sweep->hook;
  const ssize_t got = wx_os_pread(work->fd, buffer, size, start);
  if (got < 0)
    return (int)got;
  const size_t whole = (size_t)got & ~(page - 1);
  if (hook && hook->between && !work->sweep->holders->outside)
    hook->between(hook->context);
  for (size_t at = 0; at < whole;) {
    const size_t zero = wx_zero_run(buffer + at, whole - at, page, true);
    const int failed = zero ? punch(work, start + at, zero) : 0;
    if (failed)
      return failed;
    at += zero;
    at += wx_zero_run(buffer + at, whole - at, page, false);
  }
  return 0;
}

// How many bytes can still be done until `deadline`: a chunk at most; one page even when it is
// late, if this pause has done nothing yet, so that every pause gets on.
static size_t next_size(const Work *work, const WxExtent *extent, uint64_t deadline, bool first) {
  const uint64_t now = wx_os_now_ns();
  const uint64_t pages = now < deadline ? (deadline - now) / work->plan.page_ns : 0;
  uint64_t size = (pages ? pages : first) * work->scan.page;
  if (size > WX_SCAN_CHUNK)
    size = WX_SCAN_CHUNK;
  return (size_t)(size < extent->end - extent->start ? size : extent->end - extent->start);
}

// Under the freeze: works on what was found until it is done or the time is over.
static int punch_found(Work *work, uint64_t deadline) {
  size_t at = 0;
  int failed = 0;
  bool first = true;
  uint64_t bytes = 0;
  const uint64_t began = wx_os_now_ns();
  while (at < work->found.count && !failed) {
    WxExtent *extent = &work->found.items[at];
    const size_t size = next_size(work, extent, deadline, first);
    if (!size)
      break;
    failed = check_and_punch(work, extent->start, size);
    first = false;
    bytes += size;
    extent->start += size;
    at += extent->start == extent->end;
  }
  work->found.count -= at;
  memmove(work->found.items, work->found.items + at, work->found.count * sizeof *work->found.items);
  if (bytes >= LEARN_FROM) // Fewer say more about a cold cache than about a page.
    wx_pause_learn(&work->plan.page_ns, (wx_os_now_ns() - began) * work->scan.page / bytes + 1);
  return failed;
}

static int punch_counted(Work *work, uint64_t deadline) {
  const int64_t before = allocated(work->fd);
  int failed = before < 0 ? (int)before : punch_found(work, deadline);
  const int64_t after = allocated(work->fd);
  if (before >= 0 && after >= 0 && after < before)
    work->done->punched_bytes += (uint64_t)(before - after);
  if (!failed && after < 0)
    failed = (int)after;
  return failed;
}

// What was found and is left begins where the sweep goes on if it ends here.
static void note_progress(Work *work) {
  work->done->next = work->found.count ? work->found.items[0].start : work->scan.offset;
}

static bool is_over(uint64_t length_ns, uint64_t budget_ns) {
  return length_ns > WX_RECLAIM_OVER * budget_ns;
}

static void count_over(WxSweepDone *done, bool over) {
  done->log.over_budget += over;
  done->over_budget = over ? done->over_budget + 1 : 0;
}

void wx_sweep_count_abandoned(WxSweepDone *done, uint64_t held_ns, uint64_t budget_ns) {
  ++done->log.abandoned;
  done->log.held_abandoned_ns += held_ns;
  count_over(done, is_over(held_ns, budget_ns));
}

static int punch_and_thaw(Work *work) {
  const uint64_t budget = work->sweep->max_pause_ns;
  const uint64_t started = work->freeze.started_ns;
  wx_pause_learn(&work->plan.freeze_ns, wx_os_now_ns() - started);
  const int result = punch_counted(work, started + wx_pause_work_limit(&work->plan, budget));
  const uint64_t thaw = wx_os_now_ns();
  const int thawed = wx_thaw(&work->freeze);
  const uint64_t length = work->freeze.length_ns;
  wx_pause_learn(&work->plan.thaw_ns, started + length - thaw);
  wx_pauses_add(&work->done->log, length);
  count_over(work->done, is_over(length, budget));
  work->done->failures = work->done->bad_moments = 0;
  if (work->sweep->holders->count > work->done->processes_frozen)
    work->done->processes_frozen = (unsigned)work->sweep->holders->count;
  note_progress(work);
  if (result && result != -ECANCELED)
    return result;
  return work->freeze.must_end ? 0 : thawed;
}

// A task that has not stopped may have lost its processor in the middle of a system call: then a
// punch would wait for it.
static int freeze(Work *work, WxProblem *problem) {
  const uint64_t budget = work->sweep->max_pause_ns;
  int result = wx_freeze(&work->freeze, wx_pause_freeze_limit(budget), problem);
  work->done->settled = work->sweep->holders->settled;
  if (!result && work->sweep->holders->outside && !wx_lock_probe_is_free(work->probe, budget / 8)) {
    (void)wx_thaw(&work->freeze);
    result = wx_problem(problem, -EAGAIN, "somebody is busy with the memfd itself");
  }
  if (result && work->freeze.started_ns)
    wx_sweep_count_abandoned(work->done, work->freeze.length_ns, budget);
  return result;
}

static void note_late(Work *work) {
  if (work->freeze.late_ns > work->done->log.late_max_ns)
    work->done->log.late_max_ns = work->freeze.late_ns;
}

static int one_pause(Work *work, WxProblem *problem) {
  int result = freeze(work, problem);
  if (!result)
    result = punch_and_thaw(work);
  note_late(work);
  return result;
}

static bool is_ended(const Work *work) {
  return work->sweep->ended && work->sweep->ended(work->sweep->context);
}

// Not longer and longer: on busy processors the next attempt is as likely to work as the last one.
uint64_t wx_sweep_wait(uint64_t held_ns, unsigned failures) {
  return held_ns << (failures > MOST_DOUBLINGS ? MOST_DOUBLINGS : failures);
}

uint64_t wx_sweep_wait_for_share(uint64_t length_ns, double share) {
  return share > 0 && share < 0.9 ? (uint64_t)((double)length_ns * 2 / share) : 0;
}

static int sleep_until(uint64_t until) {
  const uint64_t now = wx_os_now_ns();
  return now < until ? wx_os_sleep_ns(until - now) : 0;
}

// Without the right to run before all others it has to be alone with the holders.
static int await_turn(Work *work, WxProblem *problem) {
  WxHolders *holders = work->sweep->holders;
  if (work->freeze.urgent)
    return 0;
  wx_holders_begin(holders);
  const int found = wx_holders_find_tasks(holders);
  if (found < 0 || !wx_holders_is_crowded(holders))
    return found < 0 ? found : 0;
  return wx_problem(problem, -EAGAIN,
                    "the processors are busy, and this program may not run before others "
                    "(CAP_SYS_NICE)");
}

// Everything that has to be known before the holders are touched.
static int get_ready(Work *work, WxProblem *problem) {
  WxHolders *holders = work->sweep->holders;
  int failed;
  do { // The last time as late as can be: who gets the memfd after it is not found.
    const uint64_t began = wx_os_now_ns();
    failed = wx_holders_update(holders, problem);
    wx_pause_learn(&work->plan.ready_ns, wx_os_now_ns() - began);
  } while (!failed && wx_os_now_ns() < work->until_ns);
  wx_freeze_hurry(&work->freeze, true);
  const uint64_t budget = work->sweep->max_pause_ns;
  if (!failed &&
      !wx_lock_probe_is_free(work->probe, budget > LEAST_PROBE_NS ? budget : LEAST_PROBE_NS))
    failed = wx_problem(problem, -EAGAIN, "somebody is busy with the memfd itself");
  if (!failed)
    failed = wx_holders_update_born(holders, problem);
  if (!failed)
    failed = await_turn(work, problem);
  work->done->mappers_unreadable = (unsigned)holders->unreadable;
  if (!failed && work->sweep->hook && work->sweep->hook->before_freeze)
    work->sweep->hook->before_freeze(work->sweep->hook->context);
  return failed;
}

int wx_sweep_verdict(const WxSweep *sweep, const WxSweepDone *done, WxProblem *problem) {
  const double budget_ms = (double)sweep->max_pause_ns / 1e6;
  if (sweep->give_up && done->over_budget >= sweep->give_up)
    return wx_problem(problem, -ETIME,
                      "process %d was held for more than %.3g ms, %u times in a row: given up "
                      "(--give-up)",
                      (int)sweep->holders->pid, WX_RECLAIM_OVER * budget_ms, done->over_budget);
  if (done->failures > sweep->most_failures)
    return wx_problem(problem, -ETIMEDOUT,
                      "process %d could not be stopped within %.3g ms, %u times: it waits for a "
                      "child or a disk, or is busy (permit nice -20, or raise --max-pause)",
                      (int)sweep->holders->pid, budget_ms, done->failures);
  return 0;
}

// What comes of an attempt. 0: it goes on.
static int judge(Work *work, int result, WxProblem *problem) {
  WxSweepDone *done = work->done;
  done->bad_moments += result == -EAGAIN;
  done->failures += result == -ETIMEDOUT;
  if (done->bad_moments > MOST_BAD_MOMENTS)
    return -ETIMEDOUT;
  const int verdict = wx_sweep_verdict(work->sweep, done, problem);
  if (verdict || (result && result != -ETIMEDOUT && result != -EAGAIN))
    return verdict ? verdict : result;
  return work->freeze.must_end ? -EINPROGRESS : 0;
}

// Finds pages for the next pause, and for more of them while the holders has to run anyway.
static int scan_ahead(Work *work, uint64_t until) {
  const uint64_t fit =
      wx_pause_most_pages(&work->plan, work->sweep->max_pause_ns) * work->scan.page;
  uint64_t left = wx_extents_bytes(&work->found);
  int64_t added = 1;
  while (added > 0 && (left < fit || (left < PAUSES_AHEAD * fit && wx_os_now_ns() < until))) {
    added = wx_scan_next(&work->scan, &work->found, WX_SCAN_CHUNK);
    left += added > 0 ? (uint64_t)added : 0;
  }
  return added < 0 ? (int)added : 0;
}

static uint64_t length_of_wait(const Work *work) {
  const unsigned failures = work->done->failures + work->done->over_budget;
  const uint64_t for_holders = wx_sweep_wait(work->freeze.length_ns, failures);
  const uint64_t urgent_ns = work->freeze.length_ns + work->sweep->max_pause_ns / 4; // About.
  const uint64_t for_share = wx_sweep_wait_for_share(urgent_ns, work->sweep->urgent_share);
  return for_holders > for_share ? for_holders : for_share;
}

// Finds pages until then, as long as there are any; sleeps for the rest of it.
static int search_until(Work *work, uint64_t until) {
  const int failed = scan_ahead(work, until);
  note_progress(work);
  return failed || !work->found.count ? failed : sleep_until(until);
}

// Between two pauses the holders run at least as long as they were held; half as long where they
// have nothing to do. Ends early by what it takes to find out who they are.
static int let_run(Work *work) {
  WxHolders *holders = work->sweep->holders;
  const uint64_t begun = wx_os_now_ns();
  const uint64_t rest = work->at_rest_ns > begun ? work->at_rest_ns - begun : 0;
  const uint64_t early = work->plan.ready_ns < rest / 2 ? work->plan.ready_ns : rest / 2;
  int failed = search_until(work, begun + rest / 4);
  const WxFigure used_ns = wx_holders_used_ns(holders);
  if (!failed)
    failed = search_until(work, work->at_rest_ns - early);
  if (!failed && rest && wx_holders_is_at_rest(holders, used_ns))
    work->until_ns = work->at_rest_ns;
  return failed ? failed : search_until(work, work->until_ns - early);
}

// When the next attempt may begin.
static void set_times(Work *work, bool bad_moment) {
  const uint64_t now = wx_os_now_ns();
  const uint64_t wait = length_of_wait(work) + (bad_moment ? BAD_MOMENT_NS : 0);
  const bool must_wait = wait > work->freeze.length_ns;
  work->until_ns = now + wait;
  work->at_rest_ns = must_wait ? work->until_ns : now + wait / 2;
}

static int work_through(Work *work, WxProblem *problem) {
  for (;;) {
    int result = let_run(work);
    if (result || !work->found.count || is_ended(work))
      return result;
    work->freeze.length_ns = 0;
    result = get_ready(work, problem);
    if (!result)
      result = one_pause(work, problem);
    set_times(work, result == -EAGAIN);
    result = judge(work, result, problem);
    if (result)
      return result;
    wx_freeze_hurry(&work->freeze, false);
  }
}

static void work_as_thread(void *context) {
  Work *work = context;
  work->thread = gettid();
  work->result = work_through(work, work->problem);
}

// In a thread of its own, which can end where only that lets the last tasks go. It has ended when
// the kernel knows it no longer.
static int work_in_thread(Work *work) {
  WxTask task;
  const bool urgent =
      !wx_os_set_scheduler(SCHED_FIFO, 1); // To see its end at once; else it sleeps.
  wx_task_start(&task, work_as_thread, work);
  wx_task_finish(&task);
  while (task.started && wx_os_kill(work->thread, 0) != -ESRCH)
    (void)wx_os_sleep_ns(GONE_NAP_NS);
  if (task.started && work->freeze.must_end)
    wx_freeze_ended(&work->freeze);
  note_late(work);
  if (urgent)
    (void)wx_os_set_scheduler(SCHED_OTHER, 0);
  return work->result;
}

// A thread that only ended to let others go is followed by another one.
static int work_in_threads(Work *work) {
  int result;
  do
    result = work_in_thread(work);
  while (result == -EINPROGRESS && !work->freeze.must_end);
  return result;
}

// Opens the file for writing, for as long as the sweep lasts: whoever has it open so is held by
// others that do the same. The lock keeps them away from each other.
static int open_for_writing(Work *work, WxProblem *problem) {
  char path[64];
  (void)snprintf(path, sizeof path, "/proc/self/fd/%d", work->sweep->fd);
  work->fd = wx_os_open(path, O_RDWR, 0);
  if (work->fd < 0)
    return work->fd;
  const int failed = wx_os_lock_file(work->fd);
  if (failed == -EWOULDBLOCK)
    return wx_problem(problem, -EBUSY, "another wxbench gives its pages back at the moment");
  return failed;
}

static int open_work(Work *work, WxProblem *problem) {
  work->found.items = calloc(MOST_FOUND, sizeof *work->found.items);
  if (!work->found.items)
    return -ENOMEM;
  work->found.capacity = MOST_FOUND;
  int failed = open_for_writing(work, problem);
  if (!failed)
    failed = wx_scan_open(&work->scan, work->fd, work->sweep->where, work->done->next);
  if (failed)
    return failed;
  // Where nothing can be rescued, only a task that has stopped is held.
  work->freeze.outside = !wx_rescue_open(&work->rescue, WX_SCAN_CHUNK);
  if (work->sweep->alone) {
    (void)wx_os_lock_memory(); // What is not permitted only makes the first pauses longer.
    work->freeze.death_ns = wx_pause_death(work->sweep->max_pause_ns);
  }
  return wx_lock_probe_open(&work->probe, work->fd); // Its thread's stack need not be locked.
}

int wx_sweep_run(const WxSweep *sweep, WxSweepDone *done, WxProblem *problem) {
  Work work = {.sweep = sweep,
               .done = done,
               .problem = problem,
               .fd = -1,
               .rescue = {.ends = {-1, -1}},
               .plan = wx_pause_plan(),
               .freeze = {.freezer = sweep->freezer,
                          .holders = sweep->holders,
                          .undo = sweep->undo,
                          .hold = &done->hold}};
  int result = open_work(&work, problem);
  if (!result)
    result = sweep->alone && sweep->freezer->by_thread ? work_in_threads(&work)
                                                       : work_through(&work, problem);
  wx_freeze_close(&work.freeze);
  wx_lock_probe_close(work.probe);
  wx_rescue_close(&work.rescue);
  wx_scan_close(&work.scan);
  if (work.fd >= 0)
    wx_os_close_reader(work.fd);
  free(work.found.items);
  return result;
}
