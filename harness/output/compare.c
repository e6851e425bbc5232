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

// Whether the two can be compared, and by which rules.
static int check_kinds(const json_t *base, const json_t *now, const char *const names[2],
                       bool *gated, char *problem) {
  static const char *const kinds[] = {"run", "replay", "validate"};
  const char *kind = wx_json_get_text(base, "kind"), *other = wx_json_get_text(now, "kind");
  if (strcmp(kind, other) != 0) {
    snprintf(problem, WX_PROBLEM, "%s is of kind '%.32s', but %s is of kind '%.32s'", names[0],
             kind, names[1], other);
    return -EINVAL;
  }
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; ++i) {
    if (strcmp(kind, kinds[i]) == 0) {
      *gated = i < 2;
      return 0;
    }
  }
  snprintf(problem, WX_PROBLEM, "%s: kind: is '%.32s', expected 'run', 'replay' or 'validate'",
           names[0], kind);
  return -EINVAL;
}

int wx_compare(const json_t *base, const json_t *now, const char *const names[2],
               WxComparison *comparison, char problem[WX_PROBLEM]) {
  *comparison = (WxComparison){0};
  WxComparing comparing = {.comparison = comparison};
  int error = check_kinds(base, now, names, &comparing.gated, problem);
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

void wx_comparison_free(WxComparison *comparison) {
  json_decref(comparison->rows);
  *comparison = (WxComparison){0};
}
