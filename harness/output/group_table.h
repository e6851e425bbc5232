/**
   @file group_table.h
   What memory groups counted of the programs in them, and the smallest limits that were found: of
   the results of a `validate` document.
*/
#ifndef WX_OUTPUT_GROUP_TABLE_H
#define WX_OUTPUT_GROUP_TABLE_H

#include "output/document.h"

/// Adds the tables, and a sentence for each program that was killed; nothing where no result has a
/// group. Works on results read from a file, too.
void wx_group_add_tables(WxDocument *document);

#endif
