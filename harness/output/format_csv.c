// Comma-separated values: one row per sample with the names of its result, or one row
// per result where results are plain rows, or the tables. Digits without units, empty where
// unknown.
#include "output/flat_table.h"
#include "output/format.h"
#include "output/json.h"
#include "output/result_json.h"
#include "output/shown.h"
#include "stats/figures.h"

#include <inttypes.h>
#include <string.h>

static void write_text(FILE *stream, const char *text) {
  if (!text)
    return;
  const bool quoted = strpbrk(text, ",\"");
  if (quoted)
    fputc('"', stream);
  for (size_t left = strlen(text); left > 0;) {
    char shown[WX_SHOWN];
    const size_t taken = wx_shown_next(text, left, shown);
    fputs(*text == '"' ? "\"\"" : shown, stream);
    text += taken;
    left -= taken;
  }
  if (quoted)
    fputc('"', stream);
}

static void write_figure(FILE *stream, WxFigure figure) {
  if (wx_known(figure))
    fprintf(stream, "%" PRIi64, figure);
}

static void write_sample(FILE *stream, const json_t *result, const json_t *sample) {
  for (size_t i = 0; i < WX_NAMES_OF_SAMPLED; ++i) {
    write_text(stream, wx_json_get_text(result, wx_result_names[i]));
    fputc(',', stream);
  }
  write_figure(stream, wx_json_get_figure(sample, "round"));
  fputc(',', stream);
  write_text(stream, wx_json_get_text(sample, "step"));
  for (size_t i = 0; i < wx_sample_figures.count; ++i) {
    fputc(',', stream);
    write_figure(stream, wx_json_get_figure(sample, wx_sample_figures.rows[i].key));
  }
  fputc('\n', stream);
}

static void write_samples(const WxDocument *document, FILE *stream) {
  for (size_t i = 0; i < WX_NAMES_OF_SAMPLED; ++i)
    fprintf(stream, "%s,", wx_result_names[i]);
  fputs("round,step", stream);
  for (size_t i = 0; i < wx_sample_figures.count; ++i)
    fprintf(stream, ",%s", wx_sample_figures.rows[i].key);
  fputc('\n', stream);
  for (size_t i = 0; i < json_array_size(document->results); ++i) {
    const json_t *result = json_array_get(document->results, i);
    const json_t *samples = json_object_get(result, "samples");
    for (size_t k = 0; k < json_array_size(samples); ++k)
      write_sample(stream, result, json_array_get(samples, k));
  }
}

static void write_table(const WxTable *table, FILE *stream) {
  for (size_t i = 0; i < wx_table_columns(table); ++i) {
    if (i > 0)
      fputc(',', stream);
    write_text(stream, wx_table_column(table, i).name);
  }
  fputc('\n', stream);
  for (size_t row = 0; row < wx_table_rows(table); ++row) {
    for (size_t i = 0; i < wx_table_columns(table); ++i) {
      char buffer[WX_CELL_TEXT];
      if (i > 0)
        fputc(',', stream);
      write_text(stream, wx_table_raw(table, row, i, buffer));
    }
    fputc('\n', stream);
  }
}

static bool is_flat(json_t *result) {
  const char *key;
  json_t *value;
  json_object_foreach(result, key, value) {
    if (json_is_object(value) || json_is_array(value))
      return false;
  }
  return true;
}

// What the results are: each with samples, each a plain row, or neither.
typedef enum { SAMPLED, FLAT, OTHER } Shape;

static Shape shape_of(const json_t *results) {
  bool flat = json_array_size(results) > 0;
  for (size_t i = 0; i < json_array_size(results); ++i) {
    json_t *result = json_array_get(results, i);
    if (json_array_size(json_object_get(result, "samples")) > 0)
      return SAMPLED;
    flat = flat && is_flat(result);
  }
  return flat ? FLAT : OTHER;
}

static int write_flat(const json_t *results, FILE *stream) {
  WxTable *table = wx_flat_table(NULL, results, NULL);
  const int error = wx_table_error(table);
  if (!error)
    write_table(table, stream);
  wx_table_free(table);
  return error;
}

int wx_format_csv(const WxDocument *document, FILE *stream) {
  const Shape shape = document->made.make ? OTHER : shape_of(document->results);
  if (shape == SAMPLED)
    write_samples(document, stream);
  if (shape != OTHER)
    return shape == FLAT ? write_flat(document->results, stream) : 0;
  for (size_t i = 0; i < document->table_count; ++i) {
    if (i > 0)
      fputc('\n', stream);
    write_table(document->tables[i], stream);
  }
  return 0;
}
