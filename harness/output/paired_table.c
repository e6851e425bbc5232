#include "output/paired_table.h"

#include "output/json.h"
#include "output/result_json.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

WxTable *wx_paired_table(const char *title, const char *base) {
  char ratio[48];
  snprintf(ratio, sizeof ratio, "time / %s", base);
  const WxColumn columns[] = {
      {"workload", WX_TEXT}, {"mode", WX_TEXT},      {"runtime", WX_TEXT}, {"rounds", WX_COUNT},
      {ratio, WX_RATIO},     {"95 % low", WX_RATIO}, {"high", WX_RATIO},   {"noise", WX_RATIO},
      {"ms more", WX_RATIO}, {"95 % low", WX_RATIO}, {"high", WX_RATIO},   {"median", WX_NS},
  };
  return wx_table_new(title, columns, sizeof columns / sizeof *columns);
}

void wx_paired_table_add(WxTable *table, const char *workload, const char *mode,
                         const char *runtime, const WxPaired *paired) {
  const WxInterval *ratio = &paired->ratio;
  const WxInterval *more = &paired->more_ms;
  const double median_ns = paired->median.median * 1e9;
  wx_table_add(
      table,
      (WxCell[]){wx_text(workload), wx_text(mode), wx_text(runtime), wx_figure((WxFigure)ratio->n),
                 wx_ratio(ratio->median), wx_ratio(ratio->low), wx_ratio(ratio->high),
                 wx_ratio(paired->noise), wx_ratio(more->median), wx_ratio(more->low),
                 wx_ratio(more->high),
                 wx_figure(isfinite(median_ns) ? (WxFigure)llround(median_ns) : WX_UNKNOWN)});
}

// The members and where their numbers are kept.
static const struct {
  const char *key;
  size_t offset;
} members[] = {
    {"ratio", offsetof(WxPaired, ratio.median)},
    {"ci_low", offsetof(WxPaired, ratio.low)},
    {"ci_high", offsetof(WxPaired, ratio.high)},
    {"noise", offsetof(WxPaired, noise)},
    {"more_ms", offsetof(WxPaired, more_ms.median)},
    {"more_ms_low", offsetof(WxPaired, more_ms.low)},
    {"more_ms_high", offsetof(WxPaired, more_ms.high)},
    {"median_s", offsetof(WxPaired, median.median)},
};

enum { NUMBERS = sizeof members / sizeof *members };

json_t *wx_paired_json(const WxPaired *paired) {
  json_t *object = json_object();
  int lost = object ? wx_json_set(object, "n", json_integer((json_int_t)paired->ratio.n)) : 0;
  for (size_t i = 0; object && i < NUMBERS && !lost; ++i) {
    const char *at = (const char *)paired + members[i].offset;
    lost = wx_json_set(object, members[i].key, wx_json_real(*(const double *)(const void *)at));
  }
  if (!lost)
    return object;
  json_decref(object);
  return NULL;
}

WxPaired wx_paired_read(const json_t *object) {
  WxPaired paired = {0};
  const WxFigure rounds = wx_json_get_figure(object, "n");
  for (size_t i = 0; i < NUMBERS; ++i) {
    const json_t *value = json_object_get(object, members[i].key);
    char *at = (char *)&paired + members[i].offset;
    *(double *)(void *)at = json_is_number(value) ? json_number_value(value) : NAN;
  }
  paired.ratio.n = rounds > 0 ? (size_t)rounds : 0;
  return paired;
}

/* The results of `validate --repeat`
 * -------------------------------------------------------------------------------------------------
 */

static const char *base_of(const json_t *result) {
  return wx_json_get_text(json_object_get(result, "time"), "base");
}

// Whether a result before `index` has that base too.
static bool is_repeated(const json_t *results, size_t index, const char *base) {
  for (size_t i = 0; i < index; ++i) {
    const char *other = base_of(json_array_get(results, i));
    if (other && strcmp(other, base) == 0)
      return true;
  }
  return false;
}

static void add_result(WxTable *table, const json_t *result, const char *base, const char *key) {
  const json_t *numbers = json_object_get(json_object_get(result, "time"), key);
  const char *mode = wx_json_get_text(result, "mode"), *own = base_of(result);
  if (!numbers || !own || strcmp(own, base) != 0)
    return;
  const WxPaired paired = wx_paired_read(numbers);
  char name[48];
  snprintf(name, sizeof name, "%s%s", mode ? mode : "",
           mode && strcmp(mode, base) == 0 ? " again" : "");
  wx_paired_table_add(table, wx_json_get_text(result, "workload"), name,
                      wx_json_get_text(result, "runtime"), &paired);
}

// What the interval of a mode says beside the noise, in words.
static void note_difference(WxDocument *document, const json_t *result) {
  static const char *const words[] = {[WX_NO_DIFFERENCE] = "no difference can be told from",
                                      [WX_LOWER] = "takes less time than",
                                      [WX_HIGHER] = "takes more time than"};
  const json_t *numbers = json_object_get(json_object_get(result, "time"), "wall");
  const char *mode = wx_json_get_text(result, "mode"), *base = base_of(result);
  if (!numbers || !mode || !base || strcmp(mode, base) == 0)
    return;
  const WxPaired paired = wx_paired_read(numbers);
  if (!isfinite(paired.ratio.median))
    return;
  char subject[256];
  wx_result_name(result, ", ", subject, sizeof subject);
  const WxDifference difference = wx_interval_difference(&paired.ratio, paired.noise, 0);
  wx_document_note(document, "%s: %s %s: %.3f (%.3f-%.3f), noise %.3f, %zu rounds.", subject,
                   words[difference], base, paired.ratio.median, paired.ratio.low,
                   paired.ratio.high, paired.noise, paired.ratio.n);
}

static void add_tables(WxDocument *document, const char *base) {
  static const struct {
    const char *key, *title;
  } tables[] = {{"wall", "time of whole runs, in turns"},
                {"processor", "processor time of whole runs, user and system, in turns"}};
  for (size_t i = 0; i < sizeof tables / sizeof *tables; ++i) {
    WxTable *table = wx_paired_table(tables[i].title, base);
    for (size_t row = 0; row < json_array_size(document->results); ++row)
      add_result(table, json_array_get(document->results, row), base, tables[i].key);
    wx_document_add_table(document, table);
  }
}

void wx_paired_add_tables(WxDocument *document) {
  for (size_t i = 0; i < json_array_size(document->results); ++i) {
    const char *base = base_of(json_array_get(document->results, i));
    if (base && !is_repeated(document->results, i, base))
      add_tables(document, base);
  }
  for (size_t i = 0; i < json_array_size(document->results); ++i)
    note_difference(document, json_array_get(document->results, i));
}
