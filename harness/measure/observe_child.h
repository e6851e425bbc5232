/**
   @file observe_child.h
   A part of this program played in a child process of its own and observed at its steps, with a
   report in memory that both map.
*/
#ifndef WX_MEASURE_OBSERVE_CHILD_H
#define WX_MEASURE_OBSERVE_CHILD_H

#include "measure/observe.h"

/// What is played, and how it is looked at.
typedef struct {
  int (*play)(WxStepChannel channel, void *context); ///< Its result is the exit status.
  const WxFresh *fresh; ///< Instead of `play`: what is played in a process executed for it.
  WxStepCallback *on_step;
  void *context;      ///< Of both.
  const int *error;   ///< In the report: what the child says went wrong, a negative errno, or 0.
  const char *said;   ///< In the report: the same in words. NULL or "" leaves it to the errno.
  bool without_steps; ///< It may end well without having said a step.
  uint64_t time_limit_ns; ///< 0: none.
} WxChildOrder;

/// A part that is played in a process executed for it (fresh.h) and says no steps; its order, and
/// room for its report, which begins with an `int` as `error` above.
typedef struct {
  WxFreshPlay *play;
  const void *order;
  size_t order_size;
  void *report;
  size_t report_size;
  size_t said_at;         ///< Where in the report `said` stands; 0: nowhere.
  uint64_t time_limit_ns; ///< 0: none.
} WxFreshPart;

/// Plays it to the end and copies its report; `ended` is as below. Returns 0, or a negative errno
/// where it could not be begun.
int wx_observe_fresh(const WxFreshPart *part, WxEnded *ended);

/// Maps `size` bytes for a report, zeroed, which a child shares; they are no part of what is
/// measured and not counted. NULL where there is no memory.
void *wx_child_report_new(size_t size);
void wx_child_report_free(void *report, size_t size);

/// Plays to the end. `ended` says whether it got there: WX_ENDED_WELL, else why not, with `error`
/// where the child reported one. `observed` is filled as far as it went and holds nothing to be
/// freed.
void wx_observe_child(const WxChildOrder *order, WxObserved *observed, WxEnded *ended);

#endif
