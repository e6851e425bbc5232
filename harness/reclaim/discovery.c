#include "reclaim/discovery.h"

#include "measure/process_status.h"
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

void wx_discovery_sort(WxMemfds *memfds) {
  if (memfds->count > 1)
    qsort(memfds->items, memfds->count, sizeof *memfds->items, by_size);
}

// The files of a process, those that hold most first.
static int look(WxDiscovery *discovery, pid_t pid) {
  discovery->memfds.most = MOST_ASKED;
  discovery->maps.most_bytes = MOST_BYTES;
  const int result = wx_reclaim_look(&discovery->memfds, pid, &discovery->maps, discovery->name);
  wx_discovery_sort(&discovery->memfds);
  // Names of processes that have long ended would stay.
  if (discovery->maps.names.bytes > NAMES_KEPT)
    wx_maps_free(&discovery->maps);
  return result;
}

// A process that has ended or may not be asked has no files.
static int ask(WxDiscovery *discovery, const WxSelection *selection, WxSeenProcess *process,
               WxDiscoveryFound *found, void *context) {
  if (selection && selection->count &&
      (wx_identity_read(&discovery->identity, process->pid) ||
       !wx_selection_takes(selection, &discovery->identity)))
    return 0;
  int result = look(discovery, process->pid);
  if (result)
    return result == -ENOMEM || result == -EMFILE || result == -ENFILE ? result : 0;
  if ((discovery->memfds.count || discovery->memfds.impostors) &&
      wx_identity_is_ours(process->pid)) {
    ++discovery->ours;
    return 0;
  }
  if (discovery->memfds.count > WX_DISCOVERY_FILES && !process->many) {
    process->many = true;
    discovery->left_out += discovery->memfds.count - WX_DISCOVERY_FILES;
  }
  for (size_t i = 0; i < discovery->memfds.count && i < WX_DISCOVERY_FILES && !result; ++i)
    result = found(context, process, &discovery->memfds.items[i]);
  if (discovery->memfds.impostors && !result)
    result = found(context, process, &discovery->memfds.impostor);
  return result;
}

// A process may change its user, or another one get its number, while it is known.
static int note_user(WxDiscovery *discovery, WxSeenProcess *process) {
  WxProcessStatus status;
  const int failed = wx_process_status(&status, process->pid, &discovery->identity.text);
  if (!failed && wx_known(status.user))
    process->user = wx_identity_account(process->pid, (uint32_t)status.user);
  return failed == -ENOMEM ? failed : 0;
}

// What is known of the listed processes; the others have ended.
static int take_listing(WxDiscovery *discovery) {
  const WxListing *listing = &discovery->listing;
  WxSeenProcess *items = calloc(listing->count + 1, sizeof *items);
  if (!items)
    return -ENOMEM;
  int result = 0;
  size_t old = 0;
  for (size_t i = 0; i < listing->count && !result; ++i) {
    const pid_t pid = listing->numbers[i];
    while (old < discovery->count && discovery->items[old].pid < pid)
      ++old;
    if (old < discovery->count && discovery->items[old].pid == pid) {
      items[i] = discovery->items[old];
      continue;
    }
    items[i] = (WxSeenProcess){.pid = pid};
    result = note_user(discovery, &items[i]);
  }
  free(discovery->items);
  discovery->items = items;
  discovery->count = listing->count;
  return result;
}

// Those whose time has come want a turn.
static int queue(WxDiscovery *discovery, WxShares *shares) {
  wx_fair_queue_clear(&discovery->turns);
  int result = 0;
  for (size_t i = 0; i < discovery->count && !result; ++i) {
    WxSeenProcess *process = &discovery->items[i];
    if (process->left > 0)
      --process->left;
    else
      result = wx_fair_queue_add(&discovery->turns, process->user, process->pid, process->asked, i);
  }
  return result ? result : wx_fair_queue_begin(&discovery->turns, shares);
}

static int take_turn(WxDiscovery *discovery, const WxSelection *selection, WxShares *shares,
                     WxSeenProcess *process, WxDiscoveryFound *found, void *context) {
  const uint64_t began = wx_os_now_ns();
  process->interval = process->interval ? 2 * process->interval : 1;
  if (process->interval > LONGEST_INTERVAL)
    process->interval = LONGEST_INTERVAL;
  process->left = process->interval - 1;
  process->asked = discovery->cycles;
  int result = note_user(discovery, process);
  if (!result)
    result = ask(discovery, selection, process, found, context);
  const int failed = wx_shares_charge(shares, process->user, wx_os_now_ns() - began);
  return result ? result : failed;
}

int wx_discovery_cycle(WxDiscovery *discovery, const WxSelection *selection, WxShares *shares,
                       uint64_t most_ns, WxDiscoveryFound *found, void *context) {
  const uint64_t began = wx_os_now_ns();
  ++discovery->cycles;
  if (discovery->proc < 0)
    discovery->proc = wx_os_open("/proc", O_RDONLY | O_DIRECTORY, 0);
  int result = discovery->proc < 0 ? discovery->proc : 0;
  if (!result)
    result = wx_listing_read_growing(&discovery->listing, discovery->proc);
  if (!result)
    result = take_listing(discovery);
  if (!result)
    result = queue(discovery, shares);
  // One at least, however long it took to list them.
  size_t index;
  for (bool first = true; !result && (first || wx_os_now_ns() - began < most_ns); first = false) {
    if (!wx_fair_queue_next(&discovery->turns, shares, &index))
      break;
    result = take_turn(discovery, selection, shares, &discovery->items[index], found, context);
  }
  return result;
}

void wx_discovery_again(WxDiscovery *discovery, pid_t pid) {
  for (size_t i = 0; i < discovery->count; ++i)
    if (discovery->items[i].pid == pid)
      discovery->items[i].left = discovery->items[i].interval = 0;
}

void wx_discovery_close(WxDiscovery *discovery) {
  if (discovery->proc >= 0)
    wx_os_close_reader(discovery->proc);
  discovery->proc = -1;
  free(discovery->items);
  discovery->items = NULL;
  wx_listing_free(&discovery->listing);
  wx_maps_free(&discovery->maps);
  wx_memfds_free(&discovery->memfds);
  wx_identity_free(&discovery->identity);
  wx_fair_queue_free(&discovery->turns);
}
