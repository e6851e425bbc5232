#include "reclaim/follow.h"

#include "measure/process.h"
#include "os/os.h"
#include "os/process.h"
#include "reclaim/find.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

// A list of 65,530 mappings, as many as a process has where nobody raised the limit, takes 4 MiB.
enum { LONGEST_INTERVAL = 64, MOST_BYTES = 8 << 20, NAMES_KEPT = 1 << 20, MOST_ASKED = 16 };

static int by_size(const void *one, const void *other) {
  const WxFigure a = ((const WxMemfd *)one)->allocated_bytes;
  const WxFigure b = ((const WxMemfd *)other)->allocated_bytes;
  return a > b ? -1 : a < b;
}

void wx_follow_sort(WxMemfds *memfds) {
  if (memfds->count > 1)
    qsort(memfds->items, memfds->count, sizeof *memfds->items, by_size);
}

// The files of a process, those that hold most first.
static int look(WxFollow *follow, pid_t pid) {
  follow->memfds.most = MOST_ASKED;
  follow->maps.most_bytes = MOST_BYTES;
  const int result = wx_reclaim_look(&follow->memfds, pid, &follow->maps, follow->name);
  wx_follow_sort(&follow->memfds);
  // Names of processes that have long ended would stay.
  if (follow->maps.names.bytes > NAMES_KEPT)
    wx_maps_free(&follow->maps);
  return result;
}

// A process that has ended or may not be asked has no files.
static int ask(WxFollow *follow, const WxSelection *selection, WxFollowed *process,
               WxFollowFound *found, void *context) {
  if (selection && selection->count &&
      (wx_identity_read(&follow->identity, process->pid) ||
       !wx_selection_takes(selection, &follow->identity)))
    return 0;
  int result = look(follow, process->pid);
  if (result)
    return result == -ENOMEM || result == -EMFILE || result == -ENFILE ? result : 0;
  if ((follow->memfds.count || follow->memfds.impostors) && wx_identity_is_ours(process->pid)) {
    ++follow->ours;
    return 0;
  }
  if (follow->memfds.count > WX_FOLLOW_FILES && !process->many) {
    process->many = true;
    follow->left_out += follow->memfds.count - WX_FOLLOW_FILES;
  }
  for (size_t i = 0; i < follow->memfds.count && i < WX_FOLLOW_FILES && !result; ++i)
    result = found(context, process, &follow->memfds.items[i]);
  if (follow->memfds.impostors && !result)
    result = found(context, process, &follow->memfds.impostor);
  return result;
}

// A process may change its user, or another one get its number, while it is known.
static int note_user(WxFollow *follow, WxFollowed *process) {
  WxProcessStatus status;
  const int failed = wx_process_status(&status, process->pid, &follow->identity.text);
  if (!failed && wx_known(status.user))
    process->user = wx_identity_account(process->pid, (uint32_t)status.user);
  return failed == -ENOMEM ? failed : 0;
}

// What is known of the listed processes; the others have ended.
static int take_listing(WxFollow *follow) {
  const WxListing *listing = &follow->listing;
  WxFollowed *items = calloc(listing->count + 1, sizeof *items);
  if (!items)
    return -ENOMEM;
  int result = 0;
  size_t old = 0;
  for (size_t i = 0; i < listing->count && !result; ++i) {
    const pid_t pid = listing->numbers[i];
    while (old < follow->count && follow->items[old].pid < pid)
      ++old;
    if (old < follow->count && follow->items[old].pid == pid) {
      items[i] = follow->items[old];
      continue;
    }
    items[i] = (WxFollowed){.pid = pid};
    result = note_user(follow, &items[i]);
  }
  free(follow->items);
  follow->items = items;
  follow->count = listing->count;
  return result;
}

// Those whose time has come want a turn.
static int queue(WxFollow *follow, WxShares *shares) {
  wx_fair_clear(&follow->turns);
  int result = 0;
  for (size_t i = 0; i < follow->count && !result; ++i) {
    WxFollowed *process = &follow->items[i];
    if (process->left > 0)
      --process->left;
    else
      result = wx_fair_add(&follow->turns, process->user, process->pid, process->asked, i);
  }
  return result ? result : wx_fair_begin(&follow->turns, shares);
}

static int take_turn(WxFollow *follow, const WxSelection *selection, WxShares *shares,
                     WxFollowed *process, WxFollowFound *found, void *context) {
  const uint64_t began = wx_os_now_ns();
  process->interval = process->interval ? 2 * process->interval : 1;
  if (process->interval > LONGEST_INTERVAL)
    process->interval = LONGEST_INTERVAL;
  process->left = process->interval - 1;
  process->asked = follow->cycles;
  int result = note_user(follow, process);
  if (!result)
    result = ask(follow, selection, process, found, context);
  const int failed = wx_shares_charge(shares, process->user, wx_os_now_ns() - began);
  return result ? result : failed;
}

int wx_follow_cycle(WxFollow *follow, const WxSelection *selection, WxShares *shares,
                    uint64_t most_ns, WxFollowFound *found, void *context) {
  const uint64_t began = wx_os_now_ns();
  ++follow->cycles;
  if (follow->proc < 0)
    follow->proc = wx_os_open("/proc", O_RDONLY | O_DIRECTORY, 0);
  int result = follow->proc < 0 ? follow->proc : 0;
  if (!result)
    result = wx_listing_read_growing(&follow->listing, follow->proc);
  if (!result)
    result = take_listing(follow);
  if (!result)
    result = queue(follow, shares);
  // One at least, however long it took to list them.
  size_t index;
  for (bool first = true; !result && (first || wx_os_now_ns() - began < most_ns); first = false) {
    if (!wx_fair_next(&follow->turns, shares, &index))
      break;
    result = take_turn(follow, selection, shares, &follow->items[index], found, context);
  }
  return result;
}

void wx_follow_again(WxFollow *follow, pid_t pid) {
  for (size_t i = 0; i < follow->count; ++i)
    if (follow->items[i].pid == pid)
      follow->items[i].left = follow->items[i].interval = 0;
}

void wx_follow_close(WxFollow *follow) {
  if (follow->proc >= 0)
    wx_os_close_reader(follow->proc);
  follow->proc = -1;
  free(follow->items);
  follow->items = NULL;
  wx_listing_free(&follow->listing);
  wx_maps_free(&follow->maps);
  wx_memfds_free(&follow->memfds);
  wx_identity_free(&follow->identity);
  wx_fair_free(&follow->turns);
}
