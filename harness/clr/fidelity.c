#include "clr/fidelity.h"

#include "clr/versions.h"
#include "os/grow.h"
#include "os/os.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { KIB = 1024, COMMON = 100 };

_Static_assert(WX_FIDELITY_OWN_BLOCKS == 8 && WX_FIDELITY_OWN_VIEWS == 48,
               "the names of their rules say so");
// How far a number may be outside: as a part of the nearer end of the spread, or as a number.
static const struct {
  const char *name;
  double part;
  int64_t number;
} rules[] = {
    [WX_FIDELITY_EXACT] = {"exact", 0, 0},
    [WX_FIDELITY_SPREAD] = {"spread", 0, 0},
    [WX_FIDELITY_OWN] = {"spread +- 8", 0, WX_FIDELITY_OWN_BLOCKS},
    [WX_FIDELITY_NEAR] = {"5 %", 0.05, 0},
    [WX_FIDELITY_VIEWS] = {"5 % or 48", 0.05, WX_FIDELITY_OWN_VIEWS},
    [WX_FIDELITY_UNITS] = {"3 %", 0.03, 0},
    [WX_FIDELITY_SHOWN] = {"shown", INFINITY, 0},
};

const char *wx_fidelity_rule_name(WxFidelityRule rule) {
  return rules[rule].name;
}

double wx_fidelity_difference(const WxFidelityRow *row) {
  if (row->model >= row->low && row->model <= row->high)
    return 0;
  const int64_t end = row->model < row->low ? row->low : row->high;
  const double apart = (double)(row->model - end);
  return end ? apart / (double)end : apart;
}

static bool holds(const WxFidelityRow *row) {
  const int64_t number = rules[row->rule].number;
  if (row->model >= row->low - number && row->model <= row->high + number)
    return true;
  return fabs(wx_fidelity_difference(row)) <= rules[row->rule].part;
}

static void include(WxFidelityRow *row, int64_t number, bool first) {
  if (first || number < row->low)
    row->low = number;
  if (first || number > row->high)
    row->high = number;
}

WxFidelityRow wx_fidelity_figure(const char *name, const int64_t real[], size_t runs,
                                 int64_t model) {
  WxFidelityRow row = {.rule = WX_FIDELITY_NEAR, .model = model};
  snprintf(row.name, sizeof row.name, "%s", name);
  for (size_t i = 0; i < runs; ++i)
    include(&row, real[i], i == 0);
  row.ok = holds(&row);
  return row;
}

WxFidelityRow wx_fidelity_exact(const char *name, int64_t expected, int64_t actual) {
  WxFidelityRow row = {
      .rule = WX_FIDELITY_EXACT, .low = expected, .high = expected, .model = actual};
  snprintf(row.name, sizeof row.name, "%s", name);
  row.ok = holds(&row);
  return row;
}

typedef struct {
  const WxClrCounts *real;
  size_t runs;
  const WxClrCounts *model;
  WxFidelityRow *rows;
  size_t count, capacity;
} Comparison;

static int add(Comparison *comparison, const WxFidelityRow *row) {
  WxFidelityRow *grown = wx_grown(comparison->rows, &comparison->capacity, comparison->count,
                                  sizeof *comparison->rows);
  if (!grown)
    return -ENOMEM;
  comparison->rows = grown;
  grown[comparison->count] = *row;
  grown[comparison->count].ok = holds(row);
  ++comparison->count;
  return 0;
}

static void name_class(WxFidelityRow *row, WxClrCounted what, size_t pages) {
  const size_t kib = pages * wx_os_page_size() / KIB;
  const char *more = pages == WX_CLR_LARGEST_CLASS ? " or more" : "";
  snprintf(row->name, sizeof row->name, "%s of %zu KiB%s", wx_clr_counted_name(what), kib, more);
}

static int add_class(Comparison *comparison, WxClrCounted what, size_t pages) {
  static const WxFidelityRule rule_of[WX_CLR_COUNTED] = {
      [WX_CLR_RESERVES] = WX_FIDELITY_SPREAD,     [WX_CLR_RELEASES] = WX_FIDELITY_EXACT,
      [WX_CLR_COMMITS] = WX_FIDELITY_NEAR,        [WX_CLR_RW_MAPS] = WX_FIDELITY_VIEWS,
      [WX_CLR_RELEASED_MAPS] = WX_FIDELITY_UNITS,
  };
  WxFidelityRow row = {.rule = rule_of[what], .model = (int64_t)comparison->model->of[what][pages]};
  for (size_t i = 0; i < comparison->runs; ++i)
    include(&row, (int64_t)comparison->real[i].of[what][pages], i == 0);
  if (row.high == 0 && row.model == 0)
    return 0;
  if (row.rule == WX_FIDELITY_SPREAD && pages * wx_os_page_size() == WX_CLR_GRANULARITY)
    row.rule = WX_FIDELITY_OWN;
  if (row.rule >= WX_FIDELITY_NEAR && row.high < COMMON && row.model < COMMON)
    row.rule = WX_FIDELITY_SHOWN;
  name_class(&row, what, pages);
  return add(comparison, &row);
}

static int add_total(Comparison *comparison, WxClrCounted what) {
  WxFidelityRow row = {.rule = what == WX_CLR_RW_MAPS ? WX_FIDELITY_VIEWS : WX_FIDELITY_NEAR};
  row.model = (int64_t)wx_clr_counts_total(comparison->model, what);
  for (size_t i = 0; i < comparison->runs; ++i)
    include(&row, (int64_t)wx_clr_counts_total(&comparison->real[i], what), i == 0);
  snprintf(row.name, sizeof row.name, "%s", wx_clr_counted_name(what));
  return add(comparison, &row);
}

static int add_kind(Comparison *comparison, WxClrCounted what) {
  const bool has_total = what == WX_CLR_COMMITS || what == WX_CLR_RW_MAPS;
  int result = has_total ? add_total(comparison, what) : 0;
  for (size_t pages = 0; result == 0 && pages <= WX_CLR_LARGEST_CLASS; ++pages)
    result = add_class(comparison, what, pages);
  return result;
}

int wx_fidelity_counts(const WxClrCounts real[], size_t runs, const WxClrCounts *model,
                       WxFidelityRow **rows, size_t *count) {
  if (runs == 0)
    return -EINVAL;
  Comparison comparison = {.real = real, .runs = runs, .model = model};
  int result = 0;
  for (int what = 0; result == 0 && what < WX_CLR_COUNTED; ++what)
    result = add_kind(&comparison, (WxClrCounted)what);
  if (result) {
    free(comparison.rows);
    return result;
  }
  *rows = comparison.rows;
  *count = comparison.count;
  return 0;
}
