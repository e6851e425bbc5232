/**
   @file contest.h
   Strategies side by side at one kind of work: each does it once in every round, in rotated order
   (stats/turns.h), in a process of its own; compared are pairs of one round.
*/
#ifndef WX_BENCH_CONTEST_H
#define WX_BENCH_CONTEST_H

#include "bench/work.h"
#include "stats/paired.h"

#include <stddef.h>

enum { WX_CONTENDERS = 32, WX_COUNTED = 64 };

/// One of them. The first is the base, the second the base once more: the noise.
typedef struct {
  WxWorkSubject subject;
  const char *skipped; ///< Why it takes no part, NULL where it does.
  bool left;           ///< It did not run to its end once; `ended` says how.
  WxEnded ended;
  uint64_t operations;  ///< In each round.
  double *seconds;      ///< For an operation, one a round.
  double *alone;        ///< The same by one thread, where `work` has that.
  WxWorkReport report;  ///< The last one.
  WxWorkReport counted; ///< That of the first run, whose counters are of WX_COUNTED operations.
} WxContender;

/// Start with `work`, `time_limit_ns`, `most_rounds` and wx_contest_add(); end with
/// wx_contest_free().
typedef struct {
  const WxWork *work;
  uint64_t time_limit_ns; ///< Of one contender in one round.
  WxContender contenders[WX_CONTENDERS];
  size_t count;
  size_t most_rounds;
  size_t rounds; ///< Whole ones so far.
} WxContest;

/// Adds one; `skipped` says why it takes no part, unless it is NULL. Returns 0, -ENOMEM, or -E2BIG.
int wx_contest_add(WxContest *contest, WxWorkSubject subject, const char *skipped);

/// Finds how many operations of contender `index` take about `slice_ns`. Returns 0 or a negative
/// errno.
int wx_contest_calibrate(WxContest *contest, size_t index, uint64_t slice_ns);

/// Makes one round. One that does not run to its end leaves. Returns 0; or a negative errno, and
/// the round does not count: -ENODATA where the base has left.
int wx_contest_round(WxContest *contest);

/// Compares contender `index` with the base. -ENODATA where one of them has left, or without a
/// round; -ENOMEM.
int wx_contest_compare(const WxContest *contest, size_t index, WxPaired *paired);

/// How many times the operations of one thread several do in the same time: contender `index`,
/// pairs of one round. -ENODATA where it has left, without a round, or where the work is for one
/// thread; -ENOMEM.
int wx_contest_scale(const WxContest *contest, size_t index, WxInterval *scaling);

void wx_contest_free(WxContest *contest);

#endif
