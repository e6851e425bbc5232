/**
   @file pauses.h
   The lengths of pauses, collected without allocating: a sidecar counts them for weeks, and while
   the target is frozen nothing may wait for memory.
*/
#ifndef WX_RECLAIM_PAUSES_H
#define WX_RECLAIM_PAUSES_H

#include "reclaim/reclaim.h"

#include <stdint.h>

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

#endif
