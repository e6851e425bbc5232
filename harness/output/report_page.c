#include "output/report_page.h"

#include "output/format.h"
#include "output/html.h"
#include "output/json.h"
#include "output/markup.h"
#include "output/output_file.h"
#include "output/shown.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ANSWER_SIZE = 512 };

static void put(FILE *stream, const char *text, const char *after) {
  wx_shown_put(stream, text, strlen(text));
  fputs(after, stream);
}

// Two lines, whatever is in the names: what else they held would end the block that they stand in.
static int add_lines(WxText *method, const char *name, const json_t *context) {
  WxText lines = {0};
  FILE *stream = wx_text_stream(&lines);
  if (!stream)
    return -ENOMEM;
  const WxFigure cpus = wx_json_get_figure(context, "cpus");
  fputs(method->data ? method->data : "", stream);
  put(stream, name, ": ");
  put(stream, wx_json_text_or(context, "command", "no command"), "\n    ");
  put(stream, wx_json_text_or(context, "date", "no date"), ", ");
  put(stream, wx_json_text_or(context, "kernel", "unknown kernel"), "; ");
  put(stream, wx_json_text_or(context, "cpu", "unknown cpu"), ", ");
  if (cpus > 0)
    fprintf(stream, "%lld", (long long)cpus);
  else
    fputs("an unknown number of", stream);
  fputs(" cpus; wxbench ", stream);
  put(stream, wx_json_text_or(context, "wxbench_version", "of an unknown version"), "\n");
  const int failed = wx_text_stream_end(stream, &lines);
  wx_text_free(failed ? &lines : method);
  if (!failed)
    *method = lines;
  return failed;
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

static int render_markdown(const WxDocument *document, const char *method, WxText *text) {
  char answer[ANSWER_SIZE], *tables;
  size_t length;
  const int failed = wx_format_render(wx_format_find("markdown"), document, &tables, &length);
  if (failed)
    return failed;
  FILE *stream = wx_text_stream(text);
  if (stream) {
    wx_html_answer(document->results, answer, sizeof answer);
    fputs("# " WX_HTML_QUESTION "\n\n", stream);
    wx_markup_markdown(stream, answer);
    fprintf(stream, "\n\n%s\n## Method and machine\n\n```\n%s```\n", tables, method);
  }
  free(tables);
  return stream ? wx_text_stream_end(stream, text) : -ENOMEM;
}

static int write_markdown(const char *folder, const WxDocument *document, const char *method,
                          WxProblem *problem) {
  WxText text = {0};
  const int status = render_markdown(document, method, &text)
                         ? wx_problem(problem, -ENOMEM, "out of memory")
                         : wx_file_write_in(folder, "report.md", text.data, text.length, problem);
  wx_text_free(&text);
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
  // Without the file nothing tells how much of the code is live.
  const bool has_file = strcmp(mode, "off") != 0;
  const WxFigure live = has_file ? wx_json_get_figure(metrics, "live_peak_bytes") : WX_UNKNOWN;
  const json_t *last = json_array_get(samples, count - 1);
  wx_table_add(table,
               (WxCell[]){wx_text(workload), wx_text(runtime), wx_text(mode), wx_figure(live),
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
