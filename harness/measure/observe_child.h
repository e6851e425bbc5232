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
  WxStepCallback *on_step;
  void *context;      ///< Of both.
  const int *error;   ///< In the report: what the child says went wrong, a negative errno, or 0.
  const char *said;   ///< In the report: the same in words. NULL or "" leaves it to the errno.
  bool without_steps; ///< It may end well without having said a step.
} WxChildOrder;

/// Maps `size` bytes for a report, zeroed, which a child shares; they are no part of what is
/// measured and not counted. NULL where there is no memory.
void *wx_child_report_new(size_t size);
void wx_child_report_free(void *report, size_t size);

/// Plays to the end. Returns 0, or a negative errno with the reason in `problem`, one line, where
/// the child could not be started, failed, or did not get to its end. `observed` is filled as far
/// as it went and holds nothing to be freed.
int wx_observe_child(const WxChildOrder *order, WxObserved *observed, char *problem, size_t size);

#endif
