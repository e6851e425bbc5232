// Who came to hold the file since the last refresh: only processes that are new can have.
#include "reclaim/herd_newcomers.h"

#include "reclaim/herd_holder.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// Numbers given out before the list was made whose processes may not have been listable yet, and
// the most numbers that are asked one by one rather than listing all processes.
enum { LOOK_BACK = 32, MOST_NUMBERS = 512 };

static bool is_known(const WxHerd *herd, pid_t pid) {
  size_t low = 0;
  size_t high = herd->known_count;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (herd->known[middle] == pid)
      return true;
    if (herd->known[middle] < pid)
      low = middle + 1;
    else
      high = middle;
  }
  return false;
}

// Adds `pid` if it holds the file. Returns whether it was added.
static int add_holder(WxHerd *herd, pid_t pid, WxReason *reason) {
  if (pid == getpid())
    return 0;
  int holds = wx_herd_holds(herd, pid, reason);
  if (holds > 0)
    holds = wx_herd_add_process(herd, pid, reason);
  else if (holds == 0)
    return 0;
  return holds == 0 ? 1 : holds == -ESRCH ? 0 : holds;
}

// Of the listed processes, adds those that are new and hold the file.
int wx_herd_add_listed(WxHerd *herd, WxReason *reason) {
  int added = 0;
  for (size_t i = 0; i < herd->listed_processes.count; ++i) {
    const pid_t pid = herd->listed_processes.numbers[i];
    if (is_known(herd, pid) || wx_herd_has(herd, pid))
      continue;
    const int result = add_holder(herd, pid, reason);
    if (result < 0)
      return result;
    added += result;
  }
  return added;
}

static bool has_task(const WxHerd *herd, pid_t id) {
  for (size_t i = 0; i < herd->task_count; ++i)
    if (herd->tasks[i].id == id)
      return true;
  return false;
}

static bool is_stranger(const WxHerd *herd, pid_t pid) {
  const size_t count =
      herd->stranger_count < WX_HERD_STRANGERS ? herd->stranger_count : WX_HERD_STRANGERS;
  for (size_t i = 0; i < count; ++i)
    if (herd->strangers[i] == pid)
      return true;
  return false;
}

// Only one that runs the program of the herd can be a fork: others are not asked for their
// mappings, since that waits for a lock that they may hold while they wait for their turn on the
// processor.
static int add_if_fork(WxHerd *herd, pid_t pid, WxReason *reason) {
  if (is_known(herd, pid) || is_stranger(herd, pid) || wx_herd_has(herd, pid) ||
      has_task(herd, pid))
    return 0;
  const int fork = wx_herd_may_be_fork(herd, pid);
  if (fork == 0)
    herd->strangers[herd->stranger_count++ % WX_HERD_STRANGERS] = pid;
  return fork > 0 ? add_holder(herd, pid, reason) : 0;
}

// Asks every process whose number was given out after `first` up to `last`.
static int add_numbers(WxHerd *herd, pid_t first, pid_t last, WxReason *reason) {
  int added = 0;
  for (pid_t pid = first + 1; pid <= last; ++pid) {
    const int result = add_if_fork(herd, pid, reason);
    if (result < 0)
      return result;
    added += result;
  }
  return added;
}

// Adds those that came after the last look, when the number given last is `last`. `*listed`: all
// processes were listed for it. Where numbers began anew, one that is known can be that of a fork.
static int find(WxHerd *herd, pid_t last, bool *listed, WxReason *reason) {
  *listed = herd->given == 0 || last < herd->given || last - herd->given > MOST_NUMBERS;
  if (!*listed)
    return add_numbers(herd, herd->given, last, reason);
  if (last < herd->given)
    herd->known_count = herd->stranger_count = 0;
  const int failed = wx_listing_read(&herd->listed_processes, herd->proc);
  return failed ? failed : wx_herd_add_listed(herd, reason);
}

int wx_herd_find_processes(WxHerd *herd, WxReason *reason) {
  bool listed;
  return find(herd, wx_herd_last_given(herd), &listed, reason);
}

// A number that was given out may belong to a process that cannot be seen yet: the last few are
// asked again.
void wx_herd_note_given(WxHerd *herd, pid_t last) {
  herd->given = last > LOOK_BACK ? last - LOOK_BACK : 0;
}

int wx_herd_remember_listed(WxHerd *herd) {
  const WxListing *listing = &herd->listed_processes;
  pid_t *known = reallocarray(herd->known, listing->count + 1, sizeof *known);
  if (!known)
    return -ENOMEM;
  memcpy(known, listing->numbers, listing->count * sizeof *known);
  herd->known = known;
  herd->known_count = listing->count; // The kernel lists processes in ascending order.
  return 0;
}

int wx_herd_catch_up(WxHerd *herd, WxReason *reason) {
  bool listed;
  const pid_t last = wx_herd_last_given(herd);
  const int found = find(herd, last, &listed, reason);
  if (found < 0)
    return found;
  wx_herd_note_given(herd, last);
  return listed ? wx_herd_remember_listed(herd) : 0;
}
