// Audits as metrics for Prometheus (the node exporter's textfile collector). Names are documented
// in docs/audit.md.
#include "os/text.h"
#include "output/audit_document.h"
#include "output/audit_figures.h"
#include "output/json.h"
#include "output/shown.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define METRIC(NAME, HELP)    NAME, HELP
#define NO_METRIC             NULL, NULL
#define COMPARED(PLACE, NAME) PLACE, NAME
#define ALONE                 0, NULL

const WxAuditFigure wx_audit_figures[WX_AUDIT_FIGURE_COUNT] = {
#define ROW(OBJECT, MEMBER, METRIC_OF, PLACE_OF) {#OBJECT, #MEMBER, METRIC_OF, PLACE_OF},
    WX_AUDIT_FIGURES(ROW)
#undef ROW
};

// A label's value: backslash, quote and line end escaped, and what else is not to be shown.
static void put_label(FILE *stream, const char *text) {
  for (size_t left = strlen(text); left > 0;) {
    char shown[WX_SHOWN];
    const size_t taken = wx_shown_next(text, left, shown);
    if ((*text == '\\' || *text == '"') || (*shown == '\\' && *text != '\n'))
      fputc('\\', stream);
    fputs(shown, stream);
    text += taken;
    left -= taken;
  }
}

static void put_labels(FILE *stream, const json_t *result) {
  const char *command = wx_json_get_text(result, "command");
  const WxFigure pid = wx_json_get_figure(result, "pid");
  fputs("{pid=\"", stream);
  if (wx_known(pid))
    fprintf(stream, "%lld", (long long)pid);
  fputs("\",command=\"", stream);
  put_label(stream, command ? command : "");
  fputc('"', stream);
}

static void put_metric(FILE *stream, const WxAuditFigure *figure, const json_t *results) {
  fprintf(stream, "# HELP %s %s\n# TYPE %s gauge\n", figure->metric, figure->help, figure->metric);
  for (size_t i = 0; i < json_array_size(results); ++i) {
    const json_t *result = json_array_get(results, i);
    const WxFigure value =
        wx_json_get_figure(json_object_get(result, figure->object), figure->member);
    if (!wx_known(value)) // What is not known is absent, never 0.
      continue;
    fputs(figure->metric, stream);
    put_labels(stream, result);
    fprintf(stream, "} %lld\n", (long long)value);
  }
}

static void put_verdicts(FILE *stream, const json_t *results) {
  fputs("# HELP wxbench_verdict 1 for the verdict's code\n# TYPE wxbench_verdict gauge\n", stream);
  for (size_t i = 0; i < json_array_size(results); ++i) {
    const json_t *result = json_array_get(results, i);
    const char *code = wx_json_get_text(json_object_get(result, "verdict"), "code");
    fputs("wxbench_verdict", stream);
    put_labels(stream, result);
    fprintf(stream, ",code=\"%s\"} 1\n", code ? code : "unknown");
  }
}

char *wx_audit_metrics(const json_t *results) {
  WxText text = {0};
  FILE *stream = wx_text_stream(&text);
  if (!stream)
    return NULL;
  for (size_t i = 0; i < WX_AUDIT_FIGURE_COUNT; ++i)
    if (wx_audit_figures[i].metric)
      put_metric(stream, &wx_audit_figures[i], results);
  put_verdicts(stream, results);
  return wx_text_stream_end(stream, &text) ? NULL : text.data;
}
