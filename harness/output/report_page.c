#include "output/report_page.h"

#include "output/format.h"
#include "output/html.h"
#include "output/json.h"
#include "output/output_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ANSWER_SIZE = 512 };

static int add_lines(WxText *method, const char *name, const json_t *context) {
  char *grown, cpus[32];
  const WxFigure count = wx_json_get_figure(context, "cpus");
  snprintf(cpus, sizeof cpus, count > 0 ? "%lld cpus" : "unknown cpus", (long long)count);
  const int length = asprintf(&grown, "%s%s: %s\n    %s, %s; %s, %s; wxbench %s\n",
                              method->data ? method->data : "", name,
                              wx_json_text_or(context, "command", "no command"),
                              wx_json_text_or(context, "date", "no date"),
                              wx_json_text_or(context, "kernel", "unknown kernel"),
                              wx_json_text_or(context, "cpu", "unknown cpu"), cpus,
                              wx_json_text_or(context, "wxbench_version", "of an unknown version"));
  if (length < 0)
    return -ENOMEM;
  wx_text_free(method);
  *method = (WxText){.data = grown, .length = (size_t)length, .capacity = (size_t)length + 1};
  return 0;
}

int wx_report_origin_add(WxReportOrigin *origin, const char *name, const json_t *root) {
  const size_t count = json_array_size(json_object_get(root, "results"));
  json_t *file = json_pack("{s:o, s:I}", "name", wx_json_text(name), "results", (json_int_t)count);
  if (!origin->files)
    origin->files = json_array();
  if (json_array_append_new(origin->files, file) != 0)
    return -ENOMEM;
  return add_lines(&origin->method, name, json_object_get(root, "context"));
}

void wx_report_origin_free(WxReportOrigin *origin) {
  wx_text_free(&origin->method);
  json_decref(origin->files);
  origin->files = NULL;
}

/* The pages
 * -------------------------------------------------------------------------------------------------
 */

static int render_page(const WxDocument *document, const WxHtmlOrigin *origin, WxText *page) {
  char answer[ANSWER_SIZE];
  wx_html_answer(document->results, answer, sizeof answer);
  FILE *stream = document->lost ? NULL : wx_text_stream(page);
  if (!stream)
    return -ENOMEM;
  const int failed = wx_html_write(document, answer, origin, stream);
  const int lost = wx_text_stream_end(stream, page);
  return lost ? lost : failed;
}

static int write_markdown(const char *folder, const WxDocument *document, const char *method,
                          WxProblem *problem) {
  char *tables;
  size_t length;
  const int failed = wx_format_render(wx_format_find("markdown"), document, &tables, &length);
  char answer[ANSWER_SIZE];
  wx_html_answer(document->results, answer, sizeof answer);
  char *text = NULL;
  const int whole = failed
                        ? -1
                        : asprintf(&text,
                                   "# " WX_HTML_QUESTION "\n\n%s\n\n%s\n## Method and machine\n\n"
                                   "```\n%s```\n",
                                   answer, tables, method);
  const int status = whole < 0
                         ? wx_problem(problem, -ENOMEM, "out of memory")
                         : wx_file_write_in(folder, "report.md", text, (size_t)whole, problem);
  if (!failed)
    free(tables);
  if (whole >= 0)
    free(text);
  return status;
}

int wx_report_pages(const char *folder, const WxDocument *document, const WxReportOrigin *origin,
                    WxProblem *problem) {
  const char *lines = origin->method.data ? origin->method.data : "";
  WxText page = {0};
  int status = render_page(document, &(WxHtmlOrigin){lines, origin->files}, &page)
                   ? wx_problem(problem, -ENOMEM, "out of memory")
                   : wx_file_write_in(folder, "report.html", page.data, page.length, problem);
  wx_text_free(&page);
  return status ? status : write_markdown(folder, document, lines, problem);
}

/* The issue
 * -------------------------------------------------------------------------------------------------
 */

static WxTable *issue_table(void) {
  static const WxColumn columns[] = {{"workload", WX_TEXT},      {".NET", WX_TEXT},
                                     {"mode", WX_TEXT},          {"live peak", WX_BYTES},
                                     {"memfd at end", WX_BYTES}, {"of it mapped nowhere", WX_BYTES},
                                     {"VmRSS at end", WX_BYTES}};
  return wx_table_new(NULL, columns, sizeof columns / sizeof *columns);
}

static bool add_row(WxDocument *issue, WxTable *table, const json_t *result) {
  const char *mode = wx_json_get_text(result, "mode");
  const char *workload = wx_json_text_or(result, "workload", "?"),
             *runtime = wx_json_text_or(result, "runtime", "?");
  const char *ended = wx_json_get_text(json_object_get(result, "ended"), "text");
  const json_t *metrics = json_object_get(result, "metrics");
  const json_t *samples = json_object_get(result, "samples");
  const size_t count = json_array_size(samples);
  if (mode && ended)
    wx_document_note(issue, "%s, %s, mode %s did not run to its end: %s", workload, runtime, mode,
                     ended);
  if (!mode || !json_is_object(metrics) || !count)
    return mode && ended;
  const json_t *last = json_array_get(samples, count - 1);
  wx_table_add(table, (WxCell[]){wx_text(workload), wx_text(runtime), wx_text(mode),
                                 wx_figure(wx_json_get_figure(metrics, "live_peak_bytes")),
                                 wx_figure(wx_json_get_figure(last, "allocated_bytes")),
                                 wx_figure(wx_json_get_figure(last, "orphaned_bytes")),
                                 wx_figure(wx_json_get_figure(last, "rss_bytes"))});
  return true;
}

int wx_report_issue(const char *folder, const WxDocument *document, const WxReportOrigin *origin,
                    WxDocument *issue, WxProblem *problem) {
  char answer[ANSWER_SIZE];
  wx_html_answer(document->results, answer, sizeof answer);
  wx_document_note(issue, "%s", answer);
  wx_document_note(issue, "Modes: on is as shipped; off is DOTNET_EnableWriteXorExecute=0; preload "
                          "and live give the pages back, at each release or from outside.");
  wx_document_lead(issue);
  WxTable *table = issue_table();
  bool any = false;
  for (size_t i = 0; i < json_array_size(document->results); ++i)
    any |= add_row(issue, table, json_array_get(document->results, i));
  wx_document_add_table(issue, table);
  char *rest = NULL, *lines = origin->method.data ? strdup(origin->method.data) : NULL;
  for (char *line = lines ? strtok_r(lines, "\n", &rest) : NULL; line;
       line = strtok_r(NULL, "\n", &rest))
    wx_document_note(issue, "%s", line + strspn(line, " "));
  free(lines);
  return any ? 0
             : wx_problem(problem, -ENODATA,
                          "%s: expected results of validate for an issue, but there are none",
                          folder);
}
