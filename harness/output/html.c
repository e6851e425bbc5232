#include "output/html.h"

#include "output/json.h"
#include "output/markup.h"
#include "stats/units.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// Colours have a contrast of at least 4.5 to 1 to their ground, and lines differ by dashes too.
static const char style[] =
    ":root{color-scheme:light;--ground:#fff;--ink:#1a1a1a;--soft:#595959;--rule:#c8c8c8;"
    "--m0:#b3261e;--m1:#1f5fbf;--m2:#1b6e3c;--m3:#7b3fa0}\n"
    "@media screen and (prefers-color-scheme:dark){:root{color-scheme:dark;--ground:#161616;"
    "--ink:#ececec;--soft:#b0b0b0;--rule:#4a4a4a;--m0:#ff8a80;--m1:#8ab4f8;--m2:#81c995;"
    "--m3:#d7aefb}}\n"
    "body{background:var(--ground);color:var(--ink);font:16px/1.5 sans-serif;max-width:64rem;"
    "margin:0 auto;padding:1rem;overflow-wrap:anywhere}\n"
    "a{color:var(--m1)}h1{font-size:1.6rem;line-height:1.25}.answer{font-size:1.2rem}\n"
    ".wide{overflow-x:auto;margin:1rem 0}table{border-collapse:collapse;font-size:.9rem;"
    "overflow-wrap:normal}\n"
    "caption{text-align:left;font-weight:bold;padding:.4rem 0}"
    "caption span{display:inline-block;position:sticky;left:0;overflow-wrap:anywhere;"
    "max-width:calc(min(100vw,66rem) - 2.5rem)}\n"
    "th,td{padding:.25rem .6rem;border-bottom:1px solid var(--rule);text-align:right;"
    "vertical-align:top}td{white-space:nowrap}.t{text-align:left}.t.long{white-space:normal;"
    "min-width:16rem}\n"
    "figure{margin:1.5rem 0}figcaption{color:var(--soft);font-size:.9rem}\n"
    "svg{width:100%;height:auto;max-width:48rem}svg text{fill:var(--ink);font:12px sans-serif}\n"
    "@media (max-width:40rem){svg text{font-size:19px}}\n"
    ".grid{stroke:var(--rule)}.line{fill:none;stroke:var(--soft);stroke-width:2.5;"
    "vector-effect:non-scaling-stroke}\n"
    ".m0{stroke:var(--m0)}.m1{stroke:var(--m1);stroke-dasharray:8 4}"
    ".m2{stroke:var(--m2);stroke-dasharray:2 3}.m3{stroke:var(--m3);stroke-dasharray:12 3 2 3}\n"
    "pre{overflow-x:auto;font-size:.8rem;white-space:pre-wrap;overflow-wrap:anywhere}\n"
    ":focus-visible{outline:3px solid var(--m1)}\n"
    "@media print{body{max-width:none;padding:0}figure,tr{break-inside:avoid}.raw{display:none}"
    "h2,figcaption,caption{break-after:avoid}.wide{overflow:visible}table{font-size:.7rem}"
    "td{white-space:normal}.t.long{min-width:0}}\n";

/* The answer
 * -------------------------------------------------------------------------------------------------
 */

// The largest that a mode retained, with where it was. False where it did not run to its end.
static bool most_retained(const json_t *results, const char *mode, WxFigure *most,
                          const json_t **where) {
  *most = WX_UNKNOWN;
  for (size_t i = 0; i < json_array_size(results); ++i) {
    const json_t *result = json_array_get(results, i);
    const char *name = wx_json_get_text(result, "mode");
    const WxFigure retained =
        wx_json_get_figure(json_object_get(result, "metrics"), "retained_bytes");
    if (!name || strcmp(name, mode) != 0 || !wx_known(retained) ||
        (wx_known(*most) && retained <= *most))
      continue;
    *most = retained;
    *where = result;
  }
  return wx_known(*most);
}

void wx_html_answer(const json_t *results, char *answer, size_t size) {
  static const char *const others[] = {"off", "preload", "live"};
  const json_t *where = NULL;
  WxFigure most;
  char bytes[WX_UNITS_TEXT];
  if (!most_retained(results, "on", &most, &where)) {
    snprintf(answer, size, "No run of a real runtime with W^X on is among these results.");
    return;
  }
  int used =
      snprintf(answer, size, "With W^X on, up to %s stay allocated and mapped nowhere (%s, %s)",
               wx_units_format_bytes(bytes, most), wx_json_text_or(where, "workload", "?"),
               wx_json_text_or(where, "runtime", "?"));
  for (size_t i = 0; i < sizeof others / sizeof *others; ++i)
    if (used > 0 && (size_t)used < size && most_retained(results, others[i], &most, &where))
      used += snprintf(answer + used, size - (size_t)used, "; mode %s: at most %s", others[i],
                       wx_units_format_bytes(bytes, most));
  if (used > 0 && (size_t)used < size)
    snprintf(answer + used, size - (size_t)used, ".");
}

/* The page
 * -------------------------------------------------------------------------------------------------
 */

static void write_head(const char *answer, FILE *stream) {
  fprintf(stream,
          "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
          "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
          "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
          "style-src 'unsafe-inline'; img-src data:\">\n"
          "<link rel=\"icon\" href=\"data:,\">\n"
          "<title>wxbench report</title>\n<style>\n%s</style></head>\n"
          "<body><main>\n<h1>" WX_HTML_QUESTION "</h1>\n<p class=\"answer\">",
          style);
  wx_markup_text(stream, answer);
  fputs("</p>\n", stream);
}

// A longer text is broken between words.
enum { LONG_TEXT = 30 };

static void write_cells(const WxTable *table, size_t row, FILE *stream) {
  for (size_t i = 0; i < wx_table_columns(table); ++i) {
    char buffer[WX_CELL_TEXT];
    const char *text = wx_table_show(table, row, i, buffer);
    const bool words = wx_table_column(table, i).type == WX_TEXT;
    fputs(!words                     ? "<td>"
          : strlen(text) > LONG_TEXT ? "<td class=\"t long\">"
                                     : "<td class=\"t\">",
          stream);
    wx_markup_text(stream, text);
    fputs("</td>", stream);
  }
}

// It can be scrolled by the keyboard where it is wider than the page.
static void write_table(const WxTable *table, FILE *stream) {
  const char *title = wx_table_title(table);
  fputs("<div class=\"wide\" role=\"region\" tabindex=\"0\" aria-label=\"", stream);
  wx_markup_text(stream, title ? title : "results");
  fputs("\"><table>\n", stream);
  if (title) {
    fputs("<caption><span>", stream);
    wx_markup_text(stream, title);
    fputs("</span></caption>\n", stream);
  }
  fputs("<thead><tr>", stream);
  for (size_t i = 0; i < wx_table_columns(table); ++i) {
    const WxColumn column = wx_table_column(table, i);
    fputs(column.type == WX_TEXT ? "<th scope=\"col\" class=\"t\">" : "<th scope=\"col\">", stream);
    wx_markup_text(stream, column.name);
    fputs("</th>", stream);
  }
  fputs("</tr></thead>\n<tbody>\n", stream);
  for (size_t row = 0; row < wx_table_rows(table); ++row) {
    fputs("<tr>", stream);
    write_cells(table, row, stream);
    fputs("</tr>\n", stream);
  }
  fputs("</tbody></table></div>\n", stream);
}

static void write_notes(const WxDocument *document, FILE *stream) {
  if (document->note_count)
    fputs("<h2>In words</h2>\n", stream);
  for (size_t i = 0; i < document->note_count; ++i) {
    fputs("<p>", stream);
    wx_markup_text(stream, document->notes[i]);
    fputs("</p>\n", stream);
  }
}

static int write_raw(const WxDocument *document, FILE *stream) {
  char *raw = wx_json_print(document->results, JSON_INDENT(1));
  if (!raw)
    return -ENOMEM;
  fputs("<details class=\"raw\"><summary>Raw data: all results as JSON</summary>\n<pre>", stream);
  wx_markup_lines(stream, raw);
  fputs("</pre></details>\n", stream);
  free(raw);
  return 0;
}

int wx_html_write(const WxDocument *document, const char *answer, const WxHtmlOrigin *origin,
                  FILE *stream) {
  write_head(answer, stream);
  if (!wx_html_plots(document->results, origin->files, stream))
    return -ENOMEM;
  if (document->table_count)
    fputs("<h2>Measured</h2>\n", stream);
  for (size_t i = 0; i < document->table_count; ++i)
    write_table(document->tables[i], stream);
  write_notes(document, stream);
  fputs("<h2>Method and machine</h2>\n<pre>", stream);
  wx_markup_lines(stream, origin->method);
  fputs("</pre>\n", stream);
  const int failed = write_raw(document, stream);
  fputs("</main></body></html>\n", stream);
  return failed;
}
