// Results, built or read from a file, as one row each for people.
#include "output/json.h"
#include "output/result_json.h"
#include "stats/figures.h"
#include "stats/units.h"

#include <stdio.h>
#include <string.h>

// The first of two members that is there.
static const char *either(const json_t *result, const char *one, const char *other) {
  const char *text = wx_json_get_text(result, one);
  return text ? text : wx_json_get_text(result, other);
}

int wx_result_name(const json_t *result, const char *separator, char *text, size_t size) {
  const char *peer = wx_json_get_text(result, "peer");
  const char *const parts[] = {either(result, "scenario", "workload"),
                               peer ? peer : either(result, "strategy", "mode"),
                               either(result, "model", "runtime")};
  size_t length = 0;
  if (size > 0)
    text[0] = '\0';
  for (size_t i = 0; i < sizeof parts / sizeof *parts; ++i) {
    if (!parts[i])
      continue;
    const int added =
        snprintf(length < size ? text + length : NULL, length < size ? size - length : 0, "%s%s",
                 length > 0 ? separator : "", parts[i]);
    length += added > 0 ? (size_t)added : 0;
  }
  return (int)length;
}

// "3 ok", "2 ok, 1 not judged", "1 of 3 FAILED", or why there is nothing to judge.
static void judge(const json_t *result, char *text, size_t size) {
  const json_t *expectations = json_object_get(result, "expectations");
  const size_t count = json_array_size(expectations);
  size_t failed = 0, unknown = 0;
  for (size_t i = 0; i < count; ++i) {
    const json_t *ok = json_object_get(json_array_get(expectations, i), "ok");
    failed += json_is_false(ok);
    unknown += json_is_null(ok);
  }
  const char *skipped = wx_json_get_text(result, "skipped");
  const char *ended = wx_json_get_text(json_object_get(result, "ended"), "text");
  if (skipped)
    snprintf(text, size, "skipped: %s", skipped);
  else if (ended)
    snprintf(text, size, "NOT FINISHED: %s", ended);
  else if (failed > 0)
    snprintf(text, size, "%zu of %zu FAILED", failed, count);
  else if (unknown > 0)
    snprintf(text, size, "%zu ok, %zu not judged", count - unknown, unknown);
  else
    snprintf(text, size, count > 0 ? "%zu ok" : "-", count);
}

// A column of the table: a row of metrics, or of the last sample of a real program.
typedef struct {
  const WxFigureRow *row;
  bool at_end;
} Source;

enum { SOURCES_MOST = 32, NAMES = 3, MODE_TEXT = 32 };

typedef struct {
  Source items[SOURCES_MOST];
  size_t count;
} Sources;

static void insert(Sources *sources, Source source) {
  size_t at = sources->count++;
  for (; at > 0 && sources->items[at - 1].row->column.place > source.row->column.place; --at)
    sources->items[at] = sources->items[at - 1];
  sources->items[at] = source;
}

// The figures that have a column, in its order.
static Sources find_sources(void) {
  Sources sources = {.count = 0};
  for (size_t t = 0; t < 2; ++t) {
    const WxFigureTable *table = t ? &wx_sample_figures : &wx_metric_figures;
    for (size_t i = 0; i < table->count && sources.count < SOURCES_MOST; ++i)
      if (table->rows[i].column.place)
        insert(&sources, (Source){&table->rows[i], t == 1});
  }
  return sources;
}

static WxColumn column_of(const Source *source) {
  static const WxCellType types[] = {
      [WX_UNIT_COUNT] = WX_COUNT, [WX_UNIT_BYTES] = WX_BYTES, [WX_UNIT_NS] = WX_NS};
  return (WxColumn){source->row->column.heading, types[wx_unit_of(source->row->key)]};
}

static WxFigure figure_at_end(const json_t *result, const char *key) {
  const json_t *samples = json_object_get(result, "samples");
  const size_t count = json_array_size(samples);
  if (!count || !wx_json_get_text(result, "mode") || json_object_get(result, "ended"))
    return WX_UNKNOWN;
  return wx_json_get_figure(json_array_get(samples, count - 1), key);
}

// What people are not shown of a real program, though the document has it. Without the file
// nothing tells how much of its code is live: by the contract 0, in truth unknown. And the times of
// single runs invite a comparison that they cannot bear.
static bool is_unseen(const json_t *result, const Source *source) {
  const char *mode = wx_json_get_text(result, "mode");
  if (!mode)
    return false;
  return strcmp(source->row->key, "wall_ns") == 0 ||
         (strcmp(mode, "off") == 0 && strcmp(source->row->key, "live_peak_bytes") == 0);
}

static WxFigure figure_of(const json_t *result, const Source *source) {
  if (is_unseen(result, source))
    return WX_UNKNOWN;
  if (source->at_end)
    return figure_at_end(result, source->row->key);
  const json_t *metrics = json_object_get(result, "metrics");
  return source->row->type == WX_TYPE_BY_VERB
             ? wx_json_get_figure(json_object_get(metrics, source->row->key), "total")
             : wx_json_get_figure(metrics, source->row->key);
}

static bool any_figure(const json_t *results, const Source *source) {
  for (size_t i = 0; i < json_array_size(results); ++i) {
    if (wx_known(figure_of(json_array_get(results, i), source)))
      return true;
  }
  return false;
}

// The heading of a pair of names: that of which any result has one; NULL where none has either.
static const char *heading(const json_t *results, const char *one, const char *other) {
  for (size_t i = 0; i < json_array_size(results); ++i) {
    if (wx_json_get_text(json_array_get(results, i), one))
      return one;
    if (wx_json_get_text(json_array_get(results, i), other))
      return other;
  }
  return NULL;
}

static const char *const pairs[NAMES][2] = {
    {"scenario", "workload"}, {"strategy", "mode"}, {"model", "runtime"}};

// Which columns the table has; the judgement comes last.
typedef struct {
  bool name[NAMES];
  Sources shown;
  WxColumn columns[NAMES + SOURCES_MOST + 1];
  size_t count;
} Layout;

static Layout lay_out(const json_t *results) {
  Layout layout = {.count = 0};
  for (size_t i = 0; i < NAMES; ++i) {
    const char *name = heading(results, pairs[i][0], pairs[i][1]);
    layout.name[i] = name != NULL;
    if (name)
      layout.columns[layout.count++] = (WxColumn){name, WX_TEXT};
  }
  const Sources sources = find_sources();
  for (size_t i = 0; i < sources.count; ++i) {
    const Source *source = &sources.items[i];
    const bool optional = source->at_end || source->row->column.if_known;
    if (optional && !any_figure(results, source))
      continue;
    layout.shown.items[layout.shown.count++] = *source;
    layout.columns[layout.count++] = column_of(source);
  }
  layout.columns[layout.count++] = (WxColumn){"expectations", WX_TEXT};
  return layout;
}

// A name in the row, the mode with a mark where it ran as something else.
static const char *name_in(const json_t *result, size_t pair, char marked[MODE_TEXT]) {
  const char *name = either(result, pairs[pair][0], pairs[pair][1]);
  if (strcmp(pairs[pair][1], "mode") != 0 || !wx_json_get_text(result, "mislabelled"))
    return name;
  snprintf(marked, MODE_TEXT, "%s (!)", name);
  return marked;
}

static void add(WxTable *table, const Layout *layout, const json_t *result) {
  WxCell cells[NAMES + SOURCES_MOST + 1];
  char marked[MODE_TEXT];
  size_t count = 0;
  for (size_t i = 0; i < NAMES; ++i) {
    if (layout->name[i])
      cells[count++] = wx_text(name_in(result, i, marked));
  }
  for (size_t i = 0; i < layout->shown.count; ++i)
    cells[count++] = wx_figure(figure_of(result, &layout->shown.items[i]));
  char judgement[256];
  judge(result, judgement, sizeof judgement);
  cells[count] = wx_text(judgement);
  wx_table_add(table, cells);
}

WxTable *wx_result_table(const char *title, const json_t *results) {
  const Layout layout = lay_out(results);
  WxTable *table = wx_table_new(title, layout.columns, layout.count);
  for (size_t i = 0; i < json_array_size(results); ++i)
    add(table, &layout, json_array_get(results, i));
  return table;
}
