// What a file of results says, as a part of a report; and all of a folder.
#include "output/comparison.h"
#include "output/documents.h"
#include "output/flat_table.h"
#include "output/json.h"
#include "output/load.h"
#include "output/report_page.h"
#include "output/result_json.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

// The columns of kinds whose results have more figures than fit a page; all are in the JSON.
static const struct {
  const char *kind;
  const char *columns[12];
} selections[] = {
    {"audit",
     {"pid", "command", "runtime", "doublemapper.allocated_bytes", "doublemapper.mapped_bytes",
      "doublemapper.orphaned_bytes", "glibc.arenas", "glibc.committed_bytes", "process.rss_bytes",
      "process.mappings", "verdict.code", NULL}},
    {"reclaim",
     {"pid", "before_bytes", "after_bytes", "punched_bytes", "pauses.count", "pauses.p50_ns",
      "pauses.p99_ns", "pauses.max_ns", "pauses.total_ns", "pauses.abandoned", NULL}},
};

static const char *const *selection_of(const char *kind) {
  for (size_t i = 0; i < sizeof selections / sizeof *selections; ++i) {
    if (strcmp(selections[i].kind, kind) == 0)
      return selections[i].columns;
  }
  return NULL;
}

static WxTable *table_of(const char *kind, const char *title, const json_t *results) {
  if (strcmp(kind, "run") == 0 || strcmp(kind, "replay") == 0 || strcmp(kind, "validate") == 0)
    return wx_result_table(title, results);
  if (strcmp(kind, "compare") == 0)
    return wx_comparison_table(title, results);
  return wx_flat_table(title, results, selection_of(kind));
}

static void note_results(WxDocument *document, const json_t *results) {
  for (size_t i = 0; i < json_array_size(results); ++i) {
    const json_t *result = json_array_get(results, i);
    const char *text = wx_json_get_text(json_object_get(result, "verdict"), "text");
    char name[256];
    wx_result_name(result, ", ", name, sizeof name);
    if (text)
      wx_document_note(document, "%s: %s", *name ? name : "verdict", text);
    wx_result_note(document, result);
  }
}

// Where and when it was measured, in a line that plots carry too.
static void note_origin(WxDocument *document, const char *name, const json_t *context) {
  const json_int_t cpus = json_integer_value(json_object_get(context, "cpus"));
  char count[32] = "";
  if (cpus > 0)
    snprintf(count, sizeof count, " (%lld CPUs)", (long long)cpus);
  wx_document_note(document, "%s: %s on %s, %s%s, wxbench %s.", name,
                   wx_json_text_or(context, "date", "no date"),
                   wx_json_text_or(context, "kernel", "an unknown kernel"),
                   wx_json_text_or(context, "cpu", "an unknown processor"), count,
                   wx_json_text_or(context, "wxbench_version", "of an unknown version"));
}

void wx_report_document_add(WxDocument *document, const char *name, const json_t *root) {
  const json_t *results = json_object_get(root, "results");
  const json_t *context = json_object_get(root, "context");
  const char *kind = wx_json_get_text(root, "kind");
  const char *command = wx_json_get_text(context, "command");
  char title[512];
  snprintf(title, sizeof title, "%s (%s)", name, command ? command : kind);
  if (json_array_size(results) > 0)
    wx_document_add_table(document, table_of(kind, title, results));
  if (strcmp(kind, "compare") == 0)
    wx_document_add_table(document, wx_comparison_information(results));
  note_origin(document, name, context);
  note_results(document, results);
  for (size_t i = 0; i < json_array_size(results); ++i)
    wx_document_add_result(document, json_incref(json_array_get(results, i)));
}

/* Files and folders
 * -------------------------------------------------------------------------------------------------
 */

// Reads JSON of another program, NULL where it is none.
static json_t *load_foreign(const char *path) {
  json_t *root = json_load_file(path, JSON_DECODE_ANY, NULL);
  if (root && !json_object_get(root, "schema"))
    return root;
  json_decref(root);
  return NULL;
}

static int report_foreign(const char *path, const char *why, WxDocument *document, json_t **root,
                          WxProblem *problem) {
  *root = load_foreign(path);
  if (!*root || !wx_is_hyperfine(*root)) {
    json_decref(*root);
    return wx_problem(problem, -EINVAL, "%s", why);
  }
  wx_document_init(document, "report");
  wx_hyperfine_document_add(document, path, *root);
  return 0;
}

int wx_report_file(const char *path, WxDocument *document, json_t **root, WxProblem *problem) {
  char why[WX_PROBLEM];
  if (wx_document_load(path, root, why) < 0)
    return report_foreign(path, why, document, root, problem);
  wx_document_init(document, wx_json_get_text(*root, "kind"));
  if (json_object_update(document->context, json_object_get(*root, "context")) != 0)
    document->lost = true;
  wx_report_document_add(document, path, *root);
  return 0;
}

static int is_json(const struct dirent *entry) {
  const char *dot = strrchr(entry->d_name, '.');
  return dot && entry->d_name[0] != '.' && strcmp(dot, ".json") == 0;
}

static int add_entry(WxDocument *document, WxReportOrigin *origin, const char *folder,
                     const char *name, WxProblem *problem) {
  char path[4096], why[WX_PROBLEM];
  json_t *root;
  struct stat status;
  snprintf(path, sizeof path, "%s/%s", folder, name);
  if (stat(path, &status) == 0 && !S_ISREG(status.st_mode)) // It may have no end.
    return wx_problem(problem, -EINVAL, "%s: expected a regular file", path);
  if (wx_document_load(path, &root, why) == 0) {
    wx_report_document_add(document, name, root);
    document->lost |= wx_report_origin_add(origin, name, root) != 0;
    json_decref(root);
    return 0;
  }
  root = load_foreign(path);
  if (!root)
    return wx_problem(problem, -EINVAL, "%s", why);
  if (wx_is_hyperfine(root))
    wx_hyperfine_document_add(document, name, root);
  else
    wx_document_note(document, "%s: left out, not a result of wxbench.", name);
  json_decref(root);
  return 0;
}

int wx_report_folder(const char *folder, WxDocument *document, WxReportOrigin *origin,
                     WxProblem *problem) {
  struct dirent **entries;
  const int count = scandir(folder, &entries, is_json, alphasort);
  if (count < 0)
    return wx_problem(problem, -EINVAL, "%s: %s", folder, strerror(errno));
  int failed =
      count ? 0
            : wx_problem(problem, -EINVAL, "%s: expected .json files, but there is none", folder);
  for (int i = 0; i < count; ++i) {
    if (!failed)
      failed = add_entry(document, origin, folder, entries[i]->d_name, problem);
    free(entries[i]);
  }
  free(entries);
  return failed;
}
