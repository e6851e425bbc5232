#include "reclaim/sidecar.h"

#include "os/os.h"
#include "os/process.h"
#include "reclaim/discovery.h"
#include "reclaim/fair_share.h"
#include "reclaim/find.h"
#include "reclaim/headroom.h"
#include "reclaim/proc.h"
#include "reclaim/tracked.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { LINE_SIZE = 512, MIB = 1 << 20, ALWAYS_POLLED = 2 };

typedef struct {
  const WxSidecarOptions *options;
  WxReclaimOptions reclaim; ///< As in the options; an order ends it.
  WxTrackedFiles files;
  WxDiscovery discovery;
  WxShares shares;
  WxFairQueue turns;
  WxText text;
  uint64_t turn;   ///< Turns so far.
  int pidfd;       ///< Of the one process; -1 where it is not needed any more.
  unsigned lines;  ///< Said in this cycle.
  unsigned unsaid; ///< Lines that were too many.
  size_t left_out; ///< Files that were too many, in all.
  int shortage;    ///< What kept it from looking for processes in the last cycle; 0: nothing.
  bool said_left_out;
  bool urged;
  bool waits;          ///< Something could not be done in this cycle.
  WxProblem waits_for; ///< Why, of the last that could not.
  bool more;           ///< The cycle's time was over before all had had their turn.
  bool stale;          ///< The one process has another file by now.
} Sidecar;

/* What is said
 * -------------------------------------------------------------------------------------------------
 */

static double mebibytes(uint64_t bytes) {
  return (double)bytes / MIB;
}

static bool may_say(Sidecar *sidecar, uint32_t user, unsigned most) {
  if (sidecar->options->pid)
    return true;
  WxShare *share = wx_shares_of(&sidecar->shares, user);
  if (share && share->lines < most && sidecar->lines < WX_SIDECAR_LINES) {
    ++share->lines;
    ++sidecar->lines;
    return true;
  }
  ++sidecar->unsaid;
  return false;
}

static void say_always(const Sidecar *sidecar, const char *format, va_list arguments) {
  char line[LINE_SIZE];
  (void)vsnprintf(line, sizeof line, format, arguments);
  sidecar->options->say(sidecar->options->context, line);
}

// A line about the sidecar itself.
static void say(const Sidecar *sidecar, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void say(const Sidecar *sidecar, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  if (sidecar->options->say)
    say_always(sidecar, format, arguments);
  va_end(arguments);
}

// A line about a process of a user, who gets only so many. Returns whether it was said, or nobody
// listens.
static bool say_of(Sidecar *sidecar, uint32_t user, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static bool say_of(Sidecar *sidecar, uint32_t user, const char *format, ...) {
  if (!sidecar->options->say)
    return true;
  if (!may_say(sidecar, user, WX_SIDECAR_LINES_OF_USER))
    return false;
  va_list arguments;
  va_start(arguments, format);
  say_always(sidecar, format, arguments);
  va_end(arguments);
  return true;
}

static void say_found(Sidecar *sidecar, const WxSeenProcess *process, const WxMemfd *memfd) {
  if (!sidecar->options->say || !may_say(sidecar, process->user, WX_SIDECAR_LINES_OF_USER / 2))
    return;
  if (wx_known(memfd->allocated_bytes))
    say(sidecar, "pid %d: found, %.1f MiB allocated", (int)process->pid,
        mebibytes((uint64_t)memfd->allocated_bytes));
  else
    say(sidecar, "pid %d: found", (int)process->pid);
}

static void end_lines(Sidecar *sidecar) {
  if (sidecar->unsaid)
    say(sidecar, "%u more lines of this cycle are left out", sidecar->unsaid);
  sidecar->lines = sidecar->unsaid = 0;
  for (size_t i = 0; i < sidecar->shares.count; ++i)
    sidecar->shares.items[i].lines = 0;
}

static void say_action(Sidecar *sidecar, const WxTracked *tracked, const WxReclaim *before,
                       const WxReclaim *after) {
  say_of(sidecar, tracked->user,
         "pid %d: %.1f MiB given back in %llu pauses (%.2f ms in all, the longest so far %.2f ms, "
         "%llu over budget), %.1f MiB left",
         (int)after->pid, mebibytes(after->punched_bytes - before->punched_bytes),
         (unsigned long long)(after->pauses.count - before->pauses.count),
         (double)(after->pauses.total_ns - before->pauses.total_ns) / 1e6,
         (double)after->pauses.max_ns / 1e6,
         (unsigned long long)(after->pauses.over_budget - before->pauses.over_budget),
         mebibytes(after->after_bytes));
}

// What a sidecar cannot hold: what is released within one unload is there until the next look.
// `headroom` is as of this one, before anything was given back.
static void advise(Sidecar *sidecar, WxTracked *tracked, const WxHeadroom *headroom) {
  if (tracked->advised || tracked->growth_bytes < MIB ||
      !wx_headroom_is_less(headroom, tracked->growth_bytes))
    return;
  tracked->advised = true;
  say_of(sidecar, tracked->user,
         "pid %d: its memory group had %.1f MiB left of %.1f MiB, and the memfd grew by %.1f MiB "
         "between two looks: two such unloads, or a larger one, pass the limit before anything is "
         "given back. The preload gives back at each release: wxbench reclaim -- COMMAND",
         (int)tracked->pid, mebibytes((uint64_t)headroom->left_bytes),
         mebibytes((uint64_t)headroom->limit_bytes), mebibytes(tracked->growth_bytes));
}

/* Who is watched
 * -------------------------------------------------------------------------------------------------
 */

static void leave(Sidecar *sidecar, WxTracked *tracked) {
  const WxReclaim result = wx_tracked_result(tracked);
  if (sidecar->options->result)
    sidecar->options->result(sidecar->options->context, &result);
  wx_tracked_files_remove(&sidecar->files, tracked);
}

static void leave_gone(Sidecar *sidecar) {
  for (size_t i = sidecar->files.count; i-- > 0;)
    if (sidecar->files.items[i]->gone)
      leave(sidecar, sidecar->files.items[i]);
}

// One memfd was found: watches it, unless it is watched already through another process.
static int take(void *context, const WxSeenProcess *process, const WxMemfd *memfd) {
  Sidecar *sidecar = context;
  WxTracked *leaves;
  int place = wx_tracked_files_add(&sidecar->files, process, memfd, WX_TRACKED_FILES, &leaves);
  if (place == WX_TRACKED_FULL && leaves) {
    leave(sidecar, leaves);
    place = wx_tracked_files_add(&sidecar->files, process, memfd, WX_TRACKED_FILES, &leaves);
    ++sidecar->left_out;
  }
  sidecar->left_out += place == WX_TRACKED_FULL;
  if (place == WX_TRACKED_NEW)
    say_found(sidecar, process, memfd);
  return place < 0 ? place : 0;
}

static int find_one(Sidecar *sidecar, WxProblem *problem) {
  const WxSeenProcess process = {.pid = sidecar->options->pid};
  WxMemfds *memfds = &sidecar->discovery.memfds;
  int failed = wx_reclaim_find(memfds, process.pid, &sidecar->discovery.maps,
                               sidecar->discovery.name, problem);
  if (!failed)
    wx_discovery_sort(memfds);
  for (size_t i = 0; i < memfds->count && i < WX_DISCOVERY_FILES && !failed; ++i)
    failed = take(sidecar, &process, &memfds->items[i]);
  return failed;
}

// A process that is ending has closed its file before anybody is told of its end.
static bool is_ending(const Sidecar *sidecar) {
  const int proc = wx_os_open("/proc", O_RDONLY | O_DIRECTORY, 0);
  if (proc < 0)
    return false;
  WxTaskStat stat;
  const int failed = wx_task_stat(proc, sidecar->options->pid, &stat);
  wx_os_close_reader(proc);
  return failed == -ESRCH || (!failed && stat.flags & WX_TASK_ENDING);
}

// The process has another file in the place of the one that was watched, or none.
static int find_again(Sidecar *sidecar, WxProblem *problem) {
  const int failed = find_one(sidecar, problem);
  return failed && is_ending(sidecar) ? 0 : failed;
}

static uint64_t within(uint64_t value, uint64_t least, uint64_t most) {
  return value < least ? least : value > most ? most : value;
}

// Looks for processes. What this program lacks for it now (somebody may have used it up) it may
// have in the next cycle.
static void find_all(Sidecar *sidecar) {
  const uint64_t most_ns = within(sidecar->options->every_ns / 4, 20000000, 1000000000);
  const int failed = wx_discovery_cycle(&sidecar->discovery, sidecar->options->selection,
                                        &sidecar->shares, most_ns, take, sidecar);
  if (failed && failed != sidecar->shortage)
    say(sidecar, "cannot look for processes now: %s", strerror(-failed));
  sidecar->shortage = failed;
  const size_t left_out = sidecar->left_out + sidecar->discovery.left_out;
  if (left_out && !sidecar->said_left_out)
    say(sidecar, "too many memfds: more than %d of a process, or %d in all, are left out",
        WX_DISCOVERY_FILES, WX_TRACKED_FILES);
  sidecar->said_left_out = left_out;
}

/* A cycle
 * -------------------------------------------------------------------------------------------------
 */

// Its process has ended, or has closed it.
static void let_go(Sidecar *sidecar, WxTracked *tracked, int error) {
  tracked->gone = true;
  sidecar->stale |= error == -ESTALE;
  if (error == -ESTALE)
    wx_discovery_again(&sidecar->discovery, tracked->pid);
  else
    (void)say_of(sidecar, tracked->user, "pid %d: ended", (int)tracked->pid);
}

static int queue(Sidecar *sidecar) {
  wx_fair_queue_clear(&sidecar->turns);
  for (size_t i = 0; i < sidecar->files.count; ++i) {
    WxTracked *tracked = sidecar->files.items[i];
    const int wants = wx_tracked_wants_turn(tracked, sidecar->options->above, sidecar->urged);
    tracked->wants = wants > 0;
    if (wants == -ESRCH || wants == -ESTALE)
      let_go(sidecar, tracked, wants);
  }
  leave_gone(sidecar);
  int failed = 0;
  for (size_t i = 0; i < sidecar->files.count && !failed; ++i) {
    const WxTracked *tracked = sidecar->files.items[i];
    if (tracked->wants)
      failed = wx_fair_queue_add(&sidecar->turns, tracked->user, tracked->pid, tracked->served, i);
  }
  return failed ? failed : wx_fair_queue_begin(&sidecar->turns, &sidecar->shares);
}

static int take_turn(Sidecar *sidecar, WxTracked *tracked, WxTrackedOutcome *outcome,
                     WxProblem *problem) {
  tracked->served = ++sidecar->turn;
  problem->text[0] = '\0';
  return wx_tracked_turn(tracked, &sidecar->reclaim, sidecar->options->above, sidecar->urged,
                         outcome, problem);
}

// What one that is open needs is for the others to give up.
static int take_turn_with_room(Sidecar *sidecar, WxTracked *tracked, WxTrackedOutcome *outcome,
                               WxProblem *problem) {
  int failed = wx_tracked_files_close_some(&sidecar->files, tracked, WX_TRACKED_OPEN - 1,
                                           WX_TRACKED_DESCRIPTORS);
  if (!failed)
    failed = take_turn(sidecar, tracked, outcome, problem);
  if (failed == -EMFILE || failed == -ENFILE) {
    failed = wx_tracked_files_close_some(&sidecar->files, tracked, 0, 0);
    if (!failed)
      failed = take_turn(sidecar, tracked, outcome, problem);
    if (failed == -EMFILE || failed == -ENFILE)
      (void)wx_problem(problem, failed,
                       "no descriptor is left for it (RLIMIT_NOFILE, fs.file-max)");
  }
  const int closed =
      wx_tracked_files_close_some(&sidecar->files, NULL, WX_TRACKED_OPEN, WX_TRACKED_DESCRIPTORS);
  return failed ? failed : closed;
}

static void say_outcome(Sidecar *sidecar, WxTracked *tracked, WxTrackedOutcome outcome,
                        const WxReclaim *before, const WxProblem *problem) {
  if (outcome == WX_TRACKED_WAITS) {
    say_of(sidecar, tracked->user, "pid %d: %s; next attempt in %.2f s", (int)tracked->pid,
           problem->text, (double)tracked->wait_ns / 1e9);
    sidecar->waits = true;
    sidecar->waits_for = *problem;
  }
  const WxReclaim after = wx_tracked_result(tracked);
  if (after.pauses.count > before->pauses.count)
    say_action(sidecar, tracked, before, &after);
}

static void refuse(Sidecar *sidecar, WxTracked *tracked, int error, const WxProblem *problem) {
  wx_tracked_refuse(tracked, error, problem);
  tracked->told = tracked->told ||
                  say_of(sidecar, tracked->user, "pid %d: left alone: %s; next attempt in %.0f s",
                         (int)tracked->pid, tracked->refused, (double)tracked->wait_ns / 1e9);
}

// Returns 0 where the sidecar goes on.
static int serve(Sidecar *sidecar, WxTracked *tracked, WxProblem *problem) {
  const uint64_t began = wx_os_now_ns();
  const WxReclaim before = wx_tracked_result(tracked);
  WxHeadroom headroom = {WX_UNKNOWN, WX_UNKNOWN};
  if (!tracked->advised)
    (void)wx_headroom_read(&headroom, tracked->pid, &sidecar->text);
  WxTrackedOutcome outcome = WX_TRACKED_LOOKED;
  const int failed = take_turn_with_room(sidecar, tracked, &outcome, problem);
  say_outcome(sidecar, tracked, outcome, &before, problem);
  advise(sidecar, tracked, &headroom);
  const int lost = wx_shares_charge(&sidecar->shares, tracked->user, wx_os_now_ns() - began);
  if (failed == -ESRCH || failed == -ESTALE)
    let_go(sidecar, tracked, failed);
  else if (failed && sidecar->options->pid)
    return failed;
  else if (failed)
    refuse(sidecar, tracked, failed, problem);
  return lost;
}

// Whether there is an order, for await() to take. Asked between two pauses too.
static bool is_ordered(void *context) {
  const Sidecar *sidecar = context;
  struct pollfd wake = {.fd = sidecar->options->wake, .events = POLLIN};
  return wx_os_poll(&wake, 1, 0) > 0;
}

static int serve_all(Sidecar *sidecar, WxProblem *problem) {
  const uint64_t most_ns =
      sidecar->urged ? UINT64_MAX : within(sidecar->options->every_ns, 100000000, 10000000000);
  const uint64_t began = wx_os_now_ns();
  int result = queue(sidecar);
  for (size_t index; !result && wx_fair_queue_next(&sidecar->turns, &sidecar->shares, &index);) {
    result = serve(sidecar, sidecar->files.items[index], problem);
    sidecar->more = wx_os_now_ns() - began >= most_ns;
    if (sidecar->more || (!sidecar->urged && is_ordered(sidecar)))
      break;
  }
  leave_gone(sidecar);
  return result;
}

static int cycle(Sidecar *sidecar, WxProblem *problem) {
  sidecar->waits = sidecar->more = false;
  if (!sidecar->options->pid)
    find_all(sidecar);
  const int failed = serve_all(sidecar, problem);
  end_lines(sidecar);
  wx_shares_tidy(&sidecar->shares);
  if (!failed && sidecar->urged && sidecar->options->looked)
    sidecar->options->looked(sidecar->options->context,
                             sidecar->waits ? sidecar->waits_for.text : NULL);
  sidecar->urged = false;
  return failed;
}

/* Between two cycles
 * -------------------------------------------------------------------------------------------------
 */

// poll() passes over an entry whose descriptor is negative.
static size_t fill_polled(const Sidecar *sidecar, struct pollfd *polled, WxTracked **of) {
  size_t count = ALWAYS_POLLED;
  polled[0] = (struct pollfd){.fd = sidecar->options->wake, .events = POLLIN};
  polled[1] = (struct pollfd){.fd = sidecar->pidfd, .events = POLLIN};
  for (size_t i = 0; i < sidecar->files.count && count < ALWAYS_POLLED + WX_TRACKED_OPEN; ++i) {
    WxTracked *tracked = sidecar->files.items[i];
    if (!tracked->open)
      continue;
    of[count] = tracked;
    polled[count++] = (struct pollfd){.fd = tracked->pidfd, .events = POLLIN};
  }
  return count;
}

// The one process has ended: whoever else holds its file is looked for once.
static void note_end(Sidecar *sidecar) {
  wx_os_close_reader(sidecar->pidfd);
  sidecar->pidfd = -1;
  for (size_t i = 0; i < sidecar->files.count; ++i)
    sidecar->files.items[i]->ended = true;
}

// Returns 1 where the loop was urged, 0 where it has to end.
static int take_order(Sidecar *sidecar) {
  char byte = WX_SIDECAR_END;
  const ssize_t got = wx_os_read(sidecar->options->wake, &byte, 1);
  sidecar->urged = got == 1 && byte == WX_SIDECAR_LOOK;
  return sidecar->urged;
}

// Waits for the next cycle, for a process to end (its memfd must not stay open: that would keep its
// memory) or to be woken. Returns 1 to go on, 0 to end.
static int await(Sidecar *sidecar, uint64_t until_ns) {
  struct pollfd polled[ALWAYS_POLLED + WX_TRACKED_OPEN];
  WxTracked *of[ALWAYS_POLLED + WX_TRACKED_OPEN];
  for (bool first = true;; first = false) {
    const uint64_t now = wx_os_now_ns();
    if (now >= until_ns && !first)
      return 1;
    const size_t count = fill_polled(sidecar, polled, of);
    const uint64_t left_ms = now < until_ns ? (until_ns - now + 999999) / 1000000 : 0;
    const int ready = wx_os_poll(polled, count, (int)(left_ms < INT_MAX ? left_ms : INT_MAX));
    if (ready < 0)
      return ready;
    if (polled[0].revents)
      return take_order(sidecar);
    if (polled[1].revents)
      note_end(sidecar);
    for (size_t i = ALWAYS_POLLED; i < count; ++i)
      of[i]->ended |= polled[i].revents != 0;
    if (ready > 0)
      return 1;
  }
}

// A file that may be looked at soon after the beginning of a cycle does not wait for the one after
// it: the cycle begins that much later.
static uint64_t begin_of_cycle(const Sidecar *sidecar, uint64_t planned_ns) {
  uint64_t begin = planned_ns;
  for (size_t i = 0; i < sidecar->files.count; ++i) {
    const uint64_t look = sidecar->files.items[i]->next_look_ns;
    if (look > begin && look - planned_ns < sidecar->options->every_ns / 2)
      begin = look;
  }
  return begin;
}

static int run(Sidecar *sidecar, WxProblem *problem) {
  int result = 0;
  if (sidecar->options->pid) {
    sidecar->pidfd = wx_os_pidfd_open(sidecar->options->pid);
    result = find_one(sidecar, problem);
  }
  while (!result) {
    const uint64_t next = wx_os_now_ns() + sidecar->options->every_ns;
    sidecar->stale = false;
    result = cycle(sidecar, problem);
    if (!result && sidecar->stale && sidecar->options->pid)
      result = find_again(sidecar, problem);
    if (result || (sidecar->options->pid && !sidecar->files.count))
      return result;
    const int goes_on = await(sidecar, sidecar->more ? 0 : begin_of_cycle(sidecar, next));
    if (goes_on <= 0)
      return goes_on;
  }
  return result;
}

int wx_sidecar_run(const WxSidecarOptions *options, WxProblem *problem) {
  Sidecar sidecar = {.options = options,
                     .reclaim = options->reclaim,
                     .discovery = {.proc = -1, .name = options->reclaim.memfd},
                     .pidfd = -1};
  sidecar.reclaim.ended = is_ordered;
  sidecar.reclaim.ended_context = &sidecar;
  WxProblem own = {""};
  const int result = run(&sidecar, problem ? problem : &own);
  while (sidecar.files.count)
    leave(&sidecar, sidecar.files.items[sidecar.files.count - 1]);
  wx_tracked_files_free(&sidecar.files);
  wx_discovery_close(&sidecar.discovery);
  wx_shares_free(&sidecar.shares);
  wx_fair_queue_free(&sidecar.turns);
  wx_text_free(&sidecar.text);
  if (sidecar.pidfd >= 0)
    wx_os_close_reader(sidecar.pidfd);
  return result;
}
