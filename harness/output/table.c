#include "output/table.h"

#include "output/shown.h"
#include "stats/units.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct WxTable {
  char *title;
  size_t columns;
  WxColumn *column;
  size_t rows;
  size_t capacity; ///< In rows.
  WxCell *cell;    ///< Row by row.
  bool lost;
  bool folded;
  WxMadeRows made;
  WxTable *window; ///< Where rows are made: it holds the row that was looked at last,
  size_t number;   ///< and that row's number.
};

// Copies text that may be NULL, as it may be shown. Returns false where memory ran out.
static bool copy_text(const char **to, const char *text) {
  *to = text ? wx_shown(text) : NULL;
  return *to || !text;
}

WxTable *wx_table_new(const char *title, const WxColumn columns[], size_t column_count) {
  WxTable *table = calloc(1, sizeof *table);
  if (!table)
    return NULL;
  const char *copy = NULL;
  table->lost = !copy_text(&copy, title);
  table->title = (char *)copy;
  table->column = calloc(column_count, sizeof *table->column);
  if (table->column)
    table->columns = column_count;
  for (size_t i = 0; i < table->columns; ++i) {
    table->column[i].type = columns[i].type;
    if (!copy_text(&table->column[i].name, columns[i].name))
      table->lost = true;
  }
  if (table->lost || !table->column) {
    wx_table_free(table);
    return NULL;
  }
  return table;
}

static bool grow(WxTable *table) {
  if (table->rows < table->capacity)
    return true;
  const size_t wanted = table->capacity ? 2 * table->capacity : 16;
  WxCell *cells = reallocarray(table->cell, wanted * table->columns, sizeof *cells);
  if (!cells)
    return false;
  table->cell = cells;
  table->capacity = wanted;
  return true;
}

void wx_table_add(WxTable *table, const WxCell cells[]) {
  if (!table || table->lost)
    return;
  if (!grow(table)) {
    table->lost = true;
    return;
  }
  WxCell *row = table->cell + table->rows * table->columns;
  for (size_t i = 0; i < table->columns; ++i) {
    row[i] = cells[i];
    if (table->column[i].type == WX_TEXT && !copy_text(&row[i].text, cells[i].text))
      table->lost = true;
  }
  ++table->rows;
}

WxTable *wx_table_new_made(const char *title, const WxColumn columns[], size_t column_count,
                           const WxMadeRows *made) {
  WxTable *table = wx_table_new(title, columns, column_count);
  if (!table)
    return NULL;
  table->made = *made;
  table->window = wx_table_new(NULL, columns, column_count);
  if (table->window)
    return table;
  wx_table_free(table);
  return NULL;
}

static void forget_rows(WxTable *table) {
  for (size_t i = 0; i < table->columns; ++i)
    for (size_t row = 0; table->column[i].type == WX_TEXT && row < table->rows; ++row)
      free((char *)table->cell[row * table->columns + i].text);
  table->rows = 0;
}

// Makes a row in the window, where it is not there.
static WxCell made_cell(const WxTable *table, size_t row, size_t column) {
  WxTable *window = table->window;
  if (!window->rows || window->number != row) {
    forget_rows(window);
    table->made.make(table->made.context, row, window);
    window->number = row;
  }
  static const WxCell nothing = {0};
  if (window->lost) // The end of the look says so.
    return nothing;
  return window->cell[column];
}

int wx_table_end_look(WxTable *table) {
  WxTable *window = table->window;
  if (!window)
    return 0;
  const bool lost = window->lost;
  forget_rows(window);
  window->lost = false;
  return lost ? -ENOMEM : 0;
}

void wx_table_fold(WxTable *table) {
  if (table)
    table->folded = true;
}

bool wx_table_folded(const WxTable *table) {
  return table->folded;
}

void wx_table_free(WxTable *table) {
  if (!table)
    return;
  wx_table_free(table->window);
  forget_rows(table);
  for (size_t i = 0; i < table->columns; ++i)
    free((char *)table->column[i].name);
  free(table->cell);
  free(table->column);
  free(table->title);
  free(table);
}

int wx_table_error(const WxTable *table) {
  return !table || table->lost ? -ENOMEM : 0;
}

const char *wx_table_title(const WxTable *table) {
  return table->title;
}

size_t wx_table_columns(const WxTable *table) {
  return table->columns;
}

size_t wx_table_rows(const WxTable *table) {
  return table->window ? table->made.rows : table->rows;
}

WxColumn wx_table_column(const WxTable *table, size_t column) {
  return table->column[column];
}

WxCell wx_table_cell(const WxTable *table, size_t row, size_t column) {
  return table->window ? made_cell(table, row, column) : table->cell[row * table->columns + column];
}

const char *wx_table_show(const WxTable *table, size_t row, size_t column,
                          char buffer[WX_CELL_TEXT]) {
  const WxCell cell = wx_table_cell(table, row, column);
  switch (table->column[column].type) {
  case WX_TEXT:
    return cell.text ? cell.text : "n/a";
  case WX_COUNT:
    return wx_units_format_count(buffer, cell.figure);
  case WX_ID:
    return wx_known(cell.figure) ? wx_table_raw(table, row, column, buffer) : "n/a";
  case WX_BYTES:
    return wx_units_format_bytes(buffer, cell.figure);
  case WX_NS:
    return wx_units_format_ns(buffer, cell.figure);
  case WX_RATIO:
    return wx_units_format_ratio(buffer, cell.ratio);
  }
  return "";
}

const char *wx_table_raw(const WxTable *table, size_t row, size_t column,
                         char buffer[WX_CELL_TEXT]) {
  const WxCell cell = wx_table_cell(table, row, column);
  buffer[0] = '\0';
  if (table->column[column].type == WX_TEXT)
    return cell.text ? cell.text : buffer;
  if (table->column[column].type != WX_RATIO) {
    if (wx_known(cell.figure))
      snprintf(buffer, WX_CELL_TEXT, "%" PRIi64, cell.figure);
  } else if (isfinite(cell.ratio)) {
    snprintf(buffer, WX_CELL_TEXT, "%.6g", cell.ratio);
  }
  return buffer;
}
