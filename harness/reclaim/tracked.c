#include "reclaim/tracked.h"

#include "os/grow.h"
#include "os/os.h"
#include "os/process.h"
#include "os/text.h"
#include "reclaim/proc.h"
#include "reclaim/target.h"
#include "reclaim/worker.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

/* One file
 * -------------------------------------------------------------------------------------------------
 */

// The first attempt, and two more a few milliseconds later; then the next turns do something else.
// Whoever urged is waiting: about a second in all.
enum { MOST_FAILURES = 2, MOST_FAILURES_URGED = 24, LONGEST_QUIET = 64 };

static const uint64_t first_wait_ns = 10000000;
static const uint64_t longest_wait_ns = 1000000000;
static const uint64_t first_refusal_ns = 1000000000;
static const uint64_t longest_refusal_ns = 300000000000;

void wx_tracked_begin(WxTracked *tracked, pid_t pid, uint32_t user, const WxMemfd *memfd) {
  *tracked = (WxTracked){.pid = pid, .user = user, .memfd = *memfd, .pidfd = -1};
  if (wx_known(memfd->allocated_bytes))
    tracked->first_bytes = tracked->seen_bytes = (uint64_t)memfd->allocated_bytes;
}

static bool exceeds(uint64_t orphaned, uint64_t allocated, WxReclaimBound bound) {
  return orphaned > bound.bytes && (double)orphaned > (double)allocated * bound.percent / 100;
}

// Whether the mappings need not be read: too little is allocated for a bound to be passed, or it is
// the same amount as after the last look, which found little. A release of a block all of whose
// pages had been used leaves the amount the same, so that even then it looks now and then.
static bool can_skip(WxTracked *tracked, uint64_t allocated, WxReclaimBound bound) {
  if (!exceeds(allocated, allocated, bound))
    return true;
  if (tracked->served && allocated != tracked->seen_bytes) {
    tracked->quiet = tracked->quiet_length = 0;
    return false;
  }
  if (tracked->quiet == 0)
    return false;
  --tracked->quiet;
  return true;
}

static int wait_longer(WxTracked *tracked, WxTrackedOutcome *outcome) {
  *outcome = WX_TRACKED_WAITS;
  tracked->wait_ns = tracked->wait_ns ? 2 * tracked->wait_ns : first_wait_ns;
  if (tracked->wait_ns > longest_wait_ns)
    tracked->wait_ns = longest_wait_ns;
  tracked->next_look_ns = wx_os_now_ns() + tracked->wait_ns;
  return 0;
}

// By way of its process where it is not open. One whose first thread has exited shows its
// descriptors below another.
static int ask_allocated(WxTracked *tracked, uint64_t *bytes) {
  if (tracked->open)
    return wx_target_allocated(&tracked->target, bytes);
  int failed = wx_memfd_stat(&tracked->memfd, tracked->pid);
  if (failed == -ESRCH || failed == -EACCES) {
    const pid_t task = wx_task_with_memory(tracked->pid);
    failed = task != tracked->pid ? wx_memfd_stat(&tracked->memfd, task) : failed;
  }
  if (!failed)
    *bytes = (uint64_t)tracked->memfd.allocated_bytes;
  return failed;
}

int wx_tracked_wants_turn(WxTracked *tracked, WxReclaimBound bound, bool urged) {
  const bool in_time = urged || wx_os_now_ns() >= tracked->next_look_ns;
  if (tracked->memfd.impostor) // Opening it says what it is.
    return in_time;
  uint64_t allocated = 0;
  const int failed = ask_allocated(tracked, &allocated);
  if (failed == -EACCES || failed == -EPERM) // Only the file itself can be asked.
    return in_time;
  if (failed)
    return failed;
  if (urged || tracked->ended)
    return 1;
  if (!in_time)
    return 0;
  const bool untold = tracked->open && tracked->pidfd < 0; // Nobody tells when it ends.
  return tracked->refused[0] || untold || !can_skip(tracked, allocated, bound);
}

static int open_target(WxTracked *tracked, WxProblem *problem) {
  if (tracked->open)
    return 0;
  const int failed = wx_target_open(&tracked->target, tracked->pid, &tracked->memfd, problem);
  if (failed)
    return failed;
  tracked->open = true;
  tracked->pidfd = wx_os_pidfd_open(tracked->pid);
  return 0;
}

static int act(WxTracked *tracked, const WxReclaimOptions *options, bool urged,
               WxTrackedOutcome *outcome, WxProblem *problem) {
  const uint64_t pauses = wx_worker_done(tracked->target.worker)->log.count;
  const int failed = wx_target_reclaim(&tracked->target, options,
                                       urged ? MOST_FAILURES_URGED : MOST_FAILURES, problem);
  if (wx_worker_done(tracked->target.worker)->log.count > pauses)
    tracked->wait_ns = 0; // It got on.
  if (failed != -ETIMEDOUT && failed != -EBUSY && failed != -ECHILD) {
    tracked->wait_ns = 0;
    tracked->quiet = tracked->quiet_length = 0;
    *outcome = WX_TRACKED_ACTED;
    return failed;
  }
  return wait_longer(tracked, outcome);
}

static void be_quiet(WxTracked *tracked) {
  tracked->quiet_length = tracked->quiet_length ? 2 * tracked->quiet_length : 1;
  if (tracked->quiet_length > LONGEST_QUIET)
    tracked->quiet_length = LONGEST_QUIET;
  tracked->quiet = tracked->quiet_length;
}

// Others hold it: the end of one of them is waited for now.
static void follow_another(WxTracked *tracked) {
  tracked->ended = false;
  if (tracked->pidfd >= 0)
    wx_os_close_reader(tracked->pidfd);
  const int other = tracked->target.holders.items[0].pidfd;
  tracked->pidfd = other < 0 ? -1 : wx_os_duplicate_from(other, 0);
}

static void note_growth(WxTracked *tracked) {
  const uint64_t now = tracked->target.allocated_bytes;
  if (now > tracked->seen_bytes && now - tracked->seen_bytes > tracked->growth_bytes)
    tracked->growth_bytes = now - tracked->seen_bytes;
}

int wx_tracked_turn(WxTracked *tracked, const WxReclaimOptions *options, WxReclaimBound bound,
                    bool urged, WxTrackedOutcome *outcome, WxProblem *problem) {
  WxTarget *target = &tracked->target;
  *outcome = WX_TRACKED_LOOKED;
  if (urged)
    bound = (WxReclaimBound){0};
  const uint64_t began = wx_os_now_ns();
  int failed = open_target(tracked, problem);
  if (!failed)
    failed = wx_target_look(target, problem);
  if (failed == -EBUSY)
    return wait_longer(tracked, outcome);
  if (failed)
    return failed;
  if (tracked->ended)
    follow_another(tracked);
  if (!wx_known(tracked->memfd.allocated_bytes)) // It could not be asked before it was open.
    tracked->memfd.allocated_bytes =
        (WxFigure)(tracked->first_bytes = tracked->seen_bytes = target->allocated_bytes);
  note_growth(tracked);
  // Reading many mappings takes milliseconds: half of one processor at most.
  const uint64_t ended = wx_os_now_ns();
  tracked->next_look_ns = ended + (ended - began);
  if (exceeds(target->orphaned_bytes, target->allocated_bytes, bound))
    failed = act(tracked, options, urged, outcome, problem);
  else
    be_quiet(tracked);
  (void)wx_target_allocated(target, &tracked->seen_bytes);
  if (!failed)
    tracked->refused[0] = '\0';
  return failed;
}

void wx_tracked_refuse(WxTracked *tracked, int error, const WxProblem *problem) {
  const char *text = problem->text[0] ? problem->text : strerror(-error);
  const bool same = strncmp(tracked->refused, text, sizeof tracked->refused - 1) == 0;
  tracked->wait_ns = same && tracked->wait_ns ? 2 * tracked->wait_ns : first_refusal_ns;
  if (tracked->wait_ns > longest_refusal_ns)
    tracked->wait_ns = longest_refusal_ns;
  tracked->next_look_ns = wx_os_now_ns() + tracked->wait_ns;
  if (!same) {
    (void)snprintf(tracked->refused, sizeof tracked->refused, "%.*s", WX_TRACKED_REFUSED - 1, text);
    tracked->told = false;
  }
  (void)wx_tracked_close(tracked);
}

// What was done, with `log` (NULL: none) as the pauses before it was opened.
static WxReclaim add_up(const WxTracked *tracked, WxPauseLog *log) {
  WxReclaim result = tracked->before;
  if (tracked->open) {
    result = wx_target_result(&tracked->target);
    result.punched_bytes += tracked->before.punched_bytes;
    if (result.processes_frozen < tracked->before.processes_frozen)
      result.processes_frozen = tracked->before.processes_frozen;
  }
  if (tracked->open && log)
    wx_pauses_merge(log, &wx_worker_done(tracked->target.worker)->log);
  if (log)
    result.pauses = wx_pauses_summary(log);
  return result;
}

int wx_tracked_close(WxTracked *tracked) {
  if (!tracked->open)
    return 0;
  const bool paused = wx_target_result(&tracked->target).pauses.count > 0;
  if (paused && !tracked->log)
    tracked->log = calloc(1, sizeof *tracked->log);
  tracked->before = add_up(tracked, tracked->log);
  wx_target_close(&tracked->target);
  if (tracked->pidfd >= 0)
    wx_os_close_reader(tracked->pidfd);
  tracked->pidfd = -1;
  tracked->open = false;
  return paused && !tracked->log ? -ENOMEM : 0;
}

WxReclaim wx_tracked_result(const WxTracked *tracked) {
  WxPauseLog *copy = NULL;
  if (tracked->log && tracked->open) {
    copy = malloc(sizeof *copy);
    if (copy)
      *copy = *tracked->log;
  }
  WxReclaim result = add_up(tracked, copy);
  free(copy);
  result.pid = tracked->pid;
  result.device = makedev(tracked->memfd.id.major, tracked->memfd.id.minor);
  result.inode = tracked->memfd.id.inode;
  result.before_bytes = tracked->first_bytes;
  result.zero_mapped_bytes = WX_UNKNOWN;
  if (!tracked->open || wx_target_allocated(&tracked->target, &result.after_bytes))
    result.after_bytes = tracked->seen_bytes;
  return result;
}

void wx_tracked_end(WxTracked *tracked) {
  (void)wx_tracked_close(tracked);
  free(tracked->log);
  tracked->log = NULL;
}

/* All of them
 * -------------------------------------------------------------------------------------------------
 */

static size_t count_of_user(const WxTrackedFiles *files, uint32_t user) {
  size_t count = 0;
  for (size_t i = 0; i < files->count; ++i)
    count += files->items[i]->user == user;
  return count;
}

// The newest of the user who has most, if that is more than another one of `user` would have.
static WxTracked *one_too_many(const WxTrackedFiles *files, uint32_t user) {
  size_t most = count_of_user(files, user) + 1;
  WxTracked *found = NULL;
  for (size_t i = files->count; i-- > 0;) {
    WxTracked *tracked = files->items[i];
    if (tracked->user == user || (found && tracked->user == found->user))
      continue;
    const size_t count = count_of_user(files, tracked->user);
    if (count > most) {
      most = count;
      found = tracked;
    }
  }
  return found;
}

// Whether it is watched through this process, or well through another one.
static bool is_known(const WxTrackedFiles *files, pid_t pid, const WxMemfd *memfd) {
  for (size_t i = 0; i < files->count; ++i) {
    WxTracked *tracked = files->items[i];
    if (!wx_file_id_equal(tracked->memfd.id, memfd->id))
      continue;
    if (tracked->pid == pid)
      tracked->memfd.number = memfd->number; // It may have it under another one by now.
    if (tracked->pid == pid || !tracked->refused[0])
      return true;
  }
  return false;
}

static size_t count_of_process(const WxTrackedFiles *files, pid_t pid) {
  size_t count = 0;
  for (size_t i = 0; i < files->count; ++i)
    count += files->items[i]->pid == pid;
  return count;
}

int wx_tracked_files_add(WxTrackedFiles *files, const WxSeenProcess *process, const WxMemfd *memfd,
                         size_t most, WxTracked **leaves) {
  *leaves = NULL;
  if (is_known(files, process->pid, memfd))
    return WX_TRACKED_KNOWN;
  if (count_of_process(files, process->pid) >= WX_DISCOVERY_FILES)
    return WX_TRACKED_FULL;
  if (files->count >= most) {
    *leaves = one_too_many(files, process->user);
    return WX_TRACKED_FULL;
  }
  WxTracked **items = wx_grown(files->items, &files->capacity, files->count, sizeof(WxTracked *));
  if (!items)
    return -ENOMEM;
  files->items = items;
  WxTracked *tracked = malloc(sizeof *tracked);
  if (!tracked)
    return -ENOMEM;
  wx_tracked_begin(tracked, process->pid, process->user, memfd);
  items[files->count++] = tracked;
  return WX_TRACKED_NEW;
}

void wx_tracked_files_remove(WxTrackedFiles *files, WxTracked *tracked) {
  for (size_t i = 0; i < files->count; ++i) {
    if (files->items[i] != tracked)
      continue;
    --files->count;
    memmove(&files->items[i], &files->items[i + 1], (files->count - i) * sizeof(WxTracked *));
    break;
  }
  wx_tracked_end(tracked);
  free(tracked);
}

static int count_one(long number, void *context) {
  (void)number;
  ++*(size_t *)context;
  return 0;
}

// Where they cannot be counted, for want of descriptors most likely, there are too many.
static size_t descriptors(void) {
  size_t count = 0;
  return wx_directory_numbers("/proc/self/fd", count_one, &count) ? SIZE_MAX : count;
}

// How many are open; `*oldest` is the one, other than `kept`, that had its turn longest ago.
static size_t count_open(const WxTrackedFiles *files, const WxTracked *kept, WxTracked **oldest) {
  size_t open = 0;
  *oldest = NULL;
  for (size_t i = 0; i < files->count; ++i) {
    WxTracked *tracked = files->items[i];
    open += tracked->open;
    if (tracked->open && tracked != kept && (!*oldest || tracked->served < (*oldest)->served))
      *oldest = tracked;
  }
  return open;
}

int wx_tracked_files_close_some(WxTrackedFiles *files, const WxTracked *kept, size_t most_open,
                                size_t most_descriptors) {
  for (;;) {
    WxTracked *oldest;
    const size_t open = count_open(files, kept, &oldest);
    if (!oldest || (open <= most_open && descriptors() <= most_descriptors))
      return 0;
    const int failed = wx_tracked_close(oldest);
    if (failed)
      return failed;
  }
}

void wx_tracked_files_free(WxTrackedFiles *files) {
  while (files->count)
    wx_tracked_files_remove(files, files->items[files->count - 1]);
  free(files->items);
  *files = (WxTrackedFiles){0};
}
