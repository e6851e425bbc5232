// How far the model of a version is from its runtime.
#include "output/json.h"
#include "output/result_json.h"
#include "output/validate_document.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RANGE_SIZE = 64 };

static void write_range(const WxFidelityRow *row, char text[RANGE_SIZE]) {
  if (row->low == row->high)
    snprintf(text, RANGE_SIZE, "%lld", (long long)row->low);
  else
    snprintf(text, RANGE_SIZE, "%lld to %lld", (long long)row->low, (long long)row->high);
}

static WxTable *build_table(const WxFidelity *fidelity, const char *title) {
  static const WxColumn columns[] = {
      {"what", WX_TEXT},   {"real", WX_TEXT}, {"model", WX_COUNT},
      {"apart", WX_RATIO}, {"rule", WX_TEXT}, {"holds", WX_TEXT},
  };
  WxTable *table = wx_table_new(title, columns, sizeof columns / sizeof *columns);
  for (size_t i = 0; i < fidelity->row_count; ++i) {
    const WxFidelityRow *row = &fidelity->rows[i];
    char range[RANGE_SIZE];
    write_range(row, range);
    const WxCell cells[] = {
        wx_text(row->name),
        wx_text(range),
        wx_figure(row->model),
        wx_ratio(wx_fidelity_difference(row)),
        wx_text(wx_fidelity_rule_name(row->rule)),
        wx_text(row->ok ? "yes" : "NO"),
    };
    wx_table_add(table, cells);
  }
  return table;
}

static void free_expectations(WxExpectationResult *all, size_t count) {
  for (size_t i = 0; all && i < count; ++i) {
    free((char *)all[i].expected);
    free((char *)all[i].actual);
  }
  free(all);
}

// Each row that is judged as an expectation of the model's result, to be freed by
// free_expectations(). NULL where memory ran out.
static WxExpectationResult *build_expectations(const WxFidelity *fidelity, size_t *count) {
  WxExpectationResult *all = calloc(fidelity->row_count + 1, sizeof *all);
  bool lost = !all;
  *count = 0;
  for (size_t i = 0; !lost && i < fidelity->row_count; ++i) {
    const WxFidelityRow *row = &fidelity->rows[i];
    if (row->rule == WX_FIDELITY_SHOWN)
      continue;
    char range[RANGE_SIZE], *expected, *actual;
    write_range(row, range);
    if (asprintf(&expected, "%s (%s)", range, wx_fidelity_rule_name(row->rule)) < 0)
      expected = NULL;
    if (asprintf(&actual, "%lld", (long long)row->model) < 0)
      actual = NULL;
    lost = !expected || !actual;
    all[(*count)++] = (WxExpectationResult){
        .name = row->name, .ok = row->ok, .expected = expected, .actual = actual};
  }
  if (!lost)
    return all;
  free_expectations(all, *count);
  return NULL;
}

static json_t *build_rows(const WxFidelity *fidelity) {
  WxJsonBuilder rows = wx_json_list();
  for (size_t i = 0; i < fidelity->row_count; ++i) {
    const WxFidelityRow *row = &fidelity->rows[i];
    wx_json_append(&rows,
                   json_pack("{s:s, s:I, s:I, s:I, s:f, s:s, s:b}", "what", row->name, "real_low",
                             (json_int_t)row->low, "real_high", (json_int_t)row->high, "model",
                             (json_int_t)row->model, "apart", wx_fidelity_difference(row), "rule",
                             wx_fidelity_rule_name(row->rule), "ok", row->ok));
  }
  return wx_json_built(&rows);
}

// Adds the result that is judged: the model's, or that of the real run where there is no model.
static void add_judged(const WxFidelity *fidelity, const WxFidelityOrder *order, WxResult judged,
                       WxDocument *document, WxEndings *endings) {
  size_t count;
  WxExpectationResult *expectations = build_expectations(fidelity, &count);
  judged.expectations = expectations;
  judged.expectation_count = count;
  json_t *json = expectations ? wx_result_json(&judged) : NULL;
  if (wx_json_set(json, "real_runs", json_integer((json_int_t)order->runs)) ||
      (fidelity->stands_in && wx_json_set(json, "model_stands_in", json_true())) ||
      wx_json_set(json, "fidelity", build_rows(fidelity)))
    document->lost = true;
  if (expectations) // Else the document is lost.
    wx_endings_add(endings, judged.model ? judged.model : judged.workload, &judged);
  wx_document_add_result(document, json);
  free_expectations(expectations, count);
}

static void add_results(const WxFidelity *fidelity, const WxFidelityOrder *order,
                        WxDocument *document, WxEndings *endings) {
  if (fidelity->no_model) {
    add_judged(fidelity, order, fidelity->real.result, document, endings);
    return;
  }
  WxResult model = fidelity->model.result;
  model.runtime = order->runtime->version; // Whose model it is, so that both are drawn as one.
  wx_document_add_result(document, wx_result_json(&fidelity->real.result));
  add_judged(fidelity, order, model, document, endings);
}

static void add_sentence(const WxFidelity *fidelity, const char *title, WxDocument *document) {
  size_t judged = 0, held = 0;
  for (size_t i = 0; i < fidelity->row_count; ++i) {
    const WxFidelityRow *row = &fidelity->rows[i];
    if (row->rule == WX_FIDELITY_SHOWN)
      continue;
    ++judged;
    held += row->ok;
    if (row->ok)
      continue;
    char range[RANGE_SIZE];
    write_range(row, range);
    wx_document_note(document, "NOT MET: %s: %s: %lld, expected %s (%s)", title, row->name,
                     (long long)row->model, range, wx_fidelity_rule_name(row->rule));
  }
  wx_document_note(document, "%s: %zu of %zu numbers hold", title, held, judged);
}

void wx_fidelity_document_add(WxDocument *document, const WxFidelity *fidelity,
                              const WxFidelityOrder *order, WxEndings *endings) {
  const char *version = order->runtime->version, *model = fidelity->model.result.model;
  char title[WX_PROBLEM_SIZE];
  snprintf(title, sizeof title, "%s, %s%s against %s", order->parameters->scenario->name,
           fidelity->no_model ? "replays" : model, fidelity->stands_in ? " (the newest model)" : "",
           version);
  if (fidelity->no_model)
    wx_document_note(document,
                     "%s: there is no model of this workload; what is judged is whether its "
                     "recordings are replayed as they were made",
                     title);
  if (fidelity->stands_in)
    wx_document_note(document, "%s: no model knows this version; held against the newest, %s",
                     version, model);
  add_results(fidelity, order, document, endings);
  wx_document_add_table(document, build_table(fidelity, title));
  add_sentence(fidelity, title, document);
}

void wx_fidelity_document_fail(WxDocument *document, const WxFidelity *fidelity,
                               const WxFidelityOrder *order, WxEndings *endings) {
  const char *workload = order->parameters->scenario->name;
  WxEnded ended = {.how = WX_ENDED_STOPPED};
  snprintf(ended.text, sizeof ended.text, "%s", fidelity->problem);
  WxResult result = fidelity->real.result;
  if (wx_result_ran(&result))
    result = (WxResult){.workload = workload,
                        .mode = "on",
                        .runtime = order->runtime->version,
                        .metrics = wx_metrics_unknown(),
                        .ended = &ended};
  wx_endings_add(endings, workload, &result);
  json_t *json = wx_result_json(&result);
  wx_result_note(document, json);
  wx_document_add_result(document, json);
}

void wx_fidelity_document_skip(WxDocument *document, const WxFidelityOrder *order, const char *why,
                               WxEndings *endings) {
  char subject[WX_ENDED_TEXT];
  snprintf(subject, sizeof subject, "%s, %s", order->parameters->scenario->name,
           order->runtime->version);
  wx_endings_add_impossible(endings, subject, why);
  wx_document_note(document, "SKIP %s: %s", subject, why);
}
