#include "output/series.h"

#include "output/json.h"
#include "output/result_json.h"
#include "stats/units.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { PATH_SIZE = 256, LONGEST_PREFIX = 128, SUBJECT_SIZE = 448 };

typedef struct {
  int (*take)(void *context, const WxSeriesFigure *figure);
  void *context;
  const char *subject;
} Walk;

static bool ends_with(const char *text, const char *end) {
  const size_t length = strlen(text), tail = strlen(end);
  return length >= tail && strcmp(text + length - tail, end) == 0;
}

static const char *unit_of(const char *path) {
  const bool ratio = ends_with(path, "ratio") || ends_with(path, ".same");
  return ratio ? "ratio" : wx_unit_name(wx_unit_of(path));
}

// `bounds` has ci_low and ci_high, or is NULL.
static int give(const Walk *walk, const char *path, const json_t *value, const json_t *bounds) {
  const json_t *low = json_object_get(bounds, "ci_low"), *high = json_object_get(bounds, "ci_high");
  if (!json_is_number(value))
    return 0;
  const bool bounded = json_is_number(low) && json_is_number(high);
  return walk->take(walk->context, &(WxSeriesFigure){walk->subject, path, unit_of(path), value,
                                                     bounded ? low : NULL, bounded ? high : NULL});
}

static void extend(char path[PATH_SIZE], const char *prefix, const char *key) {
  snprintf(path, PATH_SIZE, "%s%s%s", prefix, *prefix ? "." : "", key);
}

// A median with its interval is one figure. Of a result without metrics only sizes, times and
// ratios are figures (`plain`): a pid is none.
static int give_all(const Walk *walk, const char *prefix, json_t *object, bool plain) {
  const char *key;
  json_t *value;
  json_object_foreach(object, key, value) {
    char path[PATH_SIZE];
    extend(path, prefix, key);
    const bool ratio = plain && strcmp(key, "ratio") == 0;
    int error = 0;
    if (json_object_get(value, "median"))
      error = give(walk, path, json_object_get(value, "median"), value);
    else if (json_is_number(value) && (!plain || ratio || wx_unit_of(key) != WX_UNIT_COUNT))
      error = give(walk, path, value, ratio ? object : NULL);
    else if (json_is_object(value) && strlen(path) < LONGEST_PREFIX)
      error = give_all(walk, path, value, plain);
    if (error)
      return error;
  }
  return 0;
}

static int give_result(const Walk *walk, json_t *result) {
  const char *metric = wx_json_get_text(result, "metric");
  const json_t *now = json_object_get(result, "new");
  if (metric && json_is_number(now))
    return give(walk, metric, now, NULL);
  json_t *metrics = json_object_get(result, "metrics");
  return give_all(walk, "", metrics ? metrics : result, !metrics);
}

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

int wx_series_each(const WxDocument *document,
                   int (*take)(void *context, const WxSeriesFigure *figure), void *context) {
  Walk walk = {.take = take, .context = context};
  int error = 0;
  for (size_t i = 0; !error && i < wx_document_results(document); ++i) {
    json_t *result = wx_document_result(document, i);
    char subject[SUBJECT_SIZE];
    write_subject(result, subject);
    walk.subject = *subject ? subject : document->kind;
    error = result ? give_result(&walk, result) : -ENOMEM;
    json_decref(result);
  }
  return error;
}
