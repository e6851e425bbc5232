#include "output/oom_document.h"

#include "output/json.h"

#include <stdio.h>

enum { TITLE = 160 };

static const char *scope_name(WxOomScope scope) {
  static const char *const names[] = {
      [WX_OOM_ANY] = NULL, [WX_OOM_GROUP] = "group", [WX_OOM_MACHINE] = "machine"};
  return names[scope];
}

static WxFigure limit_of(const WxOomReport *report) {
  const WxFigure limit = report->group.limit_bytes;
  return limit == WX_CGROUP_NO_LIMIT ? WX_UNKNOWN : limit;
}

static WxFigure page_cache_of(const WxOomReport *report) {
  return wx_figure_minus(report->group.file_bytes, report->group.shmem_bytes);
}

json_t *wx_oom_json(const WxOomReport *report) {
  const WxCgroupFigures *figures = &report->group;
  WxJsonBuilder process = wx_json_object(), group = wx_json_object(), split = wx_json_object(),
                object = wx_json_object();
  PUT_FIGURES(&process, {"virtual_bytes", report->virtual_bytes},
              {"rss_anon_bytes", report->anon_rss_bytes},
              {"rss_file_bytes", report->file_rss_bytes},
              {"rss_shmem_bytes", report->shmem_rss_bytes},
              {"page_tables_bytes", report->page_tables_bytes});
  PUT_FIGURES(&group, {"usage_bytes", figures->usage_bytes}, {"limit_bytes", limit_of(report)},
              {"anon_bytes", figures->anon_bytes}, {"file_bytes", figures->file_bytes},
              {"shmem_bytes", figures->shmem_bytes},
              {"file_mapped_bytes", figures->file_mapped_bytes},
              {"swap_bytes", figures->swap_bytes}, {"kernel_bytes", figures->kernel_bytes},
              {"slab_bytes", figures->slab_bytes}, {"socket_bytes", figures->socket_bytes},
              {"page_tables_bytes", figures->page_tables_bytes},
              {"kernel_stacks_bytes", figures->kernel_stack_bytes});
  PUT_FIGURES(&split, {"page_cache_bytes", page_cache_of(report)},
              {"shmem_mapped_bytes", report->mapped_bytes},
              {"shmem_unmapped_bytes", report->unmapped_bytes},
              {"shmem_unmapped_least_bytes", report->unmapped_least_bytes});
  wx_json_put(&object, "pid", report->pid ? json_integer(report->pid) : json_null());
  wx_json_put(&object, "command", wx_json_text(*report->command ? report->command : NULL));
  wx_json_put(&object, "source", json_string("oom"));
  wx_json_put(&object, "killed", json_boolean(report->killed));
  wx_json_put(&object, "processes_killed",
              report->kills ? json_integer((json_int_t)report->kills) : json_null());
  wx_json_put(&object, "scope", wx_json_text(scope_name(report->scope)));
  wx_json_put(&object, "process", wx_json_built(&process));
  wx_json_put(&object, "cgroup", wx_json_built(&group));
  wx_json_put(&object, "split", wx_json_built(&split));
  wx_json_put(&object, "verdict",
              json_pack("{s:s, s:o, s:s, s:s}", "code", wx_verdict_code(report->verdict.code),
                        "text", wx_json_text(report->verdict.text), "next", report->verdict.next,
                        "certainty", wx_certainty_name(report->certainty)));
  return wx_json_built(&object);
}

static WxTable *report_table(const WxOomReport *report) {
  static const WxColumn columns[] = {{"memory", WX_TEXT}, {"bytes", WX_BYTES}};
  const WxCgroupFigures *group = &report->group;
  const struct {
    const char *name;
    WxFigure bytes;
  } rows[] = {
      {"usage", group->usage_bytes},
      {"limit", limit_of(report)},
      {"private memory", group->anon_bytes},
      {"shared memory", group->shmem_bytes},
      {"  of it mapped, at most", report->mapped_bytes},
      {"  of it mapped nowhere", report->unmapped_bytes},
      {"  of it mapped nowhere, at least", report->unmapped_least_bytes},
      {"page cache without it", page_cache_of(report)},
      {"mapped files and shared memory", group->file_mapped_bytes},
      {"swap", group->swap_bytes},
      {"kernel", group->kernel_bytes},
      {"  slab", group->slab_bytes},
      {"  sockets", group->socket_bytes},
      {"  page tables", group->page_tables_bytes},
      {"  kernel stacks", group->kernel_stack_bytes},
      {"process: address space", report->virtual_bytes},
      {"process: anon-rss", report->anon_rss_bytes},
      {"process: file-rss", report->file_rss_bytes},
      {"process: shmem-rss, each view counted", report->shmem_rss_bytes},
      {"process: page tables", report->page_tables_bytes},
  };
  char title[TITLE];
  const char *scope = scope_name(report->scope);
  if (report->pid)
    snprintf(title, sizeof title, "%s (%d), killed%s%s", report->command, (int)report->pid,
             scope ? " at the limit of its " : "", scope ? scope : "");
  else
    snprintf(title, sizeof title, "%s", report->killed ? "A kill" : "A group");
  WxTable *table = wx_table_new(title, columns, 2);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i)
    wx_table_add(table, (WxCell[]){wx_text(rows[i].name), wx_figure(rows[i].bytes)});
  return table;
}

void wx_oom_document_add(WxDocument *document, const WxOomReport reports[], size_t count) {
  for (size_t i = 0; i < count; ++i) {
    const WxOomReport *report = &reports[i];
    wx_document_add_result(document, wx_oom_json(report));
    wx_document_add_table(document, report_table(report));
    wx_document_note(document, "VERDICT %s (certainty: %s): %s Next: %s",
                     wx_verdict_code(report->verdict.code), wx_certainty_name(report->certainty),
                     report->verdict.text, report->verdict.next);
  }
}
