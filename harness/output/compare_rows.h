/**
   @file compare_rows.h
   The rows of a comparison: what two results of one name say about each other. Used by compare.c.
*/
#ifndef WX_OUTPUT_COMPARE_ROWS_H
#define WX_OUTPUT_COMPARE_ROWS_H

#include "output/compare.h"

#include <stdbool.h>

/// A comparison under way.
typedef struct {
  WxComparison *comparison;
  bool gated; ///< run, replay and bench; figures of a real program vary too much.
  bool bench; ///< Of strategies.
  bool lost;  ///< Memory ran out.
  WxRatios ratios;
} WxComparing;

/// Appends a row named as `subject` and takes ownership of the two values. Returns the row, owned
/// by the comparison, or NULL where memory ran out.
json_t *wx_compare_add(WxComparing *comparing, const json_t *subject, const char *metric,
                       json_t *base, json_t *now, WxGate gate);

/// Appends all rows of two results of one name.
void wx_compare_pair(WxComparing *comparing, const json_t *base, const json_t *now);

/// Appends a row on a ratio that was measured in turns, with its noise; gates as `ratios` says.
void wx_compare_ratio(WxComparing *comparing, const json_t *subject, const char *metric,
                      json_t *base, json_t *now, const WxInterval *ratio, double noise);

/// Whether there is something to compare: it was neither skipped nor ended before its end.
bool wx_compare_ran(const json_t *result);

/// "present", "skipped: REASON" or "not finished: REASON", as a new value.
json_t *wx_compare_presence(const json_t *result);

#endif
