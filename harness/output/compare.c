#include "output/compare.h"

#include "output/check.h"
#include "output/compare_rows.h"
#include "output/json.h"
#include "output/result.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool same_name(const json_t *one, const json_t *other) {
  for (size_t i = 0; i < WX_NAMES_OF_RESULT; ++i) {
    const char *a = wx_json_get_text(one, wx_result_names[i]),
               *b = wx_json_get_text(other, wx_result_names[i]);
    if (!a != !b || (a && strcmp(a, b) != 0))
      return false;
  }
  return true;
}

// The first result of that name that has no partner yet; the count of results where there is none.
static size_t find_partner(const json_t *results, const json_t *wanted, const bool *taken) {
  size_t i = 0;
  while (i < json_array_size(results) &&
         (taken[i] || !same_name(json_array_get(results, i), wanted)))
    ++i;
  return i;
}

static void compare_all(WxComparing *comparing, const json_t *base, const json_t *now,
                        bool *taken) {
  for (size_t i = 0; i < json_array_size(base); ++i) {
    const json_t *result = json_array_get(base, i);
    const size_t partner = find_partner(now, result, taken);
    if (partner == json_array_size(now)) {
      const bool was = wx_compare_ran(result);
      wx_compare_add(comparing, result, "result", wx_compare_presence(result),
                     json_string("missing"), was ? WX_GATE_WORSE : WX_GATE_INFO);
      continue;
    }
    taken[partner] = true;
    wx_compare_pair(comparing, result, json_array_get(now, partner));
  }
  for (size_t i = 0; i < json_array_size(now); ++i) {
    if (!taken[i])
      wx_compare_add(comparing, json_array_get(now, i), "result", json_string("missing"),
                     wx_compare_presence(json_array_get(now, i)), WX_GATE_INFO);
  }
}

// Of a bench only rows of strategies are compared.
static int check_bench(const json_t *document, const char *name, char *problem) {
  const json_t *results = json_object_get(document, "results");
  for (size_t i = 0; i < json_array_size(results); ++i) {
    const char *of = wx_json_get_text(json_array_get(results, i), "benchmark");
    if (of && strcmp(of, "strategies") == 0)
      continue;
    snprintf(problem, WX_PROBLEM, "%s: results[%zu].benchmark: is '%.32s', expected 'strategies'",
             name, i, of ? of : "");
    return -EINVAL;
  }
  return 0;
}

// What another kernel counts is another matter.
static int check_kernels(const json_t *base, const json_t *now, const char *const names[2],
                         char *problem) {
  static const char *const keys[] = {"kernel", "page_size"};
  for (size_t i = 0; i < sizeof keys / sizeof *keys; ++i) {
    json_t *was = json_object_get(json_object_get(base, "context"), keys[i]);
    json_t *is = json_object_get(json_object_get(now, "context"), keys[i]);
    if (!was || !is || json_equal(was, is))
      continue;
    snprintf(problem, WX_PROBLEM,
             "%s and %s were measured with another %s: expected the same; measure both here, or in "
             "turns by --against",
             names[0], names[1], keys[i]);
    return -EINVAL;
  }
  return 0;
}

// Whether the two can be compared, and by which rules.
static int check_kinds(const json_t *base, const json_t *now, const char *const names[2],
                       WxComparing *comparing, char *problem) {
  static const char *const kinds[] = {"run", "replay", "bench", "validate"};
  const char *kind = wx_json_get_text(base, "kind"), *other = wx_json_get_text(now, "kind");
  if (strcmp(kind, other) != 0) {
    snprintf(problem, WX_PROBLEM, "%s is of kind '%.32s', but %s is of kind '%.32s'", names[0],
             kind, names[1], other);
    return -EINVAL;
  }
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; ++i) {
    if (strcmp(kind, kinds[i]) == 0) {
      comparing->gated = i < 3;
      comparing->bench = i == 2;
      return 0;
    }
  }
  snprintf(problem, WX_PROBLEM,
           "%s: kind: is '%.32s', expected 'run', 'replay', 'validate' or 'bench'", names[0], kind);
  return -EINVAL;
}

int wx_compare(const json_t *base, const json_t *now, const char *const names[2], WxRatios ratios,
               WxComparison *comparison, char problem[WX_PROBLEM]) {
  *comparison = (WxComparison){0};
  WxComparing comparing = {.comparison = comparison, .ratios = ratios};
  int error = check_kinds(base, now, names, &comparing, problem);
  if (!error && comparing.bench) {
    error = check_bench(base, names[0], problem);
    if (!error)
      error = check_bench(now, names[1], problem);
    if (!error)
      error = check_kernels(base, now, names, problem);
  }
  if (!error)
    error = wx_check_results(base, names[0], problem);
  if (!error)
    error = wx_check_results(now, names[1], problem);
  if (error)
    return error;
  const json_t *after = json_object_get(now, "results");
  bool *taken = calloc(json_array_size(after) + 1, sizeof *taken);
  comparison->rows = json_array();
  comparing.lost = !taken || !comparison->rows;
  if (!comparing.lost)
    compare_all(&comparing, json_object_get(base, "results"), after, taken);
  free(taken);
  if (!comparing.lost)
    return 0;
  wx_comparison_free(comparison);
  snprintf(problem, WX_PROBLEM, "out of memory");
  return -ENOMEM;
}

int wx_compare_add_ratio(WxComparison *comparison, const json_t *subject, const char *metric,
                         json_t *base, json_t *now, const WxPaired *paired, WxRatios ratios) {
  WxComparing comparing = {.comparison = comparison, .ratios = ratios};
  wx_compare_ratio(&comparing, subject, metric, base, now, &paired->ratio, paired->noise);
  return comparing.lost ? -ENOMEM : 0;
}

void wx_comparison_free(WxComparison *comparison) {
  json_decref(comparison->rows);
  *comparison = (WxComparison){0};
}
