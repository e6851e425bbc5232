// Aligned columns, broken to fit a narrow terminal; then the notes.
#include "output/format.h"
#include "output/width.h"
#include "output/wrap.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/// Between two columns, and before the further lines of a sentence.
enum { GAP = 2 };
/// Columns of the narrowest terminal that is written for.
enum { LEAST_WIDTH = 20 };

/// A text column is not made narrower than this for the sake of others.
enum { NARROWEST = 24 };

/// How the columns of a table stand beside each other.
typedef struct {
  const WxTable *table;
  size_t columns;
  size_t width;         ///< Of the terminal; 0 for any.
  size_t keys;          ///< So many columns name the row, and stand in each of several parts.
  size_t *wanted;       ///< Per column: what the widest cell takes.
  size_t *word;         ///< Less would break a word.
  size_t *least;        ///< Less would break a number, or a word that need not be broken.
  size_t *whole;        ///< Less would break a number; 0 for text.
  size_t *given;        ///< In the part that is printed, 0 for a column that is not in it.
  const char **pending; ///< Per column: what is left of the cell for the next line.
} Layout;

static void widen(size_t *width, size_t to) {
  if (to > *width)
    *width = to;
}

static bool is_text(const Layout *layout, size_t column) {
  return wx_table_column(layout->table, column).type == WX_TEXT;
}

// A cut number would be a wrong number; texts and headings may be broken between words.
static void measure_cell(Layout *layout, size_t row, size_t column) {
  char buffer[WX_CELL_TEXT];
  const char *text = wx_table_show(layout->table, row, column, buffer);
  const size_t width = wx_width(text, strlen(text));
  widen(&layout->wanted[column], width);
  if (is_text(layout, column))
    widen(&layout->word[column], wx_wrap_word(text));
  else
    widen(&layout->whole[column], width);
}

static void measure_name(Layout *layout, size_t column) {
  const char *name = wx_table_column(layout->table, column).name;
  layout->wanted[column] = wx_width(name, strlen(name));
  layout->word[column] = wx_wrap_word(name);
}

// A word that is wider than `most` may be broken.
static void bound(Layout *layout, size_t column, size_t most) {
  const size_t wanted = layout->wanted[column];
  size_t *least = &layout->least[column];
  *least = layout->word[column];
  if (is_text(layout, column))
    widen(least, wanted < NARROWEST ? wanted : NARROWEST);
  if (layout->width && *least > most)
    *least = most;
  widen(least, layout->whole[column]);
}

// Row by row: a row may be made for it.
static void measure(Layout *layout) {
  for (size_t i = 0; i < layout->columns; ++i)
    measure_name(layout, i);
  for (size_t row = 0; row < wx_table_rows(layout->table); ++row)
    for (size_t i = 0; i < layout->columns; ++i)
      measure_cell(layout, row, i);
}

// The leading names, as far as they leave two fifths of the width to what they name; at least one.
static size_t count_keys(const Layout *layout) {
  size_t keys = 0, taken = 0;
  for (; keys < layout->columns; ++keys) {
    const WxCellType type = wx_table_column(layout->table, keys).type;
    taken += layout->least[keys] + GAP;
    if ((type != WX_TEXT && type != WX_ID) || taken > layout->width * 3 / 5 + GAP)
      break;
  }
  return keys ? keys : 1;
}

// Gives what is left of the width to the columns that want more, in turn.
static void share(const Layout *layout, size_t spare) {
  bool wanting = true;
  while (spare > 0 && wanting) {
    wanting = false;
    for (size_t i = 0; i < layout->columns && spare > 0; ++i) {
      if (layout->given[i] == 0 || layout->given[i] >= layout->wanted[i])
        continue;
      ++layout->given[i];
      --spare;
      wanting = true;
    }
  }
}

// Chooses the columns of a part: the keys and, from `first` on, as many as fit, at least one.
// Returns the first column of the next part.
static size_t choose(const Layout *layout, size_t first) {
  memset(layout->given, 0, layout->columns * sizeof *layout->given);
  size_t taken = 0, next = first;
  for (size_t i = 0; i < layout->keys; ++i) {
    layout->given[i] = layout->least[i];
    taken += layout->least[i] + GAP;
  }
  for (; next < layout->columns; ++next) {
    size_t least = layout->least[next];
    const bool over = layout->width && taken + least > layout->width;
    if (over && next > first)
      break;
    // Alone beside the keys it has to do with what they leave.
    if (over)
      least = taken < layout->width ? layout->width - taken : 1;
    widen(&least, layout->whole[next]);
    layout->given[next] = least;
    taken += least + GAP;
  }
  share(layout, !layout->width                ? SIZE_MAX
                : layout->width + GAP > taken ? layout->width + GAP - taken
                                              : 0);
  return next;
}

// Prints a line of the cell: text on the left, figures on the right. `*spaces` are owed before the
// next text, so that nothing follows the last one of a line.
static void put_cell(const Layout *layout, size_t column, size_t *spaces, FILE *stream) {
  const char **text = &layout->pending[column];
  const size_t given = layout->given[column];
  const size_t length = **text ? wx_wrap(*text, given) : 0;
  const size_t taken = wx_width(*text, length);
  const size_t padding = taken < given ? given - taken : 0;
  const bool right = !is_text(layout, column);
  if (length)
    fprintf(stream, "%*s%.*s", (int)(*spaces + (right ? padding : 0)), "", (int)length, *text);
  *spaces = (length ? (right ? 0 : padding) : *spaces + given) + GAP;
  *text = wx_wrap_rest(*text, length);
}

// Prints the pending cells of a row, on as many lines as the longest of them needs.
static void put_row(const Layout *layout, FILE *stream) {
  bool more = true;
  while (more) {
    size_t spaces = 0;
    more = false;
    for (size_t i = 0; i < layout->columns; ++i) {
      if (layout->given[i] == 0)
        continue;
      put_cell(layout, i, &spaces, stream);
      more |= *layout->pending[i] != '\0';
    }
    fputc('\n', stream);
  }
}

static int put_part(const Layout *layout, FILE *stream) {
  for (size_t i = 0; i < layout->columns; ++i)
    layout->pending[i] = wx_table_column(layout->table, i).name;
  put_row(layout, stream);
  char(*buffers)[WX_CELL_TEXT] = calloc(layout->columns, sizeof *buffers);
  if (!buffers)
    return -ENOMEM;
  for (size_t row = 0; row < wx_table_rows(layout->table); ++row) {
    for (size_t i = 0; i < layout->columns; ++i)
      layout->pending[i] = wx_table_show(layout->table, row, i, buffers[i]);
    put_row(layout, stream);
  }
  free(buffers);
  return 0;
}

// Where the terminal is too narrow texts are broken between words; where that is not enough the
// table is printed in parts, each with the columns that name the row.
static int put_rows(Layout *layout, FILE *stream) {
  // Two columns with long words fit beside each other, and a longer one beside the keys alone.
  const size_t half = layout->width ? (layout->width - GAP) / 2 : 0;
  measure(layout);
  for (size_t i = 0; i < layout->columns; ++i)
    bound(layout, i, half);
  layout->keys = layout->width ? count_keys(layout) : 0;
  size_t beside = layout->width;
  for (size_t i = 0; i < layout->keys && beside > half; ++i)
    beside -= beside < layout->least[i] + GAP ? beside : layout->least[i] + GAP;
  for (size_t i = layout->keys; i < layout->columns && beside > half; ++i)
    bound(layout, i, beside);
  size_t next = layout->keys;
  do {
    if (next > layout->keys)
      fputc('\n', stream);
    next = choose(layout, next);
    const int error = put_part(layout, stream);
    if (error)
      return error;
  } while (next < layout->columns);
  return 0;
}

// Prints a sentence, its further lines indented.
static void put_text(const char *text, size_t width, FILE *stream) {
  size_t length = width ? wx_wrap(text, width) : strlen(text);
  fprintf(stream, "%.*s\n", (int)length, text);
  for (text = wx_wrap_rest(text, length); *text; text = wx_wrap_rest(text, length)) {
    length = wx_wrap(text, width - GAP);
    fprintf(stream, "%*s%.*s\n", GAP, "", (int)length, text);
  }
}

static int print(const WxTable *table, size_t width, FILE *stream) {
  const size_t columns = wx_table_columns(table);
  if (columns == 0)
    return 0; // Of no results.
  if (wx_table_title(table))
    put_text(wx_table_title(table), width, stream);
  if (!wx_table_rows(table))
    return 0;
  size_t *widths = calloc(5 * columns, sizeof *widths);
  const char **pending = calloc(columns, sizeof *pending);
  Layout layout = {.table = table, .columns = columns, .width = width, .wanted = widths};
  int error = -ENOMEM;
  if (widths && pending) {
    layout.word = widths + columns;
    layout.least = widths + 2 * columns;
    layout.whole = widths + 3 * columns;
    layout.given = widths + 4 * columns;
    layout.pending = pending;
    error = put_rows(&layout, stream);
  }
  free(pending);
  free(widths);
  return error;
}

// Nothing is said of a table without rows, unless it has a title.
static bool is_shown(const WxTable *table) {
  return wx_table_rows(table) || wx_table_title(table);
}

static int put_folded(const WxTable *table, size_t width, FILE *stream) {
  char *text = NULL;
  if (asprintf(&text, "%zu rows %s (--format markdown, csv or json shows them)",
               wx_table_rows(table), wx_table_title(table)) < 0)
    return -ENOMEM;
  put_text(text, width, stream);
  free(text);
  return 0;
}

int wx_format_table(const WxDocument *document, FILE *stream) {
  const size_t width =
      document->width && document->width < LEAST_WIDTH ? LEAST_WIDTH : document->width;
  bool above = false;
  for (size_t i = 0; i < document->lead_count; ++i, above = true)
    put_text(document->notes[i], width, stream);
  for (size_t i = 0; i < document->table_count; ++i) {
    if (!is_shown(document->tables[i]))
      continue;
    if (above)
      fputc('\n', stream);
    above = true;
    if (wx_table_folded(document->tables[i])) {
      const int error = put_folded(document->tables[i], width, stream);
      if (error)
        return error;
      continue;
    }
    const int error = print(document->tables[i], width, stream);
    if (error)
      return error;
  }
  if (above && document->lead_count < document->note_count)
    fputc('\n', stream);
  for (size_t i = document->lead_count; i < document->note_count; ++i)
    put_text(document->notes[i], width, stream);
  return 0;
}
