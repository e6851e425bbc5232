// The array that github-action-benchmark reads as customSmallerIsBetter: one entry per figure of
// each result's metrics, nested ones by their path, such as `asm, on, 10.0.14: syscalls.total`.
#include "output/format.h"
#include "output/json.h"
#include "output/series.h"

#include <stdio.h>

typedef struct {
  WxJsonItems entries;
  const char *extra; ///< The command, shown beside each figure.
} Array;

static void write_range(const WxSeriesFigure *figure, char *text, size_t size) {
  if (json_is_integer(figure->low))
    snprintf(text, size, "%lld..%lld", (long long)json_integer_value(figure->low),
             (long long)json_integer_value(figure->high));
  else
    snprintf(text, size, "%.6g..%.6g", json_number_value(figure->low),
             json_number_value(figure->high));
}

static int append(void *context, const WxSeriesFigure *figure) {
  Array *array = context;
  char name[768], range[64];
  snprintf(name, sizeof name, "%s: %s", figure->subject, figure->path);
  WxJsonBuilder entry = wx_json_object();
  wx_json_put(&entry, "name", wx_json_text(name));
  wx_json_put(&entry, "unit", json_string(figure->unit));
  wx_json_put(&entry, "value", json_deep_copy(figure->value));
  if (figure->low) {
    write_range(figure, range, sizeof range);
    wx_json_put(&entry, "range", json_string(range));
  }
  if (array->extra)
    wx_json_put(&entry, "extra", wx_json_text(array->extra));
  return wx_json_items_put(&array->entries, wx_json_built(&entry));
}

int wx_format_gab(const WxDocument *document, FILE *stream) {
  Array array = {wx_json_items_begin(stream, 2), wx_json_get_text(document->context, "command")};
  const int error = wx_series_each(document, append, &array);
  wx_json_items_end(&array.entries);
  fputc('\n', stream);
  return error;
}
