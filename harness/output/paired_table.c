#include "output/paired_table.h"

#include "output/json.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>

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
} numbers[] = {
    {"ratio", offsetof(WxPaired, ratio.median)},
    {"ci_low", offsetof(WxPaired, ratio.low)},
    {"ci_high", offsetof(WxPaired, ratio.high)},
    {"noise", offsetof(WxPaired, noise)},
    {"more_ms", offsetof(WxPaired, more_ms.median)},
    {"more_ms_low", offsetof(WxPaired, more_ms.low)},
    {"more_ms_high", offsetof(WxPaired, more_ms.high)},
    {"median_s", offsetof(WxPaired, median.median)},
};

enum { NUMBERS = sizeof numbers / sizeof *numbers };

json_t *wx_paired_json(const WxPaired *paired) {
  json_t *object = json_object();
  int lost = object ? wx_json_set(object, "n", json_integer((json_int_t)paired->ratio.n)) : 0;
  for (size_t i = 0; object && i < NUMBERS && !lost; ++i) {
    const char *at = (const char *)paired + numbers[i].offset;
    lost = wx_json_set(object, numbers[i].key, wx_json_real(*(const double *)(const void *)at));
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
    const json_t *value = json_object_get(object, numbers[i].key);
    char *at = (char *)&paired + numbers[i].offset;
    *(double *)(void *)at = json_is_number(value) ? json_number_value(value) : NAN;
  }
  paired.ratio.n = rounds > 0 ? (size_t)rounds : 0;
  return paired;
}
