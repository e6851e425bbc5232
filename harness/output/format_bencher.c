// Bencher Metric Format (`bencher run --adapter json`): an object with a member for each result,
// which has one for each measure, with the value and, where there is one, its interval.
#include "output/format.h"
#include "output/json.h"
#include "output/series.h"

#include <errno.h>

static int set(json_t *metric, const char *key, const json_t *number) {
  return wx_json_set(metric, key, json_real(json_number_value(number)));
}

static int add(void *context, const WxSeriesFigure *figure) {
  json_t *benchmarks = context, *metric = json_object();
  int error = metric ? set(metric, "value", figure->value) : -ENOMEM;
  if (!error && figure->low)
    error = set(metric, "lower_value", figure->low);
  if (!error && figure->low)
    error = set(metric, "upper_value", figure->high);
  json_t *name = wx_json_text(figure->subject); // Of whole characters.
  json_t *measures = name ? json_object_get(benchmarks, json_string_value(name)) : NULL;
  if (!error && name && !measures) {
    measures = json_object();
    error = wx_json_set(benchmarks, json_string_value(name), measures);
  }
  if (!error && measures)
    error = json_object_set(measures, figure->path, metric) ? -ENOMEM : 0;
  else if (!error)
    error = -ENOMEM;
  json_decref(metric);
  json_decref(name);
  return error;
}

int wx_format_bencher(const WxDocument *document, FILE *stream) {
  json_t *benchmarks = json_object();
  int error = benchmarks ? wx_series_each(document, add, benchmarks) : -ENOMEM;
  if (!error)
    error = wx_json_write(benchmarks, stream);
  json_decref(benchmarks);
  return error;
}
