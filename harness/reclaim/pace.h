/**
   @file pace.h
   How much fits into a pause, from what the last pauses took.
*/
#ifndef WX_RECLAIM_PACE_H
#define WX_RECLAIM_PACE_H

#include <stdint.h>

/// Running estimates, in nanoseconds.
typedef struct {
  uint64_t freeze_ns;
  uint64_t thaw_ns;
  uint64_t page_ns;  ///< To check and punch one page.
  uint64_t ready_ns; ///< To find out who holds the memfd, while all run.
} WxPace;

/// Before anything was measured.
WxPace wx_pace_default(void);

/// Draws a quarter of the way towards a new measurement, and the whole way where it is longer:
/// being late costs more than another pause.
void wx_pace_learn(uint64_t *estimate_ns, uint64_t measured_ns);

/// How many pages fit into a pause of `budget_ns` when the freeze takes no time: so many have to be
/// at hand, since how long it takes is known only afterwards.
uint64_t wx_pace_most_pages(const WxPace *pace, uint64_t budget_ns);

/// How many pages fit into a pause of `budget_ns`; at least 1.
uint64_t wx_pace_pages(const WxPace *pace, uint64_t budget_ns);

/// How long after the start of a pause the holders has to be still, and the work has to be done.
/// What is left, a quarter at least, is for the thaw and for what else the processor is taken for
/// (the host of a virtual machine asks nobody): so that the 99th percentile keeps within the
/// budget.
uint64_t wx_pace_freeze_limit(uint64_t budget_ns);
uint64_t wx_pace_work_limit(const WxPace *pace, uint64_t budget_ns);

/// How long after the start of a pause the kernel kills who holds the others: so that they go on
/// before the budget is over WX_RECLAIM_OVER times.
uint64_t wx_pace_death(uint64_t budget_ns);

#endif
