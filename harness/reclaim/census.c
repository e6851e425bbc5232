#include "reclaim/holders.h"

#include "os/grow.h"
#include "os/os.h"
#include "os/process.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// Numbers asked for one by one rather than found by listing all processes, and how far back a
// process may be that is still being born at the first look.
enum { MOST_NUMBERS = 1024, LOOK_BACK = 256 };

// The number that was given to a process or thread last, 0 where it cannot be known; `*runnable`
// (may be NULL): how many tasks had or wanted a processor, 0 where only the number is told.
pid_t wx_census_last(const WxHolders *holders, unsigned *runnable) {
  char text[128]; // As `0.20 0.18 0.12 1/80 11206`: three loads, runnable of all, the number.
  const ssize_t length = wx_os_pread(holders->last, text, sizeof text - 1, 0);
  if (length <= 0)
    return 0;
  text[length] = '\0';
  const char *slash = strchr(text, '/');
  const char *number = slash ? strchr(slash, ' ') : text;
  if (!number)
    return 0;
  while (slash && slash > text && slash[-1] != ' ')
    --slash;
  if (runnable)
    *runnable = slash ? (unsigned)strtoul(slash, NULL, 10) : 0;
  return (pid_t)strtol(number, NULL, 10);
}

static int grow_known(WxHolders *holders) {
  WxKnown *grown =
      wx_grown(holders->known, &holders->known_capacity, holders->known_count, sizeof *grown);
  if (!grown)
    return -ENOMEM;
  holders->known = grown;
  return 0;
}

// The place of `pid` among the known, or where it belongs.
static size_t place_of(const WxHolders *holders, pid_t pid) {
  size_t low = 0;
  size_t high = holders->known_count;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (holders->known[middle].pid < pid)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

int wx_census_insert(WxHolders *holders, pid_t pid) {
  const size_t at = place_of(holders, pid);
  if (at < holders->known_count && holders->known[at].pid == pid)
    return 0;
  const int failed = grow_known(holders);
  if (failed)
    return failed;
  memmove(&holders->known[at + 1], &holders->known[at],
          (holders->known_count - at) * sizeof *holders->known);
  holders->known[at] = (WxKnown){.pid = pid, .kind = WX_UNREAD};
  ++holders->known_count;
  return 0;
}

// Takes over what is known of those that are still listed by the same entry; the others are unread.
// The kernel lists processes in ascending order.
static int take_listing(WxHolders *holders) {
  const WxListing *listing = &holders->listed_processes;
  WxKnown *known = calloc(listing->count + 1, sizeof *known);
  if (!known)
    return -ENOMEM;
  size_t count = 0;
  for (size_t i = 0; i < listing->count; ++i) {
    const pid_t pid = listing->numbers[i];
    const size_t at = place_of(holders, pid);
    const bool same = at < holders->known_count && holders->known[at].pid == pid &&
                      holders->known[at].inode == listing->inodes[i];
    if (wx_holders_has(holders, pid))
      continue;
    known[count] = same ? holders->known[at] : (WxKnown){.pid = pid, .kind = WX_UNREAD};
    known[count++].inode = listing->inodes[i];
  }
  free(holders->known);
  holders->known = known;
  holders->known_count = count;
  holders->known_capacity = listing->count + 1;
  return 0;
}

static void note_absent(WxHolders *holders, pid_t number) {
  for (size_t i = 0; i < holders->absent_count; ++i)
    if (holders->absent[i] == number)
      return;
  if (holders->absent_count == WX_HOLDERS_MOST_ABSENT) {
    holders->absent_missed = true; // A part of them says nothing.
    holders->absent_count = 0;
  }
  if (!holders->absent_missed)
    holders->absent[holders->absent_count++] = number;
}

// A number was given out that no listed process has: notes its process, if it has one by now. That
// the kernel says that nobody has it may be because its process is being born and cannot be seen
// yet. Asked in this order: whose number a signal finds can be opened, unless it is that of a
// thread.
static int take_number(WxHolders *holders, pid_t number) {
  if (wx_holders_has(holders, number))
    return 0;
  const size_t at = place_of(holders, number);
  if (at < holders->known_count && holders->known[at].pid == number)
    return 0;
  const int pidfd = wx_os_kill(number, 0) == -ESRCH ? -ESRCH : wx_os_pidfd_open(number);
  if (pidfd >= 0) {
    wx_os_close_reader(pidfd);
    return wx_census_insert(holders, number);
  }
  if (pidfd == -ESRCH)
    note_absent(holders, number);
  return pidfd == -ESRCH || pidfd == -EINVAL || pidfd == -ENOENT ? 0 : pidfd;
}

static int list_all(WxHolders *holders) {
  int result = wx_listing_read_growing(&holders->listed_processes, holders->proc);
  return result ? result : take_listing(holders);
}

// Before Linux 5.3 a number cannot be asked for its process: who is listed, then.
static int take_or_list(WxHolders *holders, pid_t number, bool *must_list) {
  const int result = take_number(holders, number);
  *must_list |= result == -ENOSYS;
  return result == -ENOSYS ? 0 : result;
}

// Asks again for those that nobody had.
int wx_census_again(WxHolders *holders) {
  const size_t count = holders->absent_count;
  int result = 0;
  holders->absent_count = 0;
  for (size_t i = 0; i < count; ++i) {
    const pid_t number = holders->absent[i]; // Before its place is taken.
    if (!result)
      result = take_or_list(holders, number, &holders->must_list);
    if (result)
      note_absent(holders, number);
  }
  return result;
}

// Takes in who was born after the last update, when `last` is the number given last. Where numbers
// began anew, or were too many, all are listed, and who is being born is known only once all have
// stood still.
int wx_census_born(WxHolders *holders, pid_t last, bool all) {
  const bool first = holders->given == 0;
  const pid_t look_back = last > LOOK_BACK ? last - LOOK_BACK : 0;
  const bool lost = !first && (last < holders->given || last - holders->given > MOST_NUMBERS);
  const bool must_list = all || first || lost || holders->must_list;
  bool unasked = false;
  int result =
      must_list ? list_all(holders) : 0; // Some are not listed (hidepid), but have numbers.
  for (pid_t number = first || lost ? look_back : holders->given; number < last && !result;)
    result = take_or_list(holders, ++number, &unasked);
  if (unasked && !result)
    result = list_all(holders);
  if (lost) {
    holders->absent_missed = true;
    holders->absent_count = 0;
  }
  holders->must_list = result != 0 && must_list;
  return result;
}

static bool is_task(const WxHolders *holders, pid_t id) {
  for (size_t i = 0; i < holders->task_count; ++i)
    if (holders->tasks[i].id == id)
      return true;
  return false;
}

bool wx_holders_has_newborn(const WxHolders *holders) {
  const pid_t last = wx_census_last(holders, NULL);
  pid_t unknown = last - holders->given;
  if (last == 0 || unknown < 0)
    return true;
  for (size_t i = 0; i < holders->task_count && unknown; ++i)
    unknown -= holders->tasks[i].id > holders->given && holders->tasks[i].id <= last;
  return unknown != 0;
}

// Whether somebody has one of the numbers that nobody had.
static bool has_appeared(const WxHolders *holders) {
  for (size_t i = 0; i < holders->absent_count; ++i)
    if (wx_os_kill(holders->absent[i], 0) != -ESRCH && !is_task(holders, holders->absent[i]))
      return true;
  return false;
}

// Where a task is held that has not stopped, what a process unseen writes is rescued (punch.h), as
// what that task itself does.
bool wx_holders_settle(WxHolders *holders) {
  const bool born = wx_holders_has_newborn(holders) || has_appeared(holders);
  if (holders->outside)
    return born;
  const bool missed = holders->absent_missed;
  const pid_t last = missed ? wx_census_last(holders, NULL) : 0;
  if ((born && !missed) || (missed && last == 0))
    return true;
  if (missed) {
    holders->given = last;
    holders->must_list = true;
  }
  wx_holders_forget_absent(holders);
  holders->settled = true;
  return born || missed;
}

void wx_holders_forget_absent(WxHolders *holders) {
  holders->absent_count = 0;
  holders->absent_missed = false;
}
