/**
   @file paired_table.h
   Times of variants that were measured in turns, as rows for people and numbers for machines.
*/
#ifndef WX_OUTPUT_PAIRED_TABLE_H
#define WX_OUTPUT_PAIRED_TABLE_H

#include "output/document.h"
#include "stats/paired.h"

#include <jansson.h>

/// A table without rows: `title`, and ratios to `base` (a mode). NULL where memory ran out.
WxTable *wx_paired_table(const char *title, const char *base);

/// Adds a row. What is not a number is unknown.
void wx_paired_table_add(WxTable *table, const char *workload, const char *mode,
                         const char *runtime, const WxPaired *paired);

/// An object with the numbers: ratio, ci_low, ci_high, n, noise, more_ms, more_ms_low,
/// more_ms_high, median_s. NULL where memory ran out.
json_t *wx_paired_json(const WxPaired *paired);

/// The numbers of such an object, which may come from a file.
WxPaired wx_paired_read(const json_t *object);

/// Adds a table of times, one of processor times, and a sentence for each mode, where results of
/// the document (read from a file or not) were measured in turns: where they have `time`.
void wx_paired_add_tables(WxDocument *document);

#endif
