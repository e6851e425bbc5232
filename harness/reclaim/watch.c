#include "reclaim/watch.h"

#include "os/os.h"
#include "os/process.h"
#include "reclaim/crowd.h"
#include "reclaim/find.h"
#include "reclaim/follow.h"
#include "reclaim/proc.h"
#include "reclaim/room.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { LINE_SIZE = 512, MIB = 1 << 20, ALWAYS_POLLED = 2 };

typedef struct {
  const WxWatchOptions *options;
  WxReclaimOptions reclaim; ///< As in the options; an order ends it.
  WxCrowd crowd;
  WxFollow follow;
  WxShares shares;
  WxFairTurns turns;
  WxText text;
  uint64_t turn;   ///< Turns so far.
  int pidfd;       ///< Of the one process; -1 where it is not needed any more.
  unsigned lines;  ///< Said in this cycle.
  unsigned unsaid; ///< Lines that were too many.
  size_t left_out; ///< Files that were too many, in all.
  int shortage;    ///< What kept it from looking for processes in the last cycle; 0: nothing.
  bool said_left_out;
  bool urged;
  bool waits; ///< Something could not be done in this cycle.
  bool more;  ///< The cycle's time was over before all had had their turn.
  bool stale; ///< The one process has another file by now.
} Watch;

/* What is said
 * -------------------------------------------------------------------------------------------------
 */

static double mebibytes(uint64_t bytes) {
  return (double)bytes / MIB;
}

static bool may_say(Watch *watch, uint32_t user, unsigned most) {
  if (watch->options->pid)
    return true;
  WxShare *share = wx_shares_of(&watch->shares, user);
  if (share && share->lines < most && watch->lines < WX_WATCH_LINES) {
    ++share->lines;
    ++watch->lines;
    return true;
  }
  ++watch->unsaid;
  return false;
}

static void say_always(const Watch *watch, const char *format, va_list arguments) {
  char line[LINE_SIZE];
  (void)vsnprintf(line, sizeof line, format, arguments);
  watch->options->say(watch->options->context, line);
}

// A line about the watch itself.
static void say(const Watch *watch, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(const Watch *watch, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  if (watch->options->say)
    say_always(watch, format, arguments);
  va_end(arguments);
}

// A line about a process of a user, who gets only so many. Returns whether it was said, or nobody
// listens.
static bool say_of(Watch *watch, uint32_t user, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static bool say_of(Watch *watch, uint32_t user, const char *format, ...) {
  if (!watch->options->say)
    return true;
  if (!may_say(watch, user, WX_WATCH_LINES_OF_USER))
    return false;
  va_list arguments;
  va_start(arguments, format);
  say_always(watch, format, arguments);
  va_end(arguments);
  return true;
}

static void say_found(Watch *watch, const WxFollowed *process, const WxMemfd *memfd) {
  if (!watch->options->say || !may_say(watch, process->user, WX_WATCH_LINES_OF_USER / 2))
    return;
  if (wx_known(memfd->allocated_bytes))
    say(watch, "pid %d: found, %.1f MiB allocated", (int)process->pid,
        mebibytes((uint64_t)memfd->allocated_bytes));
  else
    say(watch, "pid %d: found", (int)process->pid);
}

static void end_lines(Watch *watch) {
  if (watch->unsaid)
    say(watch, "%u more lines of this cycle are left out", watch->unsaid);
  watch->lines = watch->unsaid = 0;
  for (size_t i = 0; i < watch->shares.count; ++i)
    watch->shares.items[i].lines = 0;
}

static void say_action(Watch *watch, const WxWatched *watched, const WxReclaim *before,
                       const WxReclaim *after) {
  say_of(watch, watched->user,
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
// `room` is as of this one, before anything was given back.
static void advise(Watch *watch, WxWatched *watched, const WxRoom *room) {
  if (watched->advised || watched->growth_bytes < MIB ||
      !wx_room_is_less(room, watched->growth_bytes))
    return;
  watched->advised = true;
  say_of(watch, watched->user,
         "pid %d: its memory group had %.1f MiB left of %.1f MiB, and the memfd grew by %.1f MiB "
         "between two looks: two such unloads, or a larger one, pass the limit before anything is "
         "given back. The preload gives back at each release: wxbench reclaim -- COMMAND",
         (int)watched->pid, mebibytes((uint64_t)room->left_bytes),
         mebibytes((uint64_t)room->limit_bytes), mebibytes(watched->growth_bytes));
}

/* Who is watched
 * -------------------------------------------------------------------------------------------------
 */

static void leave(Watch *watch, WxWatched *watched) {
  const WxReclaim result = wx_watched_result(watched);
  if (watch->options->result)
    watch->options->result(watch->options->context, &result);
  wx_crowd_remove(&watch->crowd, watched);
}

static void leave_gone(Watch *watch) {
  for (size_t i = watch->crowd.count; i-- > 0;)
    if (watch->crowd.items[i]->gone)
      leave(watch, watch->crowd.items[i]);
}

// One memfd was found: watches it, unless it is watched already through another process.
static int take(void *context, const WxFollowed *process, const WxMemfd *memfd) {
  Watch *watch = context;
  WxWatched *leaves;
  int place = wx_crowd_add(&watch->crowd, process, memfd, WX_CROWD_FILES, &leaves);
  if (place == WX_CROWD_FULL && leaves) {
    leave(watch, leaves);
    place = wx_crowd_add(&watch->crowd, process, memfd, WX_CROWD_FILES, &leaves);
    ++watch->left_out;
  }
  watch->left_out += place == WX_CROWD_FULL;
  if (place == WX_CROWD_NEW)
    say_found(watch, process, memfd);
  return place < 0 ? place : 0;
}

static int find_one(Watch *watch, WxProblem *problem) {
  const WxFollowed process = {.pid = watch->options->pid};
  WxMemfds *memfds = &watch->follow.memfds;
  int failed =
      wx_reclaim_find(memfds, process.pid, &watch->follow.maps, watch->follow.name, problem);
  if (!failed)
    wx_follow_sort(memfds);
  for (size_t i = 0; i < memfds->count && i < WX_FOLLOW_FILES && !failed; ++i)
    failed = take(watch, &process, &memfds->items[i]);
  return failed;
}

// A process that is ending has closed its file before anybody is told of its end.
static bool is_ending(const Watch *watch) {
  const int proc = wx_os_open("/proc", O_RDONLY | O_DIRECTORY, 0);
  if (proc < 0)
    return false;
  WxTaskStat stat;
  const int failed = wx_task_stat(proc, watch->options->pid, &stat);
  wx_os_close_reader(proc);
  return failed == -ESRCH || (!failed && stat.flags & WX_TASK_ENDING);
}

// The process has another file in the place of the one that was watched, or none.
static int find_again(Watch *watch, WxProblem *problem) {
  const int failed = find_one(watch, problem);
  return failed && is_ending(watch) ? 0 : failed;
}

static uint64_t within(uint64_t value, uint64_t least, uint64_t most) {
  return value < least ? least : value > most ? most : value;
}

// Looks for processes. What this program lacks for it now (somebody may have used it up) it may
// have in the next cycle.
static void find_all(Watch *watch) {
  const uint64_t most_ns = within(watch->options->every_ns / 4, 20000000, 1000000000);
  const int failed = wx_follow_cycle(&watch->follow, watch->options->selection, &watch->shares,
                                     most_ns, take, watch);
  if (failed && failed != watch->shortage)
    say(watch, "cannot look for processes now: %s", strerror(-failed));
  watch->shortage = failed;
  const size_t left_out = watch->left_out + watch->follow.left_out;
  if (left_out && !watch->said_left_out)
    say(watch, "too many memfds: more than %d of a process, or %d in all, are left out",
        WX_FOLLOW_FILES, WX_CROWD_FILES);
  watch->said_left_out = left_out;
}

/* A cycle
 * -------------------------------------------------------------------------------------------------
 */

// Its process has ended, or has closed it.
static void let_go(Watch *watch, WxWatched *watched, int error) {
  watched->gone = true;
  watch->stale |= error == -ESTALE;
  if (error == -ESTALE)
    wx_follow_again(&watch->follow, watched->pid);
  else
    (void)say_of(watch, watched->user, "pid %d: ended", (int)watched->pid);
}

static int queue(Watch *watch) {
  wx_fair_clear(&watch->turns);
  for (size_t i = 0; i < watch->crowd.count; ++i) {
    WxWatched *watched = watch->crowd.items[i];
    const int wants = wx_watched_wants_turn(watched, watch->options->above, watch->urged);
    watched->wants = wants > 0;
    if (wants == -ESRCH || wants == -ESTALE)
      let_go(watch, watched, wants);
  }
  leave_gone(watch);
  int failed = 0;
  for (size_t i = 0; i < watch->crowd.count && !failed; ++i) {
    const WxWatched *watched = watch->crowd.items[i];
    if (watched->wants)
      failed = wx_fair_add(&watch->turns, watched->user, watched->pid, watched->served, i);
  }
  return failed ? failed : wx_fair_begin(&watch->turns, &watch->shares);
}

static int take_turn(Watch *watch, WxWatched *watched, WxWatchedOutcome *outcome,
                     WxProblem *problem) {
  watched->served = ++watch->turn;
  problem->text[0] = '\0';
  return wx_watched_turn(watched, &watch->reclaim, watch->options->above, watch->urged, outcome,
                         problem);
}

// What one that is open needs is for the others to give up.
static int take_turn_with_room(Watch *watch, WxWatched *watched, WxWatchedOutcome *outcome,
                               WxProblem *problem) {
  int failed = wx_crowd_close_some(&watch->crowd, watched, WX_CROWD_OPEN - 1, WX_CROWD_DESCRIPTORS);
  if (!failed)
    failed = take_turn(watch, watched, outcome, problem);
  if (failed == -EMFILE || failed == -ENFILE) {
    failed = wx_crowd_close_some(&watch->crowd, watched, 0, 0);
    if (!failed)
      failed = take_turn(watch, watched, outcome, problem);
    if (failed == -EMFILE || failed == -ENFILE)
      (void)wx_problem(problem, failed,
                       "no descriptor is left for it (RLIMIT_NOFILE, fs.file-max)");
  }
  const int closed = wx_crowd_close_some(&watch->crowd, NULL, WX_CROWD_OPEN, WX_CROWD_DESCRIPTORS);
  return failed ? failed : closed;
}

static void say_outcome(Watch *watch, WxWatched *watched, WxWatchedOutcome outcome,
                        const WxReclaim *before, const WxProblem *problem) {
  if (outcome == WX_WATCHED_WAITS)
    say_of(watch, watched->user, "pid %d: %s; next attempt in %.2f s", (int)watched->pid,
           problem->text, (double)watched->wait_ns / 1e9);
  watch->waits |= outcome == WX_WATCHED_WAITS;
  const WxReclaim after = wx_watched_result(watched);
  if (after.pauses.count > before->pauses.count)
    say_action(watch, watched, before, &after);
}

static void refuse(Watch *watch, WxWatched *watched, int error, const WxProblem *problem) {
  wx_watched_refuse(watched, error, problem);
  watched->told = watched->told ||
                  say_of(watch, watched->user, "pid %d: left alone: %s; next attempt in %.0f s",
                         (int)watched->pid, watched->refused, (double)watched->wait_ns / 1e9);
}

// Returns 0 where the watch goes on.
static int serve(Watch *watch, WxWatched *watched, WxProblem *problem) {
  const uint64_t began = wx_os_now_ns();
  const WxReclaim before = wx_watched_result(watched);
  WxRoom room = {WX_UNKNOWN, WX_UNKNOWN};
  if (!watched->advised)
    (void)wx_room_read(&room, watched->pid, &watch->text);
  WxWatchedOutcome outcome = WX_WATCHED_LOOKED;
  const int failed = take_turn_with_room(watch, watched, &outcome, problem);
  say_outcome(watch, watched, outcome, &before, problem);
  advise(watch, watched, &room);
  const int lost = wx_shares_charge(&watch->shares, watched->user, wx_os_now_ns() - began);
  if (failed == -ESRCH || failed == -ESTALE)
    let_go(watch, watched, failed);
  else if (failed && watch->options->pid)
    return failed;
  else if (failed)
    refuse(watch, watched, failed, problem);
  return lost;
}

// Whether there is an order, for await() to take. Asked between two pauses too.
static bool is_ordered(void *context) {
  const Watch *watch = context;
  struct pollfd wake = {.fd = watch->options->wake, .events = POLLIN};
  return wx_os_poll(&wake, 1, 0) > 0;
}

static int serve_all(Watch *watch, WxProblem *problem) {
  const uint64_t most_ns =
      watch->urged ? UINT64_MAX : within(watch->options->every_ns, 100000000, 10000000000);
  const uint64_t began = wx_os_now_ns();
  int result = queue(watch);
  for (size_t index; !result && wx_fair_next(&watch->turns, &watch->shares, &index);) {
    result = serve(watch, watch->crowd.items[index], problem);
    watch->more = wx_os_now_ns() - began >= most_ns;
    if (watch->more || (!watch->urged && is_ordered(watch)))
      break;
  }
  leave_gone(watch);
  return result;
}

static int cycle(Watch *watch, WxProblem *problem) {
  watch->waits = watch->more = false;
  if (!watch->options->pid)
    find_all(watch);
  const int failed = serve_all(watch, problem);
  end_lines(watch);
  wx_shares_tidy(&watch->shares);
  if (!failed && watch->urged && watch->options->looked)
    watch->options->looked(watch->options->context, !watch->waits);
  watch->urged = false;
  return failed;
}

/* Between two cycles
 * -------------------------------------------------------------------------------------------------
 */

// poll() passes over an entry whose descriptor is negative.
static size_t fill_polled(const Watch *watch, struct pollfd *polled, WxWatched **of) {
  size_t count = ALWAYS_POLLED;
  polled[0] = (struct pollfd){.fd = watch->options->wake, .events = POLLIN};
  polled[1] = (struct pollfd){.fd = watch->pidfd, .events = POLLIN};
  for (size_t i = 0; i < watch->crowd.count && count < ALWAYS_POLLED + WX_CROWD_OPEN; ++i) {
    WxWatched *watched = watch->crowd.items[i];
    if (!watched->open)
      continue;
    of[count] = watched;
    polled[count++] = (struct pollfd){.fd = watched->pidfd, .events = POLLIN};
  }
  return count;
}

// The one process has ended: whoever else holds its file is looked for once.
static void note_end(Watch *watch) {
  wx_os_close_reader(watch->pidfd);
  watch->pidfd = -1;
  for (size_t i = 0; i < watch->crowd.count; ++i)
    watch->crowd.items[i]->ended = true;
}

// Returns 1 where the loop was urged, 0 where it has to end.
static int take_order(Watch *watch) {
  char byte = WX_WATCH_END;
  const ssize_t got = wx_os_read(watch->options->wake, &byte, 1);
  watch->urged = got == 1 && byte == WX_WATCH_LOOK;
  return watch->urged;
}

// Waits for the next cycle, for a process to end (its memfd must not stay open: that would keep its
// memory) or to be woken. Returns 1 to go on, 0 to end.
static int await(Watch *watch, uint64_t until_ns) {
  struct pollfd polled[ALWAYS_POLLED + WX_CROWD_OPEN];
  WxWatched *of[ALWAYS_POLLED + WX_CROWD_OPEN];
  for (bool first = true;; first = false) {
    const uint64_t now = wx_os_now_ns();
    if (now >= until_ns && !first)
      return 1;
    const size_t count = fill_polled(watch, polled, of);
    const uint64_t left_ms = now < until_ns ? (until_ns - now + 999999) / 1000000 : 0;
    const int ready = wx_os_poll(polled, count, (int)(left_ms < INT_MAX ? left_ms : INT_MAX));
    if (ready < 0)
      return ready;
    if (polled[0].revents)
      return take_order(watch);
    if (polled[1].revents)
      note_end(watch);
    for (size_t i = ALWAYS_POLLED; i < count; ++i)
      of[i]->ended |= polled[i].revents != 0;
    if (ready > 0)
      return 1;
  }
}

// A file that may be looked at soon after the beginning of a cycle does not wait for the one after
// it: the cycle begins that much later.
static uint64_t begin_of_cycle(const Watch *watch, uint64_t planned_ns) {
  uint64_t begin = planned_ns;
  for (size_t i = 0; i < watch->crowd.count; ++i) {
    const uint64_t look = watch->crowd.items[i]->next_look_ns;
    if (look > begin && look - planned_ns < watch->options->every_ns / 2)
      begin = look;
  }
  return begin;
}

static int run(Watch *watch, WxProblem *problem) {
  int result = 0;
  if (watch->options->pid) {
    watch->pidfd = wx_os_pidfd_open(watch->options->pid);
    result = find_one(watch, problem);
  }
  while (!result) {
    const uint64_t next = wx_os_now_ns() + watch->options->every_ns;
    watch->stale = false;
    result = cycle(watch, problem);
    if (!result && watch->stale && watch->options->pid)
      result = find_again(watch, problem);
    if (result || (watch->options->pid && !watch->crowd.count))
      return result;
    const int goes_on = await(watch, watch->more ? 0 : begin_of_cycle(watch, next));
    if (goes_on <= 0)
      return goes_on;
  }
  return result;
}

int wx_watch_run(const WxWatchOptions *options, WxProblem *problem) {
  Watch watch = {.options = options,
                 .reclaim = options->reclaim,
                 .follow = {.proc = -1, .name = options->reclaim.memfd},
                 .pidfd = -1};
  watch.reclaim.ended = is_ordered;
  watch.reclaim.ended_context = &watch;
  WxProblem own = {""};
  const int result = run(&watch, problem ? problem : &own);
  while (watch.crowd.count)
    leave(&watch, watch.crowd.items[watch.crowd.count - 1]);
  wx_crowd_free(&watch.crowd);
  wx_follow_close(&watch.follow);
  wx_shares_free(&watch.shares);
  wx_fair_free(&watch.turns);
  wx_text_free(&watch.text);
  if (watch.pidfd >= 0)
    wx_os_close_reader(watch.pidfd);
  return result;
}
