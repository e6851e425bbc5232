/**
   @file flat_table.h
   Any results as a table: one row each, one column per member that is no list.
*/
#ifndef WX_OUTPUT_FLAT_TABLE_H
#define WX_OUTPUT_FLAT_TABLE_H

#include "output/table.h"

#include <jansson.h>

/// Columns in the order in which members first appear; members of objects as `pauses.p99_ns`. The
/// end of a name is its unit: `_bytes`, `_ns`. `wanted`, ended by NULL, picks columns and their
/// order; NULL is all. NULL is returned where memory ran out.
WxTable *wx_flat_table(const char *title, const json_t *results, const char *const wanted[]);

#endif
