/**
   @file fair_share.h
   Whose turn it is. Users share the time that the tool takes: who has had least of it comes next,
   whatever number of processes and files each has. A user's processes take turns, and so do the
   files of a process.

   Time counts from the moment at which a user asks for some: who asked for none meanwhile has
   nothing saved up, and who was served while nobody else wanted to be owes nothing.
*/
#ifndef WX_RECLAIM_FAIR_SHARE_H
#define WX_RECLAIM_FAIR_SHARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// What one user has had.
typedef struct {
  uint32_t user;
  unsigned lines;    ///< Said of its processes in this cycle.
  uint64_t spent_ns; ///< On the clock that all share.
} WxShare;

/// Start with {0}, end with wx_shares_free().
typedef struct {
  WxShare *items;
  size_t count;
  size_t capacity;
  uint64_t clock_ns; ///< What whoever was served last had had before.
} WxShares;

/// The share of a user; NULL where there is no memory. Valid until the next call.
WxShare *wx_shares_of(WxShares *shares, uint32_t user);

/// Counts time that a user's turn took. -ENOMEM where it could not be counted.
int wx_shares_charge(WxShares *shares, uint32_t user, uint64_t took_ns);

/// Forgets the users of whom nothing need be known. Called now and then: there can be many.
void wx_shares_tidy(WxShares *shares);

void wx_shares_free(WxShares *shares);

/// Somebody who wants a turn.
typedef struct {
  uint32_t user;
  pid_t pid;
  uint64_t served; ///< When it had its last one, on any clock; 0: never.
  size_t index;    ///< The caller's.
  size_t rank;     ///< Among those of its process.
} WxFairTurn;

/// Those of one user that have not had theirs yet.
typedef struct {
  size_t next;
  size_t end;
} WxFairGroup;

/// Start with {0}, end with wx_fair_queue_free(); wx_fair_queue_clear() begins anew.
typedef struct {
  WxFairTurn *items;
  size_t count;
  size_t capacity;
  WxFairGroup *groups;
  size_t group_count;
  size_t group_capacity;
} WxFairQueue;

void wx_fair_queue_clear(WxFairQueue *turns);

/// -ENOMEM with those that were there.
int wx_fair_queue_add(WxFairQueue *turns, uint32_t user, pid_t pid, uint64_t served, size_t index);

/// Puts all that were added in order. -ENOMEM.
int wx_fair_queue_begin(WxFairQueue *turns, WxShares *shares);

/// Whose turn it is: sets `*index` and returns true, or false where all have had theirs. The caller
/// charges the time.
bool wx_fair_queue_next(WxFairQueue *turns, WxShares *shares, size_t *index);

void wx_fair_queue_free(WxFairQueue *turns);

#endif
