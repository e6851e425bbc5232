#include "output/group_table.h"

#include "output/flat_table.h"
#include "output/json.h"
#include "output/result_json.h"
#include <stdint.h>

enum { NAME = 256 };

static bool any_has(const json_t *results, const char *key) {
  for (size_t i = 0; i < json_array_size(results); ++i)
    if (json_is_object(json_object_get(json_array_get(results, i), key)))
      return true;
  return false;
}

// Of the first kill in the group, as the kernel tells it.
static WxFigure of_report(const json_t *group, const char *part, const char *key) {
  const json_t *report = json_array_get(json_object_get(group, "kernel_reports"), 0);
  return wx_json_get_figure(json_object_get(report, part), key);
}

static WxTable *group_table(void) {
  static const WxColumn columns[] = {{"workload", WX_TEXT},
                                     {"mode", WX_TEXT},
                                     {"runtime", WX_TEXT},
                                     {"limit", WX_BYTES},
                                     {"peak", WX_BYTES},
                                     {"times at the limit", WX_COUNT},
                                     {"killed", WX_COUNT},
                                     {"after", WX_NS},
                                     {"shared memory then", WX_BYTES},
                                     {"of it mapped nowhere", WX_BYTES}};
  return wx_table_new("memory groups, as the kernel counted", columns,
                      sizeof columns / sizeof *columns);
}

static void add_group(WxTable *table, const json_t *result) {
  const json_t *group = json_object_get(result, "memory_group");
  const WxFigure kills = wx_json_get_figure(group, "oom_kills");
  if (!json_is_object(group))
    return;
  wx_table_add(table,
               (WxCell[]){wx_text(wx_json_get_text(result, "workload")),
                          wx_text(wx_json_get_text(result, "mode")),
                          wx_text(wx_json_get_text(result, "runtime")),
                          wx_figure(wx_json_get_figure(group, "limit_bytes")),
                          wx_figure(wx_json_get_figure(group, "peak_bytes")),
                          wx_figure(wx_json_get_figure(group, "limit_hits")), wx_figure(kills),
                          wx_figure(kills > 0 ? wx_json_get_figure(group, "lived_ns") : WX_UNKNOWN),
                          wx_figure(of_report(group, "cgroup", "shmem_bytes")),
                          wx_figure(of_report(group, "split", "shmem_unmapped_bytes"))});
}

static void note_kill(WxDocument *document, const json_t *result) {
  const json_t *group = json_object_get(result, "memory_group");
  const char *log = wx_json_get_text(group, "kernel_log"),
             *unreadable = wx_json_get_text(group, "kernel_log_unreadable");
  if (wx_json_get_figure(group, "oom_kills") <= 0)
    return;
  char name[NAME];
  wx_result_name(result, ", ", name, sizeof name);
  const char *verdict = wx_json_get_text(
      json_object_get(json_array_get(json_object_get(group, "kernel_reports"), 0), "verdict"),
      "text");
  if (verdict)
    wx_document_note(document, "%s, by the kernel's own record: %s", name, verdict);
  else if (!log)
    wx_document_note(document, "%s: the kernel's own record cannot be read: %s", name,
                     unreadable ? unreadable : "nothing of it is in its log");
}

static WxTable *limit_table(void) {
  static const WxColumn columns[] = {{"workload", WX_TEXT},
                                     {"mode", WX_TEXT},
                                     {"runtime", WX_TEXT},
                                     {"peak without a limit", WX_BYTES},
                                     {"smallest limit", WX_BYTES},
                                     {"fails at", WX_BYTES},
                                     {"by", WX_TEXT}};
  return wx_table_new("smallest memory limits in which it runs to its end", columns,
                      sizeof columns / sizeof *columns);
}

static void add_limit(WxTable *table, const json_t *result) {
  const json_t *smallest = json_object_get(result, "smallest_limit");
  if (!json_is_object(smallest))
    return;
  wx_table_add(table, (WxCell[]){wx_text(wx_json_get_text(result, "workload")),
                                 wx_text(wx_json_get_text(result, "mode")),
                                 wx_text(wx_json_get_text(result, "runtime")),
                                 wx_figure(wx_json_get_figure(smallest, "unlimited_peak_bytes")),
                                 wx_figure(wx_json_get_figure(smallest, "survives_bytes")),
                                 wx_figure(wx_json_get_figure(smallest, "fails_bytes")),
                                 wx_text(wx_json_get_text(smallest, "fails_by"))});
}

// A row a result that has figures, with its names.
static json_t *figure_rows(const json_t *results) {
  static const char *const names[] = {"workload", "mode", "runtime"};
  WxJsonBuilder rows = wx_json_list();
  for (size_t i = 0; i < json_array_size(results); ++i) {
    const json_t *result = json_array_get(results, i),
                 *figures = json_object_get(result, "figures");
    if (!json_is_object(figures))
      continue;
    WxJsonBuilder row = wx_json_object();
    for (size_t n = 0; n < sizeof names / sizeof *names; ++n)
      wx_json_put(&row, names[n], wx_json_text(wx_json_get_text(result, names[n])));
    json_t *built = wx_json_built(&row);
    if (built && json_object_update(built, (json_t *)(uintptr_t)figures)) {
      json_decref(built);
      built = NULL;
    }
    wx_json_append(&rows, built);
  }
  return wx_json_built(&rows);
}

static void add_figures(WxDocument *document) {
  if (!any_has(document->results, "figures"))
    return;
  json_t *rows = figure_rows(document->results);
  wx_document_add_table(
      document, rows ? wx_flat_table("figures that the program gives itself", rows, NULL) : NULL);
  json_decref(rows);
}

void wx_group_add_tables(WxDocument *document) {
  const json_t *results = document->results;
  const size_t count = json_array_size(results);
  if (any_has(results, "memory_group")) {
    WxTable *table = group_table();
    for (size_t i = 0; i < count; ++i)
      add_group(table, json_array_get(results, i));
    wx_document_add_table(document, table);
  }
  if (any_has(results, "smallest_limit")) {
    WxTable *table = limit_table();
    for (size_t i = 0; i < count; ++i)
      add_limit(table, json_array_get(results, i));
    wx_document_add_table(document, table);
  }
  add_figures(document);
  for (size_t i = 0; i < count; ++i)
    note_kill(document, json_array_get(results, i));
}
