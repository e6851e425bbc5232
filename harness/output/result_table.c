// Results, built or read from a file, as one row each for people.
#include "output/json.h"
#include "output/result.h"

#include <stdio.h>
#include <string.h>

// The first of two members that is there.
static const char *either(const json_t *result, const char *one, const char *other) {
  const char *text = wx_json_get_text(result, one);
  return text ? text : wx_json_get_text(result, other);
}

int wx_result_name(const json_t *result, const char *separator, char *text, size_t size) {
  const char *const parts[] = {either(result, "scenario", "workload"),
                               either(result, "strategy", "mode"),
                               either(result, "model", "runtime")};
  size_t length = 0;
  if (size > 0)
    text[0] = '\0';
  for (size_t i = 0; i < sizeof parts / sizeof *parts; ++i) {
    if (!parts[i])
      continue;
    const int added =
        snprintf(length < size ? text + length : NULL, length < size ? size - length : 0, "%s%s",
                 length > 0 ? separator : "", parts[i]);
    length += added > 0 ? (size_t)added : 0;
  }
  return (int)length;
}

// "3 ok", "1 of 3 failed", or why there is nothing to judge.
static void judge(const json_t *result, char *text, size_t size) {
  const json_t *expectations = json_object_get(result, "expectations");
  const size_t count = json_array_size(expectations);
  size_t failed = 0;
  for (size_t i = 0; i < count; ++i)
    failed += json_is_false(json_object_get(json_array_get(expectations, i), "ok"));
  const char *skipped = wx_json_get_text(result, "skipped");
  if (skipped)
    snprintf(text, size, "skipped: %s", skipped);
  else if (failed > 0)
    snprintf(text, size, "%zu of %zu FAILED", failed, count);
  else
    snprintf(text, size, count > 0 ? "%zu ok" : "-", count);
}

static void add(WxTable *table, const json_t *result) {
  const json_t *metrics = json_object_get(result, "metrics");
  char judgement[256];
  judge(result, judgement, sizeof judgement);
  const WxCell cells[] = {
      wx_text(either(result, "scenario", "workload")),
      wx_text(either(result, "strategy", "mode")),
      wx_text(either(result, "model", "runtime")),
      wx_figure(wx_json_get_figure(metrics, "live_peak_bytes")),
      wx_figure(wx_json_get_figure(metrics, "allocated_peak_bytes")),
      wx_figure(wx_json_get_figure(metrics, "retained_bytes")),
      wx_figure(wx_json_get_figure(metrics, "mappings_peak")),
      wx_figure(wx_json_get_figure(json_object_get(metrics, "syscalls"), "total")),
      wx_figure(wx_json_get_figure(metrics, "minor_faults")),
      wx_figure(wx_json_get_figure(metrics, "wall_ns")),
      wx_text(judgement),
  };
  wx_table_add(table, cells);
}

// Names what the results of this document have: a scenario or a workload, and so on.
static const char *heading(const json_t *results, const char *one, const char *other) {
  return json_object_get(json_array_get(results, 0), other) ? other : one;
}

WxTable *wx_result_table(const char *title, const json_t *results) {
  const WxColumn columns[] = {
      {heading(results, "scenario", "workload"), WX_TEXT},
      {heading(results, "strategy", "mode"), WX_TEXT},
      {heading(results, "model", "runtime"), WX_TEXT},
      {"live peak", WX_BYTES},
      {"memfd peak", WX_BYTES},
      {"retained", WX_BYTES},
      {"mappings", WX_COUNT},
      {"syscalls", WX_COUNT},
      {"faults", WX_COUNT},
      {"time", WX_NS},
      {"expectations", WX_TEXT},
  };
  WxTable *table = wx_table_new(title, columns, sizeof columns / sizeof *columns);
  for (size_t i = 0; i < json_array_size(results); ++i)
    add(table, json_array_get(results, i));
  return table;
}
