// Pipe tables, numbers aligned to the right, for a README or a CI summary.
#include "output/format.h"
#include "output/markup.h"

#include <string.h>

static void write_head(const WxTable *table, FILE *stream) {
  for (size_t i = 0; i < wx_table_columns(table); ++i) {
    fputs("| ", stream);
    wx_markup_markdown(stream, wx_table_column(table, i).name);
    fputc(' ', stream);
  }
  fputs("|\n", stream);
  for (size_t i = 0; i < wx_table_columns(table); ++i)
    fputs(wx_table_column(table, i).type == WX_TEXT ? "| --- " : "| ---: ", stream);
  fputs("|\n", stream);
}

static void write_table(const WxTable *table, FILE *stream) {
  const bool folded = wx_table_folded(table);
  if (folded)
    fprintf(stream, "<details><summary>%zu rows: %s</summary>\n\n", wx_table_rows(table),
            wx_table_title(table));
  else if (wx_table_title(table)) {
    fputs("### ", stream);
    wx_markup_markdown(stream, wx_table_title(table));
    fputs("\n\n", stream);
  }
  write_head(table, stream);
  for (size_t row = 0; row < wx_table_rows(table); ++row) {
    for (size_t i = 0; i < wx_table_columns(table); ++i) {
      char buffer[WX_CELL_TEXT];
      fputs("| ", stream);
      wx_markup_markdown(stream, wx_table_show(table, row, i, buffer));
      fputc(' ', stream);
    }
    fputs("|\n", stream);
  }
  if (folded)
    fputs("\n</details>\n", stream);
}

// Paragraphs, with an empty line between whatever stands above and each.
static void write_notes(const WxDocument *document, size_t from, size_t to, bool above,
                        FILE *stream) {
  for (size_t i = from; i < to; ++i, above = true) {
    if (above)
      fputc('\n', stream);
    if (*document->notes[i] && strchr("#>+-=~", *document->notes[i])) // No heading, list or quote.
      fputc('\\', stream);
    wx_markup_markdown(stream, document->notes[i]);
    fputc('\n', stream);
  }
}

int wx_format_markdown(const WxDocument *document, FILE *stream) {
  write_notes(document, 0, document->lead_count, false, stream);
  for (size_t i = 0; i < document->table_count; ++i) {
    if (i > 0 || document->lead_count)
      fputc('\n', stream);
    write_table(document->tables[i], stream);
  }
  write_notes(document, document->lead_count, document->note_count,
              document->lead_count || document->table_count, stream);
  return 0;
}
