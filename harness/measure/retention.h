/**
   @file retention.h
   When orphaned pages are called retained: one rule for every verdict.
*/
#ifndef WX_MEASURE_RETENTION_H
#define WX_MEASURE_RETENTION_H

#include "stats/figure.h"

/// Less than this is what any program has.
enum { WX_RETAINED_LEAST_BYTES = 8 * 1024 * 1024 };

/// Whether so much of the allocated bytes is mapped nowhere that releasing, not use, explains the
/// size of the file: at least 8 MiB and at least a quarter.
static inline bool wx_is_retained(WxFigure orphaned_bytes, WxFigure allocated_bytes) {
  return wx_known(orphaned_bytes) && wx_known(allocated_bytes) &&
         orphaned_bytes >= WX_RETAINED_LEAST_BYTES &&
         orphaned_bytes >= allocated_bytes / 4 + (allocated_bytes % 4 != 0);
}

#endif
