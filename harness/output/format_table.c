// Aligned columns, by libsmartcols; then the notes.
#include "output/format.h"

#include <errno.h>
#include <libsmartcols/libsmartcols.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static int fill_row(struct libscols_table *printed, const WxTable *table, size_t row) {
  struct libscols_line *line = scols_table_new_line(printed, NULL);
  if (!line)
    return -ENOMEM;
  for (size_t column = 0; column < wx_table_columns(table); ++column) {
    char buffer[WX_CELL_TEXT];
    const int error = scols_line_set_data(line, column, wx_table_show(table, row, column, buffer));
    if (error)
      return error;
  }
  return 0;
}

static int fill(struct libscols_table *printed, const WxTable *table) {
  for (size_t i = 0; i < wx_table_columns(table); ++i) {
    const WxColumn column = wx_table_column(table, i);
    if (!scols_table_new_column(printed, column.name, 0,
                                column.type == WX_TEXT ? 0 : SCOLS_FL_RIGHT))
      return -ENOMEM;
  }
  for (size_t row = 0; row < wx_table_rows(table); ++row) {
    const int error = fill_row(printed, table, row);
    if (error)
      return error;
  }
  return 0;
}

// libsmartcols prints nothing in place of a cell that it has no memory for. It takes that memory
// for the first cell and keeps it, so that is the one to look at: as far as it is plain, since what
// else is printed depends on the locale.
static bool has_first_heading(const char *text, const char *heading) {
  text += strspn(text, " ");
  heading += strspn(heading, " ");
  for (; *heading > ' ' && *heading < 127 && *heading != '\\'; ++heading, ++text)
    if (*text != *heading)
      return false;
  return true;
}

static int print_whole(struct libscols_table *printed, const WxTable *table, FILE *stream) {
  char *text = NULL;
  int error = scols_print_table_to_string(printed, &text);
  if (!error && (!text || (*text && !has_first_heading(text, wx_table_column(table, 0).name))))
    error = -ENOMEM;
  if (!error && *text)
    fprintf(stream, "%s\n", text);
  free(text);
  return error;
}

static int print(const WxTable *table, FILE *stream) {
  if (wx_table_columns(table) == 0)
    return 0; // Of no results: libsmartcols refuses a table without columns.
  struct libscols_table *printed = scols_new_table();
  if (!printed)
    return -ENOMEM;
  // A cut number would be a wrong number: never fit the table to the terminal.
  scols_table_set_termforce(printed, SCOLS_TERMFORCE_NEVER);
  int error = scols_table_set_column_separator(printed, "  ");
  if (!error)
    error = fill(printed, table);
  if (!error && wx_table_title(table))
    fprintf(stream, "%s\n", wx_table_title(table));
  if (!error)
    error = print_whole(printed, table, stream);
  scols_unref_table(printed);
  return error;
}

// libsmartcols prints nothing of a table without rows.
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
