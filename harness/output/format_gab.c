// The array that github-action-benchmark reads as customSmallerIsBetter: one entry per figure of
// each result's metrics, nested ones by their path, such as `asm, on, 10.0.14: syscalls.total`.
#include "output/format.h"
#include "output/json.h"
#include "output/result.h"

#include <errno.h>
#include <string.h>

typedef struct {
  WxJsonItems entries;
  const char *extra; ///< The command, shown beside each figure.
  const char *subject;
} Series;

static bool ends_with(const char *text, const char *end) {
  const size_t length = strlen(text), tail = strlen(end);
  return length >= tail && strcmp(text + length - tail, end) == 0;
}

static const char *unit_of(const char *path) {
  if (ends_with(path, "_bytes"))
    return "bytes";
  if (ends_with(path, "ratio") || ends_with(path, ".same"))
    return "ratio";
  return ends_with(path, "_ns") || strncmp(path, "time_ns.", 8) == 0 ? "ns" : "count";
}

static int append(Series *series, const char *path, const json_t *value, const char *range) {
  char name[512];
  snprintf(name, sizeof name, "%s: %s", series->subject, path);
  json_t *entry = json_object();
  int error = wx_json_set(entry, "name", wx_json_text(name));
  if (!error)
    error = wx_json_set(entry, "unit", json_string(unit_of(path)));
  if (!error)
    error = wx_json_set(entry, "value", json_deep_copy(value));
  if (!error && range)
    error = wx_json_set(entry, "range", json_string(range));
  if (!error && series->extra)
    error = wx_json_set(entry, "extra", wx_json_text(series->extra));
  if (!error)
    return wx_json_items_put(&series->entries, entry);
  json_decref(entry);
  return error;
}

// A median with its interval is one entry.
static int append_median(Series *series, const char *path, const json_t *time) {
  char range[64];
  snprintf(range, sizeof range, "%lld..%lld", (long long)wx_json_get_figure(time, "ci_low"),
           (long long)wx_json_get_figure(time, "ci_high"));
  const bool bounded = wx_known(wx_json_get_figure(time, "ci_low"));
  const json_t *median = json_object_get(time, "median");
  return json_is_number(median) ? append(series, path, median, bounded ? range : NULL) : 0;
}

enum { PATH_SIZE = 256, LONGEST_PREFIX = 128 };

static void extend(char path[PATH_SIZE], const char *prefix, const char *key) {
  snprintf(path, PATH_SIZE, "%s%s%s", prefix, *prefix ? "." : "", key);
}

static int append_all(Series *series, const char *prefix, json_t *object) {
  const char *key;
  json_t *value;
  json_object_foreach(object, key, value) {
    char path[PATH_SIZE];
    extend(path, prefix, key);
    int error = 0;
    if (json_is_number(value))
      error = append(series, path, value, NULL);
    else if (json_object_get(value, "median"))
      error = append_median(series, path, value);
    else if (json_is_object(value) && strlen(path) < LONGEST_PREFIX)
      error = append_all(series, path, value);
    if (error)
      return error;
  }
  return 0;
}

// As append_median(), of real numbers.
static int append_real_median(Series *series, const char *path, const json_t *interval) {
  const json_t *low = json_object_get(interval, "ci_low");
  const json_t *high = json_object_get(interval, "ci_high");
  char range[64];
  snprintf(range, sizeof range, "%.6g..%.6g", json_number_value(low), json_number_value(high));
  return append(series, path, json_object_get(interval, "median"),
                json_is_number(low) ? range : NULL);
}

// The figures of a result that has no metrics: sizes, times and ratios; a pid is no figure.
static int append_plain(Series *series, const char *prefix, json_t *object) {
  const json_t *low = json_object_get(object, "ci_low"), *high = json_object_get(object, "ci_high");
  char range[64];
  snprintf(range, sizeof range, "%.6g..%.6g", json_number_value(low), json_number_value(high));
  const char *key;
  json_t *value;
  json_object_foreach(object, key, value) {
    char path[PATH_SIZE];
    extend(path, prefix, key);
    const bool ratio = strcmp(key, "ratio") == 0;
    int error = 0;
    if (json_is_number(json_object_get(value, "median")))
      error = append_real_median(series, path, value);
    else if (json_is_number(value) && (ratio || ends_with(key, "_bytes") || ends_with(key, "_ns")))
      error = append(series, path, value, ratio && json_is_number(low) ? range : NULL);
    else if (json_is_object(value) && strlen(path) < LONGEST_PREFIX)
      error = append_plain(series, path, value);
    if (error)
      return error;
  }
  return 0;
}

static int append_result(Series *series, json_t *result) {
  const char *metric = wx_json_get_text(result, "metric");
  const json_t *now = json_object_get(result, "new");
  if (metric && json_is_number(now))
    return append(series, metric, now, NULL);
  json_t *metrics = json_object_get(result, "metrics");
  return metrics ? append_all(series, "", metrics) : append_plain(series, "", result);
}

enum { SUBJECT_SIZE = 448 };

// What a series is called: github-action-benchmark tells series by their names.
static void write_subject(const json_t *result, char subject[SUBJECT_SIZE]) {
  static const char *const of_benchmarks[] = {"case", "variant", "freezer",
                                              "load", "sidecar", "row"};
  char name[256];
  const char *benchmark = wx_json_get_text(result, "benchmark");
  wx_result_name(result, ", ", name, sizeof name);
  int length = snprintf(subject, SUBJECT_SIZE, "%.60s%s%s", benchmark ? benchmark : "",
                        benchmark && *name ? ", " : "", name);
  for (size_t i = 0; benchmark && i < sizeof of_benchmarks / sizeof *of_benchmarks; ++i) {
    const char *text = wx_json_get_text(result, of_benchmarks[i]);
    if (text && length + 64 < SUBJECT_SIZE)
      length += snprintf(subject + length, SUBJECT_SIZE - (size_t)length, ", %.60s", text);
  }
}

int wx_format_gab(const WxDocument *document, FILE *stream) {
  Series series = {.entries = wx_json_items_begin(stream, 2),
                   .extra = wx_json_get_text(document->context, "command")};
  int error = 0;
  for (size_t i = 0; !error && i < wx_document_results(document); ++i) {
    json_t *result = wx_document_result(document, i);
    char subject[SUBJECT_SIZE];
    write_subject(result, subject);
    series.subject = *subject ? subject : document->kind;
    error = result ? append_result(&series, result) : -ENOMEM;
    json_decref(result);
  }
  wx_json_items_end(&series.entries);
  fputc('\n', stream);
  return error;
}
