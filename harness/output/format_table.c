// Aligned columns; then the notes.
#include "output/format.h"
#include "output/width.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/// Between two columns.
enum { GAP = 2 };

// Text on the left, figures on the right; nothing follows the last text of a line.
static void put_cell(FILE *stream, const WxTable *table, size_t column, const char *text,
                     size_t width) {
  const size_t length = strlen(text);
  const size_t taken = wx_width(text, length);
  const int padding = taken < width ? (int)(width - taken) : 0;
  const bool last = column + 1 == wx_table_columns(table);
  if (wx_table_column(table, column).type != WX_TEXT)
    fprintf(stream, "%*s%s%*s", padding, "", text, last ? 0 : GAP, "");
  else
    fprintf(stream, "%s%*s", text, last ? 0 : padding + GAP, "");
}

// The columns each take what their widest cell takes: a cut number would be a wrong number.
static void measure(const WxTable *table, size_t widths[]) {
  for (size_t column = 0; column < wx_table_columns(table); ++column) {
    const char *name = wx_table_column(table, column).name;
    widths[column] = wx_width(name, strlen(name));
    for (size_t row = 0; row < wx_table_rows(table); ++row) {
      char buffer[WX_CELL_TEXT];
      const char *text = wx_table_show(table, row, column, buffer);
      const size_t width = wx_width(text, strlen(text));
      if (width > widths[column])
        widths[column] = width;
    }
  }
}

static void print_rows(const WxTable *table, const size_t widths[], FILE *stream) {
  const size_t columns = wx_table_columns(table);
  for (size_t i = 0; i < columns; ++i)
    put_cell(stream, table, i, wx_table_column(table, i).name, widths[i]);
  fputc('\n', stream);
  for (size_t row = 0; row < wx_table_rows(table); ++row) {
    for (size_t i = 0; i < columns; ++i) {
      char buffer[WX_CELL_TEXT];
      put_cell(stream, table, i, wx_table_show(table, row, i, buffer), widths[i]);
    }
    fputc('\n', stream);
  }
}

static int print(const WxTable *table, FILE *stream) {
  if (wx_table_columns(table) == 0)
    return 0; // Of no results.
  size_t *widths = calloc(wx_table_columns(table), sizeof *widths);
  if (!widths)
    return -ENOMEM;
  if (wx_table_title(table))
    fprintf(stream, "%s\n", wx_table_title(table));
  if (wx_table_rows(table)) {
    measure(table, widths);
    print_rows(table, widths, stream);
  }
  free(widths);
  return 0;
}

// Nothing is said of a table without rows, unless it has a title.
static bool is_shown(const WxTable *table) {
  return wx_table_rows(table) || wx_table_title(table);
}

int wx_format_table(const WxDocument *document, FILE *stream) {
  bool above = false;
  for (size_t i = 0; i < document->lead_count; ++i, above = true)
    fprintf(stream, "%s\n", document->notes[i]);
  for (size_t i = 0; i < document->table_count; ++i) {
    if (!is_shown(document->tables[i]))
      continue;
    if (above)
      fputc('\n', stream);
    above = true;
    if (wx_table_folded(document->tables[i])) {
      fprintf(stream, "%zu rows %s (--format markdown, csv or json shows them)\n",
              wx_table_rows(document->tables[i]), wx_table_title(document->tables[i]));
      continue;
    }
    const int error = print(document->tables[i], stream);
    if (error)
      return error;
  }
  for (size_t i = document->lead_count; i < document->note_count; ++i)
    fprintf(stream, "%s%s\n", i == document->lead_count && above ? "\n" : "", document->notes[i]);
  return 0;
}
