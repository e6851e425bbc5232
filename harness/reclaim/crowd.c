#include "reclaim/crowd.h"

#include "os/grow.h"
#include "os/text.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static size_t count_of_user(const WxCrowd *crowd, uint32_t user) {
  size_t count = 0;
  for (size_t i = 0; i < crowd->count; ++i)
    count += crowd->items[i]->user == user;
  return count;
}

// The newest of the user who has most, if that is more than another one of `user` would have.
static WxWatched *one_too_many(const WxCrowd *crowd, uint32_t user) {
  size_t most = count_of_user(crowd, user) + 1;
  WxWatched *found = NULL;
  for (size_t i = crowd->count; i-- > 0;) {
    WxWatched *watched = crowd->items[i];
    if (watched->user == user || (found && watched->user == found->user))
      continue;
    const size_t count = count_of_user(crowd, watched->user);
    if (count > most) {
      most = count;
      found = watched;
    }
  }
  return found;
}

// Whether it is watched through this process, or well through another one.
static bool is_known(const WxCrowd *crowd, pid_t pid, const WxMemfd *memfd) {
  for (size_t i = 0; i < crowd->count; ++i) {
    WxWatched *watched = crowd->items[i];
    if (!wx_file_id_equal(watched->memfd.id, memfd->id))
      continue;
    if (watched->pid == pid)
      watched->memfd.number = memfd->number; // It may have it under another one by now.
    if (watched->pid == pid || !watched->refused[0])
      return true;
  }
  return false;
}

static size_t count_of_process(const WxCrowd *crowd, pid_t pid) {
  size_t count = 0;
  for (size_t i = 0; i < crowd->count; ++i)
    count += crowd->items[i]->pid == pid;
  return count;
}

int wx_crowd_add(WxCrowd *crowd, const WxFollowed *process, const WxMemfd *memfd, size_t most,
                 WxWatched **leaves) {
  *leaves = NULL;
  if (is_known(crowd, process->pid, memfd))
    return WX_CROWD_KNOWN;
  if (count_of_process(crowd, process->pid) >= WX_FOLLOW_FILES)
    return WX_CROWD_FULL;
  if (crowd->count >= most) {
    *leaves = one_too_many(crowd, process->user);
    return WX_CROWD_FULL;
  }
  WxWatched **items = wx_grown(crowd->items, &crowd->capacity, crowd->count, sizeof(WxWatched *));
  if (!items)
    return -ENOMEM;
  crowd->items = items;
  WxWatched *watched = malloc(sizeof *watched);
  if (!watched)
    return -ENOMEM;
  wx_watched_begin(watched, process->pid, process->user, memfd);
  items[crowd->count++] = watched;
  return WX_CROWD_NEW;
}

void wx_crowd_remove(WxCrowd *crowd, WxWatched *watched) {
  for (size_t i = 0; i < crowd->count; ++i) {
    if (crowd->items[i] != watched)
      continue;
    --crowd->count;
    memmove(&crowd->items[i], &crowd->items[i + 1], (crowd->count - i) * sizeof(WxWatched *));
    break;
  }
  wx_watched_end(watched);
  free(watched);
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
static size_t count_open(const WxCrowd *crowd, const WxWatched *kept, WxWatched **oldest) {
  size_t open = 0;
  *oldest = NULL;
  for (size_t i = 0; i < crowd->count; ++i) {
    WxWatched *watched = crowd->items[i];
    open += watched->open;
    if (watched->open && watched != kept && (!*oldest || watched->served < (*oldest)->served))
      *oldest = watched;
  }
  return open;
}

int wx_crowd_close_some(WxCrowd *crowd, const WxWatched *kept, size_t most_open,
                        size_t most_descriptors) {
  for (;;) {
    WxWatched *oldest;
    const size_t open = count_open(crowd, kept, &oldest);
    if (!oldest || (open <= most_open && descriptors() <= most_descriptors))
      return 0;
    const int failed = wx_watched_close(oldest);
    if (failed)
      return failed;
  }
}

void wx_crowd_free(WxCrowd *crowd) {
  while (crowd->count)
    wx_crowd_remove(crowd, crowd->items[crowd->count - 1]);
  free(crowd->items);
  *crowd = (WxCrowd){0};
}
