#include "reclaim/fair_share.h"

#include "os/grow.h"

#include <errno.h>
#include <stdlib.h>

// Of whom something is kept in mind between two cycles.
enum { MOST_SHARES = 512 };

WxShare *wx_shares_of(WxShares *shares, uint32_t user) {
  for (size_t i = 0; i < shares->count; ++i)
    if (shares->items[i].user == user)
      return &shares->items[i];
  WxShare *items = wx_grown(shares->items, &shares->capacity, shares->count, sizeof *items);
  if (!items)
    return NULL;
  shares->items = items;
  items[shares->count] = (WxShare){.user = user, .spent_ns = shares->clock_ns};
  return &items[shares->count++];
}

int wx_shares_charge(WxShares *shares, uint32_t user, uint64_t took_ns) {
  WxShare *share = wx_shares_of(shares, user);
  if (!share)
    return -ENOMEM;
  share->spent_ns += took_ns;
  return 0;
}

static int by_time(const void *one, const void *other) {
  const WxShare *a = one, *b = other;
  return a->spent_ns < b->spent_ns ? -1 : a->spent_ns > b->spent_ns;
}

// Where new users come all the time, the clock stands still and everybody seems to have had more:
// it is put forward, past those who have had least.
static void put_forward(WxShares *shares) {
  qsort(shares->items, shares->count, sizeof *shares->items, by_time);
  shares->clock_ns = shares->items[shares->count - MOST_SHARES / 2].spent_ns;
}

// Whoever comes back with no more than the clock shows begins at the clock, as a new one does.
static void forget(WxShares *shares) {
  size_t kept = 0;
  for (size_t i = 0; i < shares->count; ++i)
    if (shares->items[i].spent_ns > shares->clock_ns)
      shares->items[kept++] = shares->items[i];
  shares->count = kept;
}

void wx_shares_tidy(WxShares *shares) {
  forget(shares);
  if (shares->count <= MOST_SHARES)
    return;
  put_forward(shares);
  forget(shares);
}

void wx_shares_free(WxShares *shares) {
  free(shares->items);
  *shares = (WxShares){0};
}

void wx_fair_queue_clear(WxFairQueue *turns) {
  turns->count = turns->group_count = 0;
}

int wx_fair_queue_add(WxFairQueue *turns, uint32_t user, pid_t pid, uint64_t served, size_t index) {
  WxFairTurn *items = wx_grown(turns->items, &turns->capacity, turns->count, sizeof *items);
  if (!items)
    return -ENOMEM;
  turns->items = items;
  items[turns->count++] = (WxFairTurn){.user = user, .pid = pid, .served = served, .index = index};
  return 0;
}

static int compare(uint64_t a, uint64_t b) {
  return a < b ? -1 : a > b;
}

static int by_process(const void *one, const void *other) {
  const WxFairTurn *a = one, *b = other;
  const int processes = compare((uint64_t)a->pid, (uint64_t)b->pid);
  const int served = compare(a->served, b->served);
  return processes ? processes : served ? served : compare(a->index, b->index);
}

// The first of each process before the second of any.
static int by_turn(const void *one, const void *other) {
  const WxFairTurn *a = one, *b = other;
  const int users = compare(a->user, b->user);
  const int ranks = compare(a->rank, b->rank);
  const int served = compare(a->served, b->served);
  return users ? users : ranks ? ranks : served ? served : compare(a->index, b->index);
}

static int add_group(WxFairQueue *turns, size_t first) {
  WxFairGroup *groups =
      wx_grown(turns->groups, &turns->group_capacity, turns->group_count, sizeof *groups);
  if (!groups)
    return -ENOMEM;
  turns->groups = groups;
  groups[turns->group_count++] = (WxFairGroup){first, first};
  return 0;
}

int wx_fair_queue_begin(WxFairQueue *turns, WxShares *shares) {
  WxFairTurn *items = turns->items;
  turns->group_count = 0;
  if (!turns->count)
    return 0;
  qsort(items, turns->count, sizeof *items, by_process);
  for (size_t i = 0; i < turns->count; ++i)
    items[i].rank = i > 0 && items[i].pid == items[i - 1].pid ? items[i - 1].rank + 1 : 0;
  qsort(items, turns->count, sizeof *items, by_turn);
  for (size_t i = 0; i < turns->count; ++i) {
    if (i == 0 || items[i].user != items[i - 1].user) {
      WxShare *share = wx_shares_of(shares, items[i].user);
      if (!share || add_group(turns, i))
        return -ENOMEM;
      if (share->spent_ns < shares->clock_ns)
        share->spent_ns = shares->clock_ns;
    }
    ++turns->groups[turns->group_count - 1].end;
  }
  return 0;
}

bool wx_fair_queue_next(WxFairQueue *turns, WxShares *shares, size_t *index) {
  WxFairGroup *best = NULL;
  uint64_t least = 0;
  for (size_t i = 0; i < turns->group_count; ++i) {
    WxFairGroup *group = &turns->groups[i];
    if (group->next == group->end)
      continue;
    const WxShare *share = wx_shares_of(shares, turns->items[group->next].user);
    const uint64_t spent = share ? share->spent_ns : UINT64_MAX;
    if (!best || spent < least) {
      best = group;
      least = spent;
    }
  }
  if (!best)
    return false;
  if (least > shares->clock_ns && least != UINT64_MAX)
    shares->clock_ns = least;
  *index = turns->items[best->next++].index;
  return true;
}

void wx_fair_queue_free(WxFairQueue *turns) {
  free(turns->items);
  free(turns->groups);
  *turns = (WxFairQueue){0};
}
