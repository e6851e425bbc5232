// Plots as inline SVG: what the memfd holds over time, a line a mode.
#include "output/html.h"
#include "output/json.h"
#include "output/markup.h"
#include "stats/units.h"

#include <string.h>

enum { WIDTH = 640, HEIGHT = 260, LEFT = 90, RIGHT = 110, TOP = 16, BOTTOM = 40, TICKS = 4 };

// The results [first, end) of one workload on one runtime.
typedef struct {
  const json_t *results;
  const char *workload;
  const char *runtime;
  double t_most;
  double bytes_most;
} Plot;

static bool same(const char *one, const char *other) {
  return one && other && strcmp(one, other) == 0;
}

static bool is_of(const Plot *plot, const json_t *result) {
  return same(wx_json_get_text(result, "workload"), plot->workload) &&
         same(wx_json_get_text(result, "runtime"), plot->runtime) &&
         wx_json_get_text(result, "mode") &&
         json_array_size(json_object_get(result, "samples")) >= 2;
}

static double known(const json_t *sample, const char *key) {
  const WxFigure figure = wx_json_get_figure(sample, key);
  return wx_known(figure) ? (double)figure : 0;
}

static void measure(Plot *plot) {
  plot->t_most = plot->bytes_most = 1;
  for (size_t i = 0; i < json_array_size(plot->results); ++i) {
    const json_t *result = json_array_get(plot->results, i);
    const json_t *samples = json_object_get(result, "samples");
    for (size_t j = 0; is_of(plot, result) && j < json_array_size(samples); ++j) {
      const double t = known(json_array_get(samples, j), "t_ns");
      const double bytes = known(json_array_get(samples, j), "allocated_bytes");
      plot->t_most = t > plot->t_most ? t : plot->t_most;
      plot->bytes_most = bytes > plot->bytes_most ? bytes : plot->bytes_most;
    }
  }
}

static double x_of(const Plot *plot, double t) {
  return LEFT + t / plot->t_most * (WIDTH - LEFT - RIGHT);
}

static double y_of(const Plot *plot, double bytes) {
  return HEIGHT - BOTTOM - bytes / plot->bytes_most * (HEIGHT - TOP - BOTTOM);
}

// What the plot shows, in words.
static void write_words(const Plot *plot, FILE *stream) {
  fputs("memfd of ", stream);
  wx_markup_text(stream, plot->workload);
  fputs(" on .NET ", stream);
  wx_markup_text(stream, plot->runtime);
  for (size_t i = 0; i < json_array_size(plot->results); ++i) {
    const json_t *result = json_array_get(plot->results, i);
    if (!is_of(plot, result))
      continue;
    const json_t *samples = json_object_get(result, "samples");
    char bytes[WX_UNITS_TEXT];
    wx_units_format_bytes(bytes,
                          wx_json_get_figure(json_array_get(samples, json_array_size(samples) - 1),
                                             "allocated_bytes"));
    fputs("; mode ", stream);
    wx_markup_text(stream, wx_json_get_text(result, "mode"));
    fprintf(stream, " ends at %s", bytes);
  }
}

static void write_axes(const Plot *plot, FILE *stream) {
  for (int i = 0; i <= TICKS; ++i) {
    char text[WX_UNITS_TEXT];
    const double bytes = plot->bytes_most * i / TICKS, t = plot->t_most * i / TICKS;
    fprintf(stream,
            "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>"
            "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>",
            LEFT, WIDTH - RIGHT, y_of(plot, bytes), y_of(plot, bytes), LEFT - 6,
            y_of(plot, bytes) + 4, wx_units_format_bytes(text, (WxFigure)bytes));
    fprintf(stream, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%.1f s</text>\n",
            x_of(plot, t), HEIGHT - BOTTOM + 18, t / 1e9);
  }
}

static size_t line_class(const char *mode) {
  static const char *const modes[] = {"on", "off", "preload", "live"};
  size_t i = 0;
  while (i < sizeof modes / sizeof *modes && strcmp(modes[i], mode) != 0)
    ++i;
  return i;
}

// The legend stands at a place of its own for each mode, so that no two are written on another.
static void write_line(const Plot *plot, const json_t *result, size_t place, FILE *stream) {
  const char *mode = wx_json_get_text(result, "mode");
  const size_t style = line_class(mode);
  const json_t *samples = json_object_get(result, "samples");
  fprintf(stream, "<polyline class=\"line m%zu\" points=\"", style);
  for (size_t i = 0; i < json_array_size(samples); ++i) {
    const json_t *sample = json_array_get(samples, i);
    if (wx_known(wx_json_get_figure(sample, "allocated_bytes")))
      fprintf(stream, "%.1f,%.1f ", x_of(plot, known(sample, "t_ns")),
              y_of(plot, known(sample, "allocated_bytes")));
  }
  const int y = TOP + 12 + (int)place * 22, x = WIDTH - RIGHT + 12;
  fprintf(stream,
          "\"/><line class=\"line m%zu\" x1=\"%d\" x2=\"%d\" y1=\"%d\" y2=\"%d\"/>"
          "<text x=\"%d\" y=\"%d\">",
          style, x, x + 24, y - 4, y - 4, x + 30, y);
  wx_markup_text(stream, mode);
  fputs("</text>\n", stream);
}

static void write_plot(Plot *plot, FILE *stream) {
  measure(plot);
  fprintf(stream, "<figure><svg role=\"img\" viewBox=\"0 0 %d %d\" aria-label=\"", WIDTH, HEIGHT);
  write_words(plot, stream);
  fputs("\">\n", stream);
  write_axes(plot, stream);
  size_t place = 0;
  for (size_t i = 0; i < json_array_size(plot->results); ++i)
    if (is_of(plot, json_array_get(plot->results, i)))
      write_line(plot, json_array_get(plot->results, i), place++, stream);
  fputs("</svg><figcaption>", stream);
  write_words(plot, stream);
  fputs(".</figcaption></figure>\n", stream);
}

void wx_html_plots(const json_t *results, FILE *stream) {
  for (size_t i = 0; i < json_array_size(results); ++i) {
    const json_t *result = json_array_get(results, i);
    Plot plot = {.results = results,
                 .workload = wx_json_get_text(result, "workload"),
                 .runtime = wx_json_get_text(result, "runtime")};
    bool first = is_of(&plot, result);
    for (size_t j = 0; j < i && first; ++j)
      first = !is_of(&plot, json_array_get(results, j));
    if (first)
      write_plot(&plot, stream);
  }
}
