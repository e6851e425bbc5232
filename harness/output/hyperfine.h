/**
   @file hyperfine.h
   The results of hyperfine, the program that times whole processes, as a table among ours.
*/
#ifndef WX_OUTPUT_HYPERFINE_H
#define WX_OUTPUT_HYPERFINE_H

#include "output/table.h"

#include <jansson.h>
#include <stdbool.h>

/// Whether a JSON document is one of `hyperfine --export-json`.
bool wx_is_hyperfine(const json_t *root);

/// A row a command: mean with its standard deviation, median, least, most, and processor time. NULL
/// where memory ran out.
WxTable *wx_hyperfine_table(const char *title, const json_t *root);

#endif
