/**
   @file compare.h
   What got better or worse between two documents of the same kind (run, replay or validate).

   Results are matched by scenario or workload, strategy or mode, and model or runtime. Of run and
   replay these are exact: retained_bytes, mappings_peak and every count of system calls;
   minor_faults may vary by 1 %. Of all kinds an expectation must not fail that held before, and no
   result may be missing. Everything else, times first of all, is for information.
*/
#ifndef WX_OUTPUT_COMPARE_H
#define WX_OUTPUT_COMPARE_H

#include "output/load.h"
#include "output/table.h"

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

typedef struct {
  json_t *rows;           ///< The contract's compare results; owned.
  size_t count[WX_GATES]; ///< How many of each outcome.
} WxComparison;

/// Compares two documents that wx_document_load() accepted. -EINVAL with `problem` set where they
/// cannot be compared, `names` being what the two are called there; -ENOMEM.
int wx_compare(const json_t *base, const json_t *now, const char *const names[2],
               WxComparison *comparison, char problem[WX_PROBLEM]);

void wx_comparison_free(WxComparison *comparison);

/// The rows that got worse and then those that got better as a table. NULL where memory ran out.
WxTable *wx_comparison_table(const char *title, const json_t *rows);

/// The other rows that are not the same on both sides, times first of all, as a folded table.
WxTable *wx_comparison_information(const json_t *rows);

#endif
