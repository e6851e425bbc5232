#include "reclaim/watched.h"

#include "os/process.h"

#include <errno.h>

// The first attempt, and two more a few milliseconds later; then the next cycles do something else.
// Whoever urged is waiting: about a second in all.
enum { MOST_FAILURES = 2, MOST_FAILURES_URGED = 24, LONGEST_QUIET = 64 };

static const uint64_t first_wait_ns = 10000000;
static const uint64_t longest_wait_ns = 1000000000;

int wx_watched_open(WxWatched *watched, pid_t pid, const WxMemfd *memfd, WxReason *reason) {
  *watched = (WxWatched){0};
  int failed = wx_target_open(&watched->target, pid, memfd, reason);
  if (failed)
    return failed;
  failed = wx_target_allocated(&watched->target, &watched->first_bytes);
  if (failed)
    wx_target_close(&watched->target);
  return failed;
}

static bool exceeds(uint64_t orphaned, uint64_t allocated, WxReclaimBound bound) {
  return orphaned > bound.bytes && (double)orphaned > (double)allocated * bound.percent / 100;
}

// Whether the mappings need not be read: too little is allocated for a bound to be passed, or it is
// the same amount as after the last look, which found little. A release of a block all of whose
// pages had been used leaves the amount the same, so that even then it looks now and then.
static bool can_skip(WxWatched *watched, uint64_t allocated, WxReclaimBound bound) {
  if (!exceeds(allocated, allocated, bound))
    return true;
  if (wx_os_now_ns() < watched->next_look_ns)
    return true;
  if (allocated != watched->seen_bytes) {
    watched->quiet = watched->quiet_length = 0;
    return false;
  }
  if (watched->quiet == 0)
    return false;
  --watched->quiet;
  return true;
}

static int wait_longer(WxWatched *watched, WxWatchedOutcome *outcome) {
  *outcome = WX_WATCHED_WAITS;
  watched->wait_ns = watched->wait_ns ? 2 * watched->wait_ns : first_wait_ns;
  if (watched->wait_ns > longest_wait_ns)
    watched->wait_ns = longest_wait_ns;
  watched->next_look_ns = wx_os_now_ns() + watched->wait_ns;
  return 0;
}

static int act(WxWatched *watched, const WxReclaimOptions *options, bool urged,
               WxWatchedOutcome *outcome, WxReason *reason) {
  const uint64_t pauses = wx_worker_done(watched->target.worker)->log.count;
  const int failed = wx_target_reclaim(&watched->target, options,
                                       urged ? MOST_FAILURES_URGED : MOST_FAILURES, reason);
  if (wx_worker_done(watched->target.worker)->log.count > pauses)
    watched->wait_ns = 0; // It got on.
  if (failed != -ETIMEDOUT && failed != -EBUSY && failed != -ECHILD) {
    watched->wait_ns = 0;
    watched->quiet = watched->quiet_length = 0;
    *outcome = WX_WATCHED_ACTED;
    return failed;
  }
  return wait_longer(watched, outcome);
}

static void be_quiet(WxWatched *watched) {
  watched->quiet_length = watched->quiet_length ? 2 * watched->quiet_length : 1;
  if (watched->quiet_length > LONGEST_QUIET)
    watched->quiet_length = LONGEST_QUIET;
  watched->quiet = watched->quiet_length;
}

int wx_watched_cycle(WxWatched *watched, const WxReclaimOptions *options, WxReclaimBound bound,
                     bool urged, WxWatchedOutcome *outcome, WxReason *reason) {
  WxTarget *target = &watched->target;
  *outcome = WX_WATCHED_IDLE;
  if (urged)
    bound = (WxReclaimBound){0};
  uint64_t allocated;
  const uint64_t began = wx_os_now_ns();
  int failed = wx_target_allocated(target, &allocated);
  if (failed || (!urged && !watched->ended && can_skip(watched, allocated, bound)))
    return failed;
  watched->ended = false;
  failed = wx_target_look(target, reason);
  if (failed == -EBUSY)
    return wait_longer(watched, outcome);
  if (failed)
    return failed;
  // Reading many mappings takes milliseconds: half of one processor at most.
  const uint64_t ended = wx_os_now_ns();
  watched->next_look_ns = ended + (ended - began);
  *outcome = WX_WATCHED_LOOKED;
  if (exceeds(target->orphaned_bytes, target->allocated_bytes, bound))
    failed = act(watched, options, urged, outcome, reason);
  else
    be_quiet(watched);
  (void)wx_target_allocated(target, &watched->seen_bytes);
  return failed;
}

WxReclaim wx_watched_result(const WxWatched *watched) {
  WxReclaim result = wx_target_result(&watched->target);
  result.before_bytes = watched->first_bytes;
  if (wx_target_allocated(&watched->target, &result.after_bytes))
    result.after_bytes = watched->seen_bytes;
  return result;
}

void wx_watched_close(WxWatched *watched) {
  wx_target_close(&watched->target);
}
