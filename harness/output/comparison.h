/**
   @file comparison.h
   What got better or worse between two documents of the same kind (run, replay, validate, or bench
   of strategies).

   Results are matched by scenario or workload, strategy or mode, and model or runtime. Of run and
   replay these are exact: retained_bytes, mappings_peak and every count of system calls;
   minor_faults may vary by 1 %. So are those of a strategy in a bench whose system calls were
   counted, and what of it can be written. Of all kinds an expectation must not fail that held
   before, and no result may be missing. Everything else, times first of all, is for information;
   but ratios of a bench, which were measured in turns, may gate.
*/
#ifndef WX_OUTPUT_COMPARISON_H
#define WX_OUTPUT_COMPARISON_H

#include "output/load.h"
#include "output/table.h"
#include "stats/paired.h"

#include <jansson.h>
#include <stddef.h>

/// The outcome of one comparison.
typedef enum {
  WX_GATE_SAME,
  WX_GATE_BETTER,
  WX_GATE_WORSE, ///< Also a gated figure that became unknown.
  WX_GATE_INFO,
} WxGate;

enum { WX_GATES = WX_GATE_INFO + 1 };

/// What becomes of the ratios of a bench.
typedef enum {
  WX_RATIOS_SHOWN,
  WX_RATIOS_GATED, ///< Worse where the interval, of six rounds at least, lies above 1 by more than
                   ///< twice the noise.
  WX_RATIOS_LEFT_OUT,
} WxRatios;

typedef struct {
  json_t *rows;           ///< The contract's compare results; owned.
  size_t count[WX_GATES]; ///< How many of each outcome.
  size_t slower;          ///< Ratios that would be worse where they gated.
} WxComparison;

/// Compares two documents that wx_document_load() accepted. -EINVAL with `problem` set where they
/// cannot be compared, `names` being what the two are called there; -ENOMEM.
int wx_compare(const json_t *base, const json_t *now, const char *const names[2], WxRatios ratios,
               WxComparison *comparison, char problem[WX_PROBLEM]);

/// Adds a row on what takes longer or shorter: `ratio` of it, measured in turns, and the noise of
/// the same turns. It gates as WxRatios says. `subject` has the names; both values are taken over.
int wx_compare_add_ratio(WxComparison *comparison, const json_t *subject, const char *metric,
                         json_t *base, json_t *now, const WxPaired *paired, WxRatios ratios);

void wx_comparison_free(WxComparison *comparison);

/// The rows that got worse and then those that got better as a table. NULL where memory ran out.
WxTable *wx_comparison_table(const char *title, const json_t *rows);

/// The other rows that are not the same on both sides, times first of all, as a folded table.
WxTable *wx_comparison_information(const json_t *rows);

#endif
