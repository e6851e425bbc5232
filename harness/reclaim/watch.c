#include "reclaim/watch.h"

#include "os/os.h"
#include "os/process.h"
#include "reclaim/find.h"
#include "reclaim/follow.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_SIZE = 512 };

typedef struct {
  const WxWatchOptions *options;
  WxWatched **items;
  size_t count;
  WxFollow follow;
  struct pollfd *polled; ///< The pipe, then a descriptor for each process that is watched.
  WxFileId *refused;     ///< Files that cannot be watched; said once.
  size_t refused_count;
  bool urged;
  bool waits; ///< Something could not be done in this cycle.
} Watch;

static void say(const Watch *watch, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(const Watch *watch, const char *format, ...) {
  if (!watch->options->say)
    return;
  char line[LINE_SIZE];
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  watch->options->say(watch->options->context, line);
}

static bool is_watched(const Watch *watch, WxFileId file) {
  for (size_t i = 0; i < watch->count; ++i)
    if (wx_file_id_equal(watch->items[i]->target.file, file))
      return true;
  for (size_t i = 0; i < watch->refused_count; ++i)
    if (wx_file_id_equal(watch->refused[i], file))
      return true;
  return false;
}

static int make_room(Watch *watch) {
  WxWatched **items = reallocarray(watch->items, watch->count + 1, sizeof *items);
  if (!items)
    return -ENOMEM;
  watch->items = items;
  struct pollfd *polled = reallocarray(watch->polled, watch->count + 2, sizeof *polled);
  if (!polled)
    return -ENOMEM;
  watch->polled = polled;
  return 0;
}

// A file that cannot be watched is remembered, so that it is said once.
static int refuse(Watch *watch, WxFileId file, pid_t pid, const WxReason *reason) {
  WxFileId *refused = reallocarray(watch->refused, watch->refused_count + 1, sizeof *refused);
  if (!refused)
    return -ENOMEM;
  watch->refused = refused;
  refused[watch->refused_count++] = file;
  say(watch, "pid %d: left alone: %s", (int)pid, reason->text);
  return 0;
}

// One memfd was found: watches it, unless it is watched already through another process.
static int watch_memfd(void *context, pid_t pid, const WxMemfd *memfd) {
  Watch *watch = context;
  if (is_watched(watch, memfd->id))
    return 0;
  int failed = make_room(watch);
  WxWatched *watched = failed ? NULL : malloc(sizeof *watched);
  if (!watched)
    return -ENOMEM;
  WxReason reason = {""};
  failed = wx_watched_open(watched, pid, memfd, &reason);
  if (failed) {
    free(watched);
    if (failed == -ESRCH || failed == -ESTALE)
      return 0;
    return watch->options->pid ? failed : refuse(watch, memfd->id, pid, &reason);
  }
  watch->items[watch->count++] = watched;
  say(watch, "pid %d: found, %.1f MiB allocated", (int)pid,
      (double)watched->first_bytes / (1 << 20));
  return 0;
}

static int find_one(Watch *watch, WxReason *reason) {
  const pid_t pid = watch->options->pid;
  int failed = wx_reclaim_find(&watch->follow.memfds, pid, &watch->follow.maps,
                               watch->options->reclaim.memfd, reason);
  for (size_t i = 0; i < watch->follow.memfds.count && !failed; ++i) {
    const WxMemfd *memfd = &watch->follow.memfds.items[i];
    failed = watch_memfd(watch, pid, memfd);
  }
  return failed;
}

static void leave(Watch *watch, size_t index) {
  WxWatched *watched = watch->items[index];
  const WxReclaim result = wx_watched_result(watched);
  if (watch->options->result)
    watch->options->result(watch->options->context, &result);
  wx_watched_close(watched);
  free(watched);
  --watch->count;
  memmove(&watch->items[index], &watch->items[index + 1],
          (watch->count - index) * sizeof(WxWatched *));
}

static void say_action(const Watch *watch, const WxReclaim *before, const WxReclaim *after) {
  say(watch,
      "pid %d: %.1f MiB given back in %llu pauses (%.2f ms in all, the longest so far %.2f ms, "
      "%llu over budget), %.1f MiB left",
      (int)after->pid, (double)(after->punched_bytes - before->punched_bytes) / (1 << 20),
      (unsigned long long)(after->pauses.count - before->pauses.count),
      (double)(after->pauses.total_ns - before->pauses.total_ns) / 1e6,
      (double)after->pauses.max_ns / 1e6,
      (unsigned long long)(after->pauses.over_budget - before->pauses.over_budget),
      (double)after->after_bytes / (1 << 20));
}

// Returns 0 where the memfd stays watched.
static int cycle_one(Watch *watch, WxWatched *watched, WxReason *reason) {
  const WxReclaim before = wx_target_result(&watched->target);
  WxWatchedOutcome outcome;
  const int failed = wx_watched_cycle(watched, &watch->options->reclaim, watch->options->above,
                                      watch->urged, &outcome, reason);
  if (outcome == WX_WATCHED_ACTED) {
    const WxReclaim after = wx_watched_result(watched);
    if (after.pauses.count > before.pauses.count)
      say_action(watch, &before, &after);
  }
  watch->waits |= outcome == WX_WATCHED_WAITS;
  if (outcome == WX_WATCHED_WAITS)
    say(watch, "pid %d: %s; next attempt in %.2f s", (int)watched->target.pid, reason->text,
        (double)watched->wait_ns / 1e9);
  return failed;
}

static int cycle(Watch *watch, WxReason *reason) {
  watch->waits = false;
  if (!watch->options->pid) {
    const int failed = wx_follow_cycle(&watch->follow, watch_memfd, watch);
    if (failed)
      return failed;
  }
  for (size_t i = watch->count; i-- > 0;) {
    WxWatched *watched = watch->items[i];
    const int failed = cycle_one(watch, watched, reason);
    if (!failed)
      continue;
    if (failed == -ESRCH)
      say(watch, "pid %d: ended", (int)watched->target.pid);
    else if (watch->options->pid)
      return failed;
    else if (refuse(watch, watched->target.file, watched->target.pid, reason))
      return -ENOMEM;
    leave(watch, i);
  }
  if (watch->urged && watch->options->looked)
    watch->options->looked(watch->options->context, !watch->waits);
  watch->urged = false;
  return 0;
}

// poll() passes over an entry whose descriptor is negative.
static size_t fill_polled(Watch *watch) {
  watch->polled[0] = (struct pollfd){.fd = watch->options->wake, .events = POLLIN};
  for (size_t i = 0; i < watch->count; ++i) {
    const WxHolders *holders = &watch->items[i]->target.holders;
    const int pidfd = holders->count ? holders->items[0].pidfd : -1;
    watch->polled[i + 1] = (struct pollfd){.fd = pidfd, .events = POLLIN};
  }
  return watch->count + 1;
}

// Waits for the next cycle, for a process to end (its memfd must not stay open: that would keep its
// memory) or to be woken. Returns 1 to go on, 0 to end.
static int await(Watch *watch, uint64_t until_ns) {
  for (;;) {
    const uint64_t now = wx_os_now_ns();
    if (now >= until_ns)
      return 1;
    const size_t count = fill_polled(watch);
    const uint64_t left_ms = (until_ns - now + 999999) / 1000000;
    const int ready =
        wx_os_poll(watch->polled, count, (int)(left_ms < INT_MAX ? left_ms : INT_MAX));
    if (ready < 0)
      return ready;
    if (watch->polled[0].revents) {
      char byte = WX_WATCH_END;
      const ssize_t got = wx_os_read(watch->options->wake, &byte, 1);
      watch->urged = got == 1 && byte == WX_WATCH_LOOK;
      return watch->urged;
    }
    for (size_t i = 0; i < watch->count; ++i)
      watch->items[i]->ended = watch->polled[i + 1].revents != 0;
    if (ready > 0)
      return 1;
  }
}

static int run(Watch *watch, WxReason *reason) {
  int result = make_room(watch);
  if (!result && watch->options->pid)
    result = find_one(watch, reason);
  while (!result) {
    const uint64_t next = wx_os_now_ns() + watch->options->every_ns;
    result = cycle(watch, reason);
    if (result || (watch->options->pid && !watch->count))
      return result;
    const int goes_on = await(watch, next);
    if (goes_on <= 0)
      return goes_on;
  }
  return result;
}

int wx_watch_run(const WxWatchOptions *options, WxReason *reason) {
  Watch watch = {.options = options, .follow = {.proc = -1, .name = options->reclaim.memfd}};
  WxReason own = {""};
  const int result = run(&watch, reason ? reason : &own);
  while (watch.count)
    leave(&watch, watch.count - 1);
  wx_follow_close(&watch.follow);
  free(watch.items);
  free(watch.polled);
  free(watch.refused);
  return result;
}
