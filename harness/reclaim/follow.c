#include "reclaim/follow.h"

#include "os/os.h"
#include "reclaim/find.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

enum { LONGEST_INTERVAL = 64 };

// Asks one process. A process that has ended, is a kernel's or may not be asked has none.
static int ask(WxFollow *follow, pid_t pid,
               int (*found)(void *context, pid_t pid, const WxMemfd *memfd), void *context) {
  int result = wx_reclaim_look(&follow->memfds, pid, &follow->maps, follow->name);
  if (result)
    return result == -ENOMEM || result == -EMFILE || result == -ENFILE ? result : 0;
  for (size_t i = 0; i < follow->memfds.count && !result; ++i)
    result = found(context, pid, &follow->memfds.items[i]);
  if (follow->memfds.impostors && !result)
    result = found(context, pid, &follow->memfds.impostor);
  return result;
}

// What is known of the listed processes; the others have ended.
static int take_listing(WxFollow *follow) {
  const WxListing *listing = &follow->listing;
  WxFollowed *items = calloc(listing->count + 1, sizeof *items);
  if (!items)
    return -ENOMEM;
  size_t old = 0;
  for (size_t i = 0; i < listing->count; ++i) {
    const pid_t pid = listing->numbers[i];
    while (old < follow->count && follow->items[old].pid < pid)
      ++old;
    items[i] = old < follow->count && follow->items[old].pid == pid ? follow->items[old]
                                                                    : (WxFollowed){.pid = pid};
  }
  free(follow->items);
  follow->items = items;
  follow->count = listing->count;
  return 0;
}

int wx_follow_cycle(WxFollow *follow, int (*found)(void *context, pid_t pid, const WxMemfd *memfd),
                    void *context) {
  if (follow->proc < 0)
    follow->proc = wx_os_open("/proc", O_RDONLY | O_DIRECTORY, 0);
  int result = follow->proc < 0 ? follow->proc : 0;
  if (!result)
    result = wx_listing_read_growing(&follow->listing, follow->proc);
  if (!result)
    result = take_listing(follow);
  for (size_t i = 0; i < follow->count && !result; ++i) {
    WxFollowed *item = &follow->items[i];
    if (item->left > 0) {
      --item->left;
      continue;
    }
    item->interval = item->interval ? 2 * item->interval : 1;
    if (item->interval > LONGEST_INTERVAL)
      item->interval = LONGEST_INTERVAL;
    item->left = item->interval - 1;
    result = ask(follow, item->pid, found, context);
  }
  return result;
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
}
