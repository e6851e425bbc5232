// Plots as inline SVG: what the memfd holds over time, a line a mode.
#include "output/html.h"
#include "output/json.h"
#include "output/markup.h"
#include "stats/units.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 640, HEIGHT = 260, LEFT = 104, RIGHT = 130, TOP = 16, BOTTOM = 40, PITCH = 24 };
enum { TICKS = 5, LEAST_BYTES = 1 << 20, LEAST_NS = 1000000 };

// The results that have the same rank in the same file, of one workload on one runtime.
typedef struct {
  const json_t *results;
  const size_t *ranks;
  size_t from, to; // Of the file.
  size_t first;
  const char *file; // NULL for none.
  const char *workload;
  const char *runtime;
  double t_most;
  double bytes_most; // The upper end of the axis.
  double bytes_step;
} Plot;

static bool same(const char *one, const char *other) {
  return one && other && strcmp(one, other) == 0;
}

static bool same_text(const json_t *one, const json_t *other, const char *key) {
  return same(wx_json_get_text(one, key), wx_json_get_text(other, key));
}

static bool has_point(const json_t *sample) {
  return wx_json_get_figure(sample, "t_ns") >= 0 &&
         wx_json_get_figure(sample, "allocated_bytes") >= 0;
}

static bool has_curve(const json_t *result) {
  const json_t *samples = json_object_get(result, "samples");
  size_t points = 0;
  for (size_t i = 0; i < json_array_size(samples); ++i)
    points += has_point(json_array_get(samples, i));
  return points >= 2 && wx_json_get_text(result, "mode") && wx_json_get_text(result, "workload") &&
         wx_json_get_text(result, "runtime");
}

static bool is_of(const Plot *plot, size_t index) {
  const json_t *result = json_array_get(plot->results, index);
  return plot->ranks[index] == plot->ranks[plot->first] && has_curve(result) &&
         same(wx_json_get_text(result, "workload"), plot->workload) &&
         same(wx_json_get_text(result, "runtime"), plot->runtime);
}

// The least of 0.25, 0.5, 1, 2, 5, 10, 20, 50, ... units of which no more than TICKS are needed.
static double step_of(double most, double unit) {
  static const double factors[] = {2, 2.5, 2};
  double step = unit / 4;
  if (most > TICKS * step)
    step = unit / 2;
  if (most > TICKS * step)
    step = unit;
  for (size_t i = 0; most > TICKS * step; i = (i + 1) % 3)
    step *= factors[i];
  return step;
}

static double unit_of_bytes(double most) {
  double unit = LEAST_BYTES;
  while (unit * 1024 <= most)
    unit *= 1024;
  return unit;
}

static void measure(Plot *plot) {
  double most = LEAST_BYTES;
  plot->t_most = LEAST_NS;
  for (size_t i = plot->from; i < plot->to; ++i) {
    const json_t *samples = json_object_get(json_array_get(plot->results, i), "samples");
    for (size_t j = 0; is_of(plot, i) && j < json_array_size(samples); ++j) {
      const json_t *sample = json_array_get(samples, j);
      if (!has_point(sample))
        continue;
      most = fmax(most, (double)wx_json_get_figure(sample, "allocated_bytes"));
      plot->t_most = fmax(plot->t_most, (double)wx_json_get_figure(sample, "t_ns"));
    }
  }
  plot->bytes_step = step_of(most, unit_of_bytes(most));
  plot->bytes_most = ceil(most / plot->bytes_step) * plot->bytes_step;
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
  if (plot->file)
    fputs(" in ", stream), wx_markup_text(stream, plot->file);
  for (size_t i = plot->from; i < plot->to; ++i) {
    if (!is_of(plot, i))
      continue;
    const json_t *result = json_array_get(plot->results, i);
    const json_t *samples = json_object_get(result, "samples");
    char bytes[WX_UNITS_TEXT];
    wx_units_format_bytes(bytes,
                          wx_json_get_figure(json_array_get(samples, json_array_size(samples) - 1),
                                             "allocated_bytes"));
    fputs("; mode ", stream);
    wx_markup_text(stream, wx_json_get_text(result, "mode"));
    fprintf(stream,
            json_is_object(json_object_get(result, "ended"))
                ? " did not run to its end and was last at %s"
                : " ends at %s",
            bytes);
  }
}

static void write_axes(const Plot *plot, FILE *stream) {
  for (int i = 0; i * plot->bytes_step <= plot->bytes_most; ++i) {
    char text[WX_UNITS_TEXT];
    const double bytes = i * plot->bytes_step, y = y_of(plot, bytes);
    fprintf(stream,
            "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>"
            "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n",
            LEFT, WIDTH - RIGHT, y, y, LEFT - 6, y + 4,
            wx_units_format_bytes(text, bytes < 9.2e18 ? (WxFigure)bytes : INT64_MAX));
  }
  double unit = 1e6;
  while (unit * 10 <= plot->t_most)
    unit *= 10;
  const double step = step_of(plot->t_most, unit);
  for (int i = 0; i * step <= plot->t_most; ++i)
    fprintf(stream, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%g s</text>\n",
            x_of(plot, i * step), HEIGHT - BOTTOM + 26, i * step / 1e9);
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
    if (has_point(sample))
      fprintf(stream, "%.1f,%.1f ", x_of(plot, (double)wx_json_get_figure(sample, "t_ns")),
              y_of(plot, (double)wx_json_get_figure(sample, "allocated_bytes")));
  }
  const int y = TOP + 12 + (int)place * PITCH, x = WIDTH - RIGHT + 12;
  fprintf(stream,
          "\"/><line class=\"line m%zu\" x1=\"%d\" x2=\"%d\" y1=\"%d\" y2=\"%d\"/>"
          "<text x=\"%d\" y=\"%d\">",
          style, x, x + 24, y - 4, y - 4, x + 30, y);
  wx_markup_text(stream, mode);
  fputs("</text>\n", stream);
}

static void write_plot(Plot *plot, FILE *stream) {
  measure(plot);
  int lines = 0;
  size_t place = 0;
  for (size_t i = plot->from; i < plot->to; ++i)
    lines += is_of(plot, i);
  const int height = TOP + lines * PITCH > HEIGHT ? TOP + lines * PITCH : HEIGHT;
  fputs("<figure><figcaption>", stream);
  write_words(plot, stream);
  fprintf(stream, ".</figcaption><svg role=\"img\" viewBox=\"0 0 %d %d\" aria-label=\"", WIDTH,
          height);
  write_words(plot, stream);
  fputs("\">\n", stream);
  write_axes(plot, stream);
  for (size_t i = plot->from; i < plot->to; ++i)
    if (is_of(plot, i))
      write_line(plot, json_array_get(plot->results, i), place++, stream);
  fputs("</svg></figure>\n", stream);
}

// How often each result's workload, runtime and mode were in its file before.
static void rank(const json_t *results, size_t from, size_t to, size_t *ranks) {
  for (size_t i = from; i < to; ++i) {
    const json_t *one = json_array_get(results, i);
    ranks[i] = 0;
    for (size_t j = from; j < i; ++j) {
      const json_t *other = json_array_get(results, j);
      if (same_text(one, other, "mode") && same_text(one, other, "workload") &&
          same_text(one, other, "runtime"))
        ranks[i] = ranks[j] + 1;
    }
  }
}

static void write_plots_of_file(Plot *plot, FILE *stream) {
  for (plot->first = plot->from; plot->first < plot->to; ++plot->first) {
    const json_t *result = json_array_get(plot->results, plot->first);
    plot->workload = wx_json_get_text(result, "workload");
    plot->runtime = wx_json_get_text(result, "runtime");
    bool first = is_of(plot, plot->first);
    for (size_t i = plot->from; i < plot->first && first; ++i)
      first = !is_of(plot, i);
    if (first)
      write_plot(plot, stream);
  }
}

bool wx_html_plots(const json_t *results, const json_t *files, FILE *stream) {
  const size_t count = json_array_size(results);
  size_t *ranks = calloc(count + 1, sizeof *ranks);
  if (!ranks)
    return false;
  Plot plot = {.results = results, .ranks = ranks};
  for (size_t i = 0; plot.from < count; ++i, plot.from = plot.to) {
    const json_t *file = json_array_get(files, i);
    plot.file = wx_json_get_text(file, "name");
    plot.to = file ? plot.from + (size_t)wx_json_get_figure(file, "results") : count;
    rank(results, plot.from, plot.to, ranks);
    write_plots_of_file(&plot, stream);
  }
  free(ranks);
  return true;
}
