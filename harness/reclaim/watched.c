#include "reclaim/watched.h"

#include "os/os.h"
#include "os/process.h"
#include "reclaim/find.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

// The first attempt, and two more a few milliseconds later; then the next turns do something else.
// Whoever urged is waiting: about a second in all.
enum { MOST_FAILURES = 2, MOST_FAILURES_URGED = 24, LONGEST_QUIET = 64 };

static const uint64_t first_wait_ns = 10000000;
static const uint64_t longest_wait_ns = 1000000000;
static const uint64_t first_refusal_ns = 1000000000;
static const uint64_t longest_refusal_ns = 300000000000;

void wx_watched_begin(WxWatched *watched, pid_t pid, uint32_t user, const WxMemfd *memfd) {
  *watched = (WxWatched){.pid = pid, .user = user, .memfd = *memfd, .pidfd = -1};
  if (wx_known(memfd->allocated_bytes))
    watched->first_bytes = watched->seen_bytes = (uint64_t)memfd->allocated_bytes;
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
  if (watched->served && allocated != watched->seen_bytes) {
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

// By way of its process where it is not open. One whose first thread has exited shows its
// descriptors below another.
static int ask_allocated(WxWatched *watched, uint64_t *bytes) {
  if (watched->open)
    return wx_target_allocated(&watched->target, bytes);
  int failed = wx_memfd_stat(&watched->memfd, watched->pid);
  if (failed == -ESRCH || failed == -EACCES) {
    const pid_t reach = wx_reclaim_reach(watched->pid);
    failed = reach != watched->pid ? wx_memfd_stat(&watched->memfd, reach) : failed;
  }
  if (!failed)
    *bytes = (uint64_t)watched->memfd.allocated_bytes;
  return failed;
}

int wx_watched_wants_turn(WxWatched *watched, WxReclaimBound bound, bool urged) {
  const bool in_time = urged || wx_os_now_ns() >= watched->next_look_ns;
  if (watched->memfd.impostor) // Opening it says what it is.
    return in_time;
  uint64_t allocated = 0;
  const int failed = ask_allocated(watched, &allocated);
  if (failed == -EACCES || failed == -EPERM) // Only the file itself can be asked.
    return in_time;
  if (failed)
    return failed;
  if (urged || watched->ended)
    return 1;
  if (!in_time)
    return 0;
  const bool untold = watched->open && watched->pidfd < 0; // Nobody tells when it ends.
  return watched->refused[0] || untold || !can_skip(watched, allocated, bound);
}

static int open_target(WxWatched *watched, WxProblem *problem) {
  if (watched->open)
    return 0;
  const int failed = wx_target_open(&watched->target, watched->pid, &watched->memfd, problem);
  if (failed)
    return failed;
  watched->open = true;
  watched->pidfd = wx_os_pidfd_open(watched->pid);
  return 0;
}

static int act(WxWatched *watched, const WxReclaimOptions *options, bool urged,
               WxWatchedOutcome *outcome, WxProblem *problem) {
  const uint64_t pauses = wx_worker_done(watched->target.worker)->log.count;
  const int failed = wx_target_reclaim(&watched->target, options,
                                       urged ? MOST_FAILURES_URGED : MOST_FAILURES, problem);
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

// Others hold it: the end of one of them is waited for now.
static void follow_another(WxWatched *watched) {
  watched->ended = false;
  if (watched->pidfd >= 0)
    wx_os_close_reader(watched->pidfd);
  const int other = watched->target.holders.items[0].pidfd;
  watched->pidfd = other < 0 ? -1 : wx_os_duplicate_from(other, 0);
}

static void note_growth(WxWatched *watched) {
  const uint64_t now = watched->target.allocated_bytes;
  if (now > watched->seen_bytes && now - watched->seen_bytes > watched->growth_bytes)
    watched->growth_bytes = now - watched->seen_bytes;
}

int wx_watched_turn(WxWatched *watched, const WxReclaimOptions *options, WxReclaimBound bound,
                    bool urged, WxWatchedOutcome *outcome, WxProblem *problem) {
  WxTarget *target = &watched->target;
  *outcome = WX_WATCHED_LOOKED;
  if (urged)
    bound = (WxReclaimBound){0};
  const uint64_t began = wx_os_now_ns();
  int failed = open_target(watched, problem);
  if (!failed)
    failed = wx_target_look(target, problem);
  if (failed == -EBUSY)
    return wait_longer(watched, outcome);
  if (failed)
    return failed;
  if (watched->ended)
    follow_another(watched);
  if (!wx_known(watched->memfd.allocated_bytes)) // It could not be asked before it was open.
    watched->memfd.allocated_bytes =
        (WxFigure)(watched->first_bytes = watched->seen_bytes = target->allocated_bytes);
  note_growth(watched);
  // Reading many mappings takes milliseconds: half of one processor at most.
  const uint64_t ended = wx_os_now_ns();
  watched->next_look_ns = ended + (ended - began);
  if (exceeds(target->orphaned_bytes, target->allocated_bytes, bound))
    failed = act(watched, options, urged, outcome, problem);
  else
    be_quiet(watched);
  (void)wx_target_allocated(target, &watched->seen_bytes);
  if (!failed)
    watched->refused[0] = '\0';
  return failed;
}

void wx_watched_refuse(WxWatched *watched, int error, const WxProblem *problem) {
  const char *text = problem->text[0] ? problem->text : strerror(-error);
  const bool same = strncmp(watched->refused, text, sizeof watched->refused - 1) == 0;
  watched->wait_ns = same && watched->wait_ns ? 2 * watched->wait_ns : first_refusal_ns;
  if (watched->wait_ns > longest_refusal_ns)
    watched->wait_ns = longest_refusal_ns;
  watched->next_look_ns = wx_os_now_ns() + watched->wait_ns;
  if (!same) {
    (void)snprintf(watched->refused, sizeof watched->refused, "%s", text);
    watched->told = false;
  }
  (void)wx_watched_close(watched);
}

// What was done, with `log` (NULL: none) as the pauses before it was opened.
static WxReclaim add_up(const WxWatched *watched, WxPauseLog *log) {
  WxReclaim result = watched->before;
  if (watched->open) {
    result = wx_target_result(&watched->target);
    result.punched_bytes += watched->before.punched_bytes;
    if (result.processes_frozen < watched->before.processes_frozen)
      result.processes_frozen = watched->before.processes_frozen;
  }
  if (watched->open && log)
    wx_pauses_merge(log, &wx_worker_done(watched->target.worker)->log);
  if (log)
    result.pauses = wx_pauses_summary(log);
  return result;
}

int wx_watched_close(WxWatched *watched) {
  if (!watched->open)
    return 0;
  const bool paused = wx_target_result(&watched->target).pauses.count > 0;
  if (paused && !watched->log)
    watched->log = calloc(1, sizeof *watched->log);
  watched->before = add_up(watched, watched->log);
  wx_target_close(&watched->target);
  if (watched->pidfd >= 0)
    wx_os_close_reader(watched->pidfd);
  watched->pidfd = -1;
  watched->open = false;
  return paused && !watched->log ? -ENOMEM : 0;
}

WxReclaim wx_watched_result(const WxWatched *watched) {
  WxPauseLog *copy = NULL;
  if (watched->log && watched->open) {
    copy = malloc(sizeof *copy);
    if (copy)
      *copy = *watched->log;
  }
  WxReclaim result = add_up(watched, copy);
  free(copy);
  result.pid = watched->pid;
  result.device = makedev(watched->memfd.id.major, watched->memfd.id.minor);
  result.inode = watched->memfd.id.inode;
  result.before_bytes = watched->first_bytes;
  result.zero_mapped_bytes = WX_UNKNOWN;
  if (!watched->open || wx_target_allocated(&watched->target, &result.after_bytes))
    result.after_bytes = watched->seen_bytes;
  return result;
}

void wx_watched_end(WxWatched *watched) {
  (void)wx_watched_close(watched);
  free(watched->log);
  watched->log = NULL;
}
