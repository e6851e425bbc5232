// Pipe tables, numbers aligned to the right, for a README or a CI summary.
#include "output/format.h"

// Writes a cell so that it cannot end the row or become markup.
static void write_cell(FILE *stream, const char *text) {
  for (; *text; ++text) {
    if (*text == '|' || *text == '\\' || *text == '`' || *text == '*' || *text == '<')
      fputc('\\', stream);
    fputc(*text == '\n' || *text == '\r' ? ' ' : *text, stream);
  }
}

static void write_head(const WxTable *table, FILE *stream) {
  for (size_t i = 0; i < wx_table_columns(table); ++i) {
    fputs("| ", stream);
    write_cell(stream, wx_table_column(table, i).name);
    fputc(' ', stream);
  }
  fputs("|\n", stream);
  for (size_t i = 0; i < wx_table_columns(table); ++i)
    fputs(wx_table_column(table, i).type == WX_TEXT ? "| --- " : "| ---: ", stream);
  fputs("|\n", stream);
}

static void write_table(const WxTable *table, FILE *stream) {
  if (wx_table_title(table)) {
    fputs("### ", stream);
    write_cell(stream, wx_table_title(table));
    fputs("\n\n", stream);
  }
  write_head(table, stream);
  for (size_t row = 0; row < wx_table_rows(table); ++row) {
    for (size_t i = 0; i < wx_table_columns(table); ++i) {
      char buffer[WX_CELL_TEXT];
      fputs("| ", stream);
      write_cell(stream, wx_table_show(table, row, i, buffer));
      fputc(' ', stream);
    }
    fputs("|\n", stream);
  }
}

int wx_format_markdown(const WxDocument *document, FILE *stream) {
  for (size_t i = 0; i < document->table_count; ++i) {
    if (i > 0)
      fputc('\n', stream);
    write_table(document->tables[i], stream);
  }
  for (size_t i = 0; i < document->note_count; ++i) {
    if (i > 0 || document->table_count > 0)
      fputc('\n', stream);
    write_cell(stream, document->notes[i]);
    fputc('\n', stream);
  }
  return 0;
}
