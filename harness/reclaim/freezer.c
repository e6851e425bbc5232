#include "reclaim/freezer.h"

#include "os/control.h"
#include "os/process.h"
#include "reclaim/holders.h"

#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>

static const WxFreezer *const freezers[] = {
#define ROW(NAME) &wx_freezer_##NAME,
    WX_FREEZERS(ROW)
#undef ROW
};

enum { FREEZERS = sizeof freezers / sizeof *freezers };

const WxFreezer *wx_freezer_at(size_t index) {
  return index < FREEZERS ? freezers[index] : NULL;
}

const char *wx_freezer_name(size_t index) {
  return index < FREEZERS ? freezers[index]->name : NULL;
}

const WxFreezer *wx_freezer_find(const char *name) {
  for (size_t i = 0; i < FREEZERS; ++i)
    if (strcmp(freezers[i]->name, name) == 0)
      return freezers[i];
  return NULL;
}

/* What freezers share
 * -------------------------------------------------------------------------------------------------
 */

enum { FIRST_NAP_NS = 10000, LONGEST_NAP_NS = 80000, AWAKE_NS = 30000 };

int wx_freezer_wait(int (*left)(void *context), void *context, uint64_t deadline_ns, bool crowded) {
  const uint64_t awake_until = wx_os_now_ns() + AWAKE_NS;
  uint64_t nap = FIRST_NAP_NS;
  for (;;) {
    const int count = left(context);
    if (count <= 0)
      return count;
    const uint64_t now = wx_os_now_ns();
    if (now >= deadline_ns)
      return -ETIMEDOUT;
    if (crowded || now < awake_until)
      continue;
    const int failed = wx_os_sleep_ns(nap);
    if (failed)
      return failed;
    nap = nap < LONGEST_NAP_NS ? nap * 2 : nap;
  }
}

int wx_freezer_stop_all(const WxStopping *stopping, int (*tell)(const WxStopping *stopping),
                        int (*await)(const WxStopping *stopping)) {
  int found;
  do {
    int failed = tell(stopping);
    if (!failed)
      failed = await(stopping);
    if (failed)
      return failed;
    found = wx_holders_find_tasks(stopping->holders);
  } while (found > 0);
  return found;
}

/* One pause
 * -------------------------------------------------------------------------------------------------
 */

// How long a task that was asked to stop is waited for after all that stood still were let go. One
// that only waits for its turn on a busy processor gets there; one that waits for a child or a disk
// does not.
static const uint64_t patience_ns = 50000000;

// With 8 busy threads on 2 processors a freeze takes 4 ms at the median for a program that waits
// for its turn among them, and half a millisecond for one that does not. Only for the pause:
// everything else can wait for its turn. Where it is not permitted, the nice value (worker.c) has
// to do.
void wx_freeze_hurry(WxFreeze *freeze, bool urgent) {
  if (urgent && !freeze->urgent)
    freeze->urgent = wx_os_set_scheduler(SCHED_FIFO, 1) == 0;
  if (!urgent && freeze->urgent)
    freeze->urgent = wx_os_set_scheduler(SCHED_OTHER, 0) != 0;
}

static void note(WxFreeze *freeze, uint64_t held_since_ns, uint64_t late_since_ns) {
  if (!freeze->hold)
    return;
  atomic_store(&freeze->hold->held_since_ns, held_since_ns);
  atomic_store(&freeze->hold->late_since_ns, late_since_ns);
}

static int set_clock(WxFreeze *freeze, uint64_t nanoseconds) {
  if (!freeze->death_ns)
    return 0;
  int failed = freeze->has_clock ? 0 : wx_os_death_clock_make(&freeze->clock);
  freeze->has_clock |= !failed;
  if (!failed)
    failed = wx_os_death_clock_set(freeze->clock, nanoseconds);
  return failed;
}

static int stop(WxFreeze *freeze, uint64_t limit_ns, WxProblem *problem) {
  // Being stopped is better than being outside, and comes soon or, where it is crowded, rarely.
  const bool crowded = wx_holders_is_crowded(freeze->holders);
  const uint64_t deadline = freeze->started_ns + limit_ns;
  const WxStopping stopping = {
      .holders = freeze->holders,
      .undo = freeze->undo,
      .problem = problem,
      .stopped_by_ns =
          freeze->outside ? freeze->started_ns + limit_ns / (crowded ? 8 : 3) : deadline,
      .held_by_ns = deadline,
      .crowded = crowded && freeze->outside,
  };
  const int failed = freeze->freezer->stop(&stopping);
  if (failed)
    return failed;
  if (wx_holders_settle(freeze->holders))
    return wx_problem(problem, -EAGAIN, "processes are started all the time");
  return 0;
}

int wx_freeze(WxFreeze *freeze, uint64_t limit_ns, WxProblem *problem) {
  freeze->length_ns = freeze->late_ns = freeze->started_ns = 0;
  wx_holders_begin(freeze->holders);
  int result = freeze->freezer->prepare(freeze->holders, problem);
  wx_freeze_hurry(freeze, true);
  if (!result)
    result = set_clock(freeze, freeze->death_ns);
  if (!result) {
    freeze->started_ns = wx_os_now_ns();
    note(freeze, freeze->started_ns, 0);
    result = stop(freeze, limit_ns, problem);
  }
  if (result)
    (void)wx_thaw(freeze);
  return result;
}

/// Waiting for those that had not stopped yet.
typedef struct {
  WxFreeze *freeze;
  uint64_t looked_ns;
} Late;

// One that has come since the last look has stood still since then at most. The clock is set anew:
// nobody stands still but who comes now.
static int let_late_go(void *context) {
  Late *late = context;
  WxFreeze *freeze = late->freeze;
  (void)set_clock(freeze, freeze->death_ns);
  const int left = freeze->freezer->resume(freeze->holders, freeze->undo);
  const uint64_t now = wx_os_now_ns();
  if (now - late->looked_ns > freeze->late_ns)
    freeze->late_ns = now - late->looked_ns;
  late->looked_ns = now;
  note(freeze, 0, now);
  return left == -EINPROGRESS ? 1 : left;
}

int wx_thaw(WxFreeze *freeze) {
  int result = freeze->freezer->resume(freeze->holders, freeze->undo);
  const uint64_t now = wx_os_now_ns();
  freeze->length_ns = freeze->started_ns ? now - freeze->started_ns : 0;
  freeze->late_since_ns = now;
  note(freeze, 0, result == -EINPROGRESS ? now : 0);
  if (result == -EINPROGRESS && !freeze->death_ns) {
    Late late = {.freeze = freeze, .looked_ns = now};
    result = wx_freezer_wait(let_late_go, &late, now + patience_ns, false);
    if (result == -ETIMEDOUT) // The kernel lets them go when this process ends.
      result = -EINPROGRESS;
  }
  freeze->must_end = result == -EINPROGRESS;
  if (freeze->must_end)
    return result; // As urgent as before.
  note(freeze, 0, 0);
  (void)set_clock(freeze, 0);
  wx_freeze_hurry(freeze, false);
  return result;
}

void wx_freeze_ended(WxFreeze *freeze) {
  const uint64_t since = freeze->late_since_ns;
  const uint64_t now = wx_os_now_ns();
  if (now - since > freeze->late_ns)
    freeze->late_ns = now - since;
  note(freeze, 0, 0);
  (void)set_clock(freeze, 0);
  freeze->urgent = freeze->must_end = false;
}

void wx_freeze_close(WxFreeze *freeze) {
  wx_freeze_hurry(freeze, false);
  if (freeze->has_clock)
    wx_os_death_clock_free(freeze->clock);
  freeze->has_clock = false;
}
