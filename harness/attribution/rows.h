/**
   @file rows.h
   The rows that a debugger shows for a module's interval, and what each really is.

   From maps the rows are made as createdump and SOS make them: reserved memory without a file is
   left out, neighbours of equal protection are joined, every gap becomes a row of its own, and a
   row has the name of the module whose interval holds its start. A core's segments are used as they
   are. Rows that SOS renames to heaps of the runtime are still in this list.
*/
#ifndef WX_ATTRIBUTION_ROWS_H
#define WX_ATTRIBUTION_ROWS_H

#include "attribution/modules.h"
#include "attribution/space.h"

/// One row.
typedef struct {
  uint64_t start;
  uint64_t end;
  int protection; ///< WX_READ | WX_WRITE | WX_EXECUTE, or WX_PROTECTION_NOTHING for a gap.
  WxOwnership really;
} WxRow;

/// The largest rows of a module, largest first. Start with {0}, end with wx_rows_free().
typedef struct {
  WxRow *items;
  size_t count;
  size_t capacity; ///< As many as are kept.
  size_t seen;     ///< All rows of the module, and
  uint64_t bytes;  ///< their bytes: what a debugger adds up under its name.
} WxRows;

/// Finds the rows of `module`, and keeps the `most` largest. Returns 0 or -ENOMEM.
int wx_rows_find(WxRows *rows, const WxSpace *space, const WxModules *modules,
                 const WxModule *module, size_t most);

/// "PAGE_EXECUTE_READ", "PAGE_UNKNOWN", ...
const char *wx_row_protection(int protection);

/// Writes what a row really is, largest part first: "glibc heap, committed 127.96".
void wx_row_really(const WxRow *row, char *text, size_t size);

void wx_rows_free(WxRows *rows);

#endif
