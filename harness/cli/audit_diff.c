// audit --diff: what changed between two saved audits.
#include "cli/audit_document.h"
#include "cli/audit_run.h"
#include "cli/say.h"
#include "cli/verb.h"
#include "output/json.h"
#include "output/load.h"

#include <stdio.h>
#include <string.h>

// The figures that are compared: one member of one object.
static const struct {
  const char *name;
  const char *object;
  const char *member;
} figures[] = {
    {"double mapper, allocated", "doublemapper", "allocated_bytes"},
    {"double mapper, mapped", "doublemapper", "mapped_bytes"},
    {"double mapper, orphaned", "doublemapper", "orphaned_bytes"},
    {"double mapper, address space", "doublemapper", "mapped_va_bytes"},
    {"double mapper, interval", "doublemapper", "span_bytes"},
    {"malloc arenas, committed", "glibc", "committed_bytes"},
    {"malloc arenas, Rss", "glibc", "rss_bytes"},
    {"process RSS", "process", "rss_bytes"},
    {"process RssAnon", "process", "rss_anon_bytes"},
    {"process RssShmem", "process", "rss_shmem_bytes"},
    {"cgroup usage", "cgroup", "usage_bytes"},
    {"cgroup shmem", "cgroup", "shmem_bytes"},
};

static const struct {
  const char *name;
  const char *object;
  const char *member;
} counts[] = {
    {"mappings", "process", "mappings"},
    {"threads", "process", "threads"},
    {"malloc arenas", "glibc", "arenas"},
};

static WxFigure figure_of(const json_t *result, const char *object, const char *member) {
  return wx_json_get_figure(json_object_get(result, object), member);
}

// The result of the same process; a single result matches any single one.
static const json_t *matching(const json_t *results, const json_t *result, size_t others) {
  const WxFigure pid = wx_json_get_figure(result, "pid");
  for (size_t i = 0; i < json_array_size(results); ++i)
    if (wx_json_get_figure(json_array_get(results, i), "pid") == pid)
      return json_array_get(results, i);
  return json_array_size(results) == 1 && others == 1 ? json_array_get(results, 0) : NULL;
}

static void add_change(WxTable *table, WxJsonBuilder *list, const char *name, WxFigure was,
                       WxFigure is) {
  const WxFigure change = wx_figure_minus(is, was);
  wx_table_add(table, (WxCell[]){wx_text(name), wx_figure(was), wx_figure(is), wx_figure(change)});
  wx_json_append(list,
                 json_pack("{s:s, s:o, s:o, s:o}", "metric", name, "base", wx_json_figure(was),
                           "new", wx_json_figure(is), "change", wx_json_figure(change)));
}

void wx_audit_diff_document(WxDocument *document, const json_t *base, const json_t *now) {
  static const WxColumn byte_columns[] = {
      {"bytes", WX_TEXT}, {"before", WX_BYTES}, {"now", WX_BYTES}, {"change", WX_BYTES}};
  static const WxColumn count_columns[] = {
      {"count", WX_TEXT}, {"before", WX_COUNT}, {"now", WX_COUNT}, {"change", WX_COUNT}};
  const char *command = wx_json_get_text(now, "command");
  WxTable *bytes = wx_table_new(command, byte_columns, 4);
  WxTable *numbers = wx_table_new(NULL, count_columns, 4);
  WxJsonBuilder list = wx_json_list();
  for (size_t i = 0; i < sizeof figures / sizeof *figures; ++i)
    add_change(bytes, &list, figures[i].name, figure_of(base, figures[i].object, figures[i].member),
               figure_of(now, figures[i].object, figures[i].member));
  for (size_t i = 0; i < sizeof counts / sizeof *counts; ++i)
    add_change(numbers, &list, counts[i].name, figure_of(base, counts[i].object, counts[i].member),
               figure_of(now, counts[i].object, counts[i].member));
  const char *was = wx_json_get_text(json_object_get(base, "verdict"), "code");
  const char *is = wx_json_get_text(json_object_get(now, "verdict"), "code");
  wx_document_add_table(document, bytes);
  wx_document_add_table(document, numbers);
  wx_document_note(document, "Verdict: %s, now %s.", was ? was : "unknown", is ? is : "unknown");
  wx_document_add_result(document, json_pack("{s:o, s:o, s:o, s:o}", "pid",
                                             wx_json_figure(wx_json_get_figure(now, "pid")),
                                             "verdict_base", wx_json_text(was), "verdict",
                                             wx_json_text(is), "changes", wx_json_built(&list)));
}

static int load(const WxOptions *options, const char *path, json_t **root) {
  char problem[WX_PROBLEM];
  if (wx_document_load(path, root, problem))
    return wx_cli_fail(options->verb, "%s", problem);
  const char *kind = wx_json_get_text(*root, "kind");
  if (kind && !strcmp(kind, "audit"))
    return 0;
  return wx_cli_fail(options->verb, "%s: expected an audit, not a document of kind %s", path,
                     kind ? kind : "null");
}

int wx_audit_run_diff(WxOptions *options, const char *base_path, const char *now_path) {
  json_t *base = NULL, *now = NULL;
  int status = load(options, base_path, &base);
  if (!status)
    status = load(options, now_path, &now);
  WxDocument document;
  wx_document_init(&document, "audit");
  const json_t *before = json_object_get(base, "results"), *after = json_object_get(now, "results");
  size_t compared = 0;
  for (size_t i = 0; !status && i < json_array_size(after); ++i) {
    const json_t *result = json_array_get(after, i);
    const json_t *match = matching(before, result, json_array_size(after));
    if (!match)
      continue;
    wx_audit_diff_document(&document, match, result);
    ++compared;
  }
  if (!status && !compared)
    status = wx_cli_fail(options->verb, "%s and %s have no process in common", base_path, now_path);
  json_decref(base);
  json_decref(now);
  if (!status)
    return wx_cli_finish(options, &document, WX_UNKNOWN, WX_EXIT_OK);
  wx_document_free(&document);
  wx_options_free(options);
  return status;
}
