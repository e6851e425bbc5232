// What got better or worse, for people.
#include "output/comparison.h"
#include "output/documents.h"
#include "output/json.h"
#include "output/result_json.h"
#include "stats/units.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Tables of rows
 * -------------------------------------------------------------------------------------------------
 */

static void show(const json_t *row, const char *text[2], char buffers[2][WX_UNITS_TEXT]) {
  static const char *const sides[] = {"base", "new"};
  const char *metric = wx_json_get_text(row, "metric");
  const WxUnit unit = wx_unit_of(metric);
  bool exact = false;
  for (size_t i = 0; i < 2; ++i) {
    const char *word = wx_json_get_text(row, sides[i]);
    const json_t *number = json_object_get(row, sides[i]);
    if (json_is_real(number))
      snprintf(buffers[i], WX_UNITS_TEXT, "%.3g", json_real_value(number));
    text[i] = word ? word
              : json_is_real(number)
                  ? buffers[i]
                  : wx_units_format(buffers[i], unit, wx_json_get_figure(row, sides[i]));
    exact |= json_is_real(number) || word;
  }
  if (strcmp(text[0], text[1]) != 0 || exact)
    return;
  for (size_t i = 0; i < 2; ++i) {
    wx_units_format_count(buffers[i], wx_json_get_figure(row, sides[i]));
    if (unit != WX_UNIT_COUNT)
      strcat(buffers[i], unit == WX_UNIT_BYTES ? " B" : " ns");
  }
}

// How much it changed: `+12.5 %`, with the interval of the rounds where there is one.
static void show_change(const json_t *row, char *text, size_t size) {
  const WxFigure base = wx_json_get_figure(row, "base"), now = wx_json_get_figure(row, "new");
  const json_t *low = json_object_get(row, "ratio_low"), *high = json_object_get(row, "ratio_high");
  text[0] = '\0';
  if (json_is_number(low) && json_is_number(high))
    snprintf(text, size, "x %.2f (%.2f..%.2f)", json_number_value(json_object_get(row, "ratio")),
             json_number_value(low), json_number_value(high));
  else if (wx_known(base) && wx_known(now) && base > 0)
    snprintf(text, size, "%+.1f %%", ((double)now / (double)base - 1) * 100);
}

static void add(WxTable *table, const json_t *row) {
  char subject[256], buffers[2][WX_UNITS_TEXT], change[64];
  const char *text[2];
  wx_result_name(row, ", ", subject, sizeof subject);
  show(row, text, buffers);
  show_change(row, change, sizeof change);
  const WxCell cells[] = {wx_text(subject), wx_text(wx_json_get_text(row, "metric")),
                          wx_text(text[0]), wx_text(text[1]),
                          wx_text(change),  wx_text(wx_json_get_text(row, "gate"))};
  wx_table_add(table, cells);
}

// Adds the rows of one gate whose two sides differ.
static void add_all(WxTable *table, const json_t *rows, const char *gate) {
  for (size_t i = 0; i < json_array_size(rows); ++i) {
    const json_t *row = json_array_get(rows, i);
    const char *of = wx_json_get_text(row, "gate");
    if (of && strcmp(of, gate) == 0 && wx_json_get_text(row, "metric") &&
        !json_equal(json_object_get(row, "base"), json_object_get(row, "new")))
      add(table, row);
  }
}

static WxTable *table_of(const char *title, const json_t *rows, const char *const gates[],
                         size_t count) {
  const WxColumn columns[] = {{"result", WX_TEXT}, {"metric", WX_TEXT}, {"base", WX_TEXT},
                              {"new", WX_TEXT},    {"change", WX_TEXT}, {"gate", WX_TEXT}};
  WxTable *table = wx_table_new(title, columns, sizeof columns / sizeof *columns);
  for (size_t i = 0; i < count; ++i)
    add_all(table, rows, gates[i]);
  return table;
}

WxTable *wx_comparison_table(const char *title, const json_t *rows) {
  static const char *const order[] = {"worse", "better"};
  return table_of(title, rows, order, sizeof order / sizeof *order);
}

WxTable *wx_comparison_information(const json_t *rows) {
  static const char *const order[] = {"info"};
  WxTable *table = table_of("for information, times first of all: no gate", rows, order, 1);
  wx_table_fold(table);
  return table;
}

/* The document
 * -------------------------------------------------------------------------------------------------
 */

static void note_origin(WxDocument *document, const char *path, const json_t *root) {
  const json_t *context = json_object_get(root, "context");
  const char *command = wx_json_get_text(context, "command"),
             *date = wx_json_get_text(context, "date");
  if (command)
    wx_document_note(document, "%s: %s, %s.", path, command, date ? date : "no date");
}

// Says where the two machines differ: then figures may differ for that reason.
static void note_context(WxDocument *document, const json_t *base, const json_t *now) {
  static const char *const keys[] = {"kernel",    "cpu",      "cpus", "page_size",
                                     "thp_shmem", "compiler", "seed"};
  for (size_t i = 0; i < sizeof keys / sizeof *keys; ++i) {
    json_t *was = json_object_get(json_object_get(base, "context"), keys[i]);
    json_t *is = json_object_get(json_object_get(now, "context"), keys[i]);
    if (!was || !is || json_equal(was, is))
      continue;
    char *before = wx_json_print(was, JSON_ENCODE_ANY), *after = wx_json_print(is, JSON_ENCODE_ANY);
    if (before && after)
      wx_document_note(document, "Not the same %s: %s, now %s.", keys[i], before, after);
    else
      document->lost = true;
    free(before);
    free(after);
  }
}

static void add_unless_empty(WxDocument *document, WxTable *table) {
  if (table && !wx_table_error(table) && wx_table_rows(table) == 0)
    wx_table_free(table);
  else
    wx_document_add_table(document, table);
}

void wx_comparison_document(WxDocument *document, WxComparison *comparison, bool gated) {
  for (size_t i = 0; i < json_array_size(comparison->rows); ++i)
    wx_document_add_result(document, json_incref(json_array_get(comparison->rows, i)));
  add_unless_empty(document, wx_comparison_table(NULL, comparison->rows));
  add_unless_empty(document, wx_comparison_information(comparison->rows));
  const size_t *count = comparison->count;
  wx_document_note(document, "%zu worse, %zu better, %zu the same, %zu for information.",
                   count[WX_GATE_WORSE], count[WX_GATE_BETTER], count[WX_GATE_SAME],
                   count[WX_GATE_INFO]);
  if (comparison->slower > 0)
    wx_document_note(document, "%zu slower by more than twice the noise%s.", comparison->slower,
                     gated ? "" : "; with --gate-times that is worse");
  wx_document_lead(document);
}

int wx_compare_document(WxDocument *document, json_t *const documents[2],
                        const char *const names[2], WxRatios ratios, size_t *worse, char *problem) {
  WxComparison comparison = {0};
  const int error = wx_compare(documents[0], documents[1], names, ratios, &comparison, problem);
  if (error)
    return error;
  wx_comparison_document(document, &comparison, ratios == WX_RATIOS_GATED);
  for (size_t i = 0; i < 2; ++i)
    note_origin(document, names[i], documents[i]);
  note_context(document, documents[0], documents[1]);
  *worse = comparison.count[WX_GATE_WORSE];
  wx_comparison_free(&comparison);
  return 0;
}
