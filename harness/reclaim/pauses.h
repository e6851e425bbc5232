/**
   @file pauses.h
   Pauses: how long they were, and from that how much fits into the next one and when it has to end.

   They are counted without allocating: a sidecar counts them for weeks, and while the target is
   frozen nothing may wait for memory.
*/
#ifndef WX_RECLAIM_PAUSES_H
#define WX_RECLAIM_PAUSES_H

#include "reclaim/reclaim.h"

#include <stdint.h>

/* How long pauses were
 * -------------------------------------------------------------------------------------------------
 */

/// Each power of two is cut into this many classes, so that a class is at most 2 % wide.
enum { WX_PAUSE_PARTS = 64, WX_PAUSE_CLASSES = 40 * WX_PAUSE_PARTS };

/// Start with {0}. Up to 2^40 ns; longer ones count as the longest class (`max_ns` stays exact).
typedef struct WxPauseLog {
  uint64_t classes[WX_PAUSE_CLASSES];
  uint64_t count;
  uint64_t total_ns;
  uint64_t max_ns;
  uint64_t abandoned; ///< From here on as in WxPauses.
  uint64_t held_abandoned_ns;
  uint64_t over_budget;
  uint64_t late_max_ns;
  uint64_t rescued_bytes;
} WxPauseLog;

/// Counts one pause.
void wx_pauses_add(WxPauseLog *log, uint64_t length_ns);

/// Adds what `other` has counted.
void wx_pauses_merge(WxPauseLog *log, const WxPauseLog *other);

/// The summary; all 0 where no pause was counted.
WxPauses wx_pauses_summary(const WxPauseLog *log);

/// A length of the summary; unknown where no pause was counted.
static inline WxFigure wx_pauses_length(const WxPauses *pauses, uint64_t length_ns) {
  return pauses->count ? (WxFigure)length_ns : WX_UNKNOWN;
}

/* How much fits into the next one, and until when
 * -------------------------------------------------------------------------------------------------
 */

/// Running estimates, in nanoseconds.
typedef struct {
  uint64_t freeze_ns;
  uint64_t thaw_ns;
  uint64_t page_ns;  ///< To check and punch one page.
  uint64_t ready_ns; ///< To find out who holds the memfd, while all run.
} WxPausePlan;

/// Before anything was measured.
WxPausePlan wx_pause_plan(void);

/// Draws a quarter of the way towards a new measurement, and the whole way where it is longer:
/// being late costs more than another pause.
void wx_pause_learn(uint64_t *estimate_ns, uint64_t measured_ns);

/// How many pages fit into a pause of `budget_ns` when the freeze takes no time: so many have to be
/// at hand, since how long it takes is known only afterwards.
uint64_t wx_pause_most_pages(const WxPausePlan *plan, uint64_t budget_ns);

/// How many pages fit into a pause of `budget_ns`; at least 1.
uint64_t wx_pause_pages(const WxPausePlan *plan, uint64_t budget_ns);

/// How long after the start of a pause the holders have to be still, and the work has to be done.
/// What is left, a quarter at least, is for the thaw and for what else the processor is taken for
/// (the host of a virtual machine asks nobody): so that the 99th percentile keeps within the
/// budget.
uint64_t wx_pause_freeze_limit(uint64_t budget_ns);
uint64_t wx_pause_work_limit(const WxPausePlan *plan, uint64_t budget_ns);

/// How long after the start of a pause the kernel kills who holds the others: so that they go on
/// before the budget is over WX_RECLAIM_OVER times.
uint64_t wx_pause_death(uint64_t budget_ns);

#endif
