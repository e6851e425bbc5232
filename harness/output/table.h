/**
   @file table.h
   A table of typed cells, independent of how it is printed.

   Building is sticky: after a failed allocation the following calls do nothing, and
   wx_table_error() (or the document that takes the table) reports it once.
*/
#ifndef WX_OUTPUT_TABLE_H
#define WX_OUTPUT_TABLE_H

#include "stats/figure.h"

#include <stdbool.h>
#include <stddef.h>

/// What a column holds decides how its cells are aligned and written.
typedef enum {
  WX_TEXT,  ///< Left-aligned text.
  WX_COUNT, ///< A whole number.
  WX_ID,    ///< A whole number that is a name, such as a pid: its digits as they are.
  WX_BYTES, ///< Bytes; people see KiB or MiB, machines see bytes.
  WX_NS,    ///< Nanoseconds; people see us, ms or s, machines see nanoseconds.
  WX_RATIO, ///< A real number without a unit.
} WxCellType;

typedef struct {
  const char *name; ///< For people, such as "retained".
  WxCellType type;
} WxColumn;

/// The content of a cell; which member counts is up to the column's type.
typedef union {
  const char *text; ///< NULL is unknown.
  WxFigure figure;
  double ratio; ///< Not a number is unknown.
} WxCell;

static inline WxCell wx_text(const char *text) {
  return (WxCell){.text = text};
}
static inline WxCell wx_figure(WxFigure figure) {
  return (WxCell){.figure = figure};
}
static inline WxCell wx_ratio(double ratio) {
  return (WxCell){.ratio = ratio};
}

typedef struct WxTable WxTable;

/// A table without rows, NULL where memory ran out. `title` may be NULL. All text is copied as it
/// may be shown (shown.h), so that no format has to look at it again.
WxTable *wx_table_new(const char *title, const WxColumn columns[], size_t column_count);

/// Rows that are made each time they are looked at: `make` adds row number `row` to `into`, a table
/// of the same columns.
typedef struct {
  size_t rows;
  void (*make)(const void *context, size_t row, WxTable *into);
  const void *context; ///< Borrowed until the table is freed.
} WxMadeRows;

/// As wx_table_new(), of rows that are made. The text of a row is valid until another row is looked
/// at.
WxTable *wx_table_new_made(const char *title, const WxColumn columns[], size_t column_count,
                           const WxMadeRows *made);

/// Folds the table: formats for people show that it is there, and Markdown its rows on a click.
/// Accepts a NULL table.
void wx_table_fold(WxTable *table);
bool wx_table_folded(const WxTable *table);

/// Adds a row: one cell per column, in their order. Accepts a NULL table.
void wx_table_add(WxTable *table, const WxCell cells[]);

/// Frees the table. Accepts NULL.
void wx_table_free(WxTable *table);

/// Ends a look at rows that are made: frees the last of them. 0, or -ENOMEM where one was lost
/// since the last call; the next look may be whole.
int wx_table_end_look(WxTable *table);

/// 0, or -ENOMEM where the table is NULL or a row was lost.
int wx_table_error(const WxTable *table);

const char *wx_table_title(const WxTable *table);
size_t wx_table_columns(const WxTable *table);
size_t wx_table_rows(const WxTable *table);
WxColumn wx_table_column(const WxTable *table, size_t column);
WxCell wx_table_cell(const WxTable *table, size_t row, size_t column);

/// Room for any cell that is not text.
enum { WX_CELL_TEXT = 32 };

/// The cell for people: with its unit, `n/a` where unknown. Returns `buffer` or the cell's own
/// text.
const char *wx_table_show(const WxTable *table, size_t row, size_t column,
                          char buffer[WX_CELL_TEXT]);

/// The cell for machines: digits only, empty where unknown. Returns `buffer` or the cell's own
/// text.
const char *wx_table_raw(const WxTable *table, size_t row, size_t column,
                         char buffer[WX_CELL_TEXT]);

#endif
