// What a comparison calls better, worse, the same or only information.
#include "output/comparison.h"
#include "output/json.h"
#include "output/rounds.h"
#include "support/suite.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[2] = {"base.json", "new.json"};

// A document of one kind around results in JSON.
static json_t *document(const char *kind, const char *results) {
  char text[4096], problem[WX_PROBLEM] = "";
  json_t *root = NULL;
  const int length = snprintf(
      text, sizeof text,
      "{\"schema\":\"wxbench/1\",\"kind\":\"%s\",\"context\":{},\"results\":[%s]}", kind, results);
  ck_assert_int_lt(length, (int)sizeof text);
  ck_assert_msg(wx_document_parse("test", text, (size_t)length, &root, problem) == 0, "%s",
                problem);
  return root;
}

static WxComparison compare(const char *kind, const char *base, const char *now) {
  json_t *before = document(kind, base), *after = document(kind, now);
  WxComparison comparison;
  char problem[WX_PROBLEM] = "";
  ck_assert_msg(wx_compare(before, after, names, WX_RATIOS_SHOWN, &comparison, problem) == 0, "%s",
                problem);
  json_decref(before);
  json_decref(after);
  return comparison;
}

// The gate of the first row of a metric, "" where there is none.
static const char *gate(const WxComparison *comparison, const char *metric) {
  for (size_t i = 0; i < json_array_size(comparison->rows); ++i) {
    const json_t *row = json_array_get(comparison->rows, i);
    if (strcmp(wx_json_get_text(row, "metric"), metric) == 0)
      return wx_json_get_text(row, "gate");
  }
  return "";
}

#define STEADY(METRICS)                                                                            \
  "{\"scenario\":\"steady\",\"strategy\":\"rwx\",\"model\":\"net8\",\"metrics\":{" METRICS "}}"

typedef struct {
  const char *metric, *base, *now, *kind, *gate;
} Row;

static const Row rows[] = {
    {"retained_bytes", "4096", "4096", "run", "same"},
    {"retained_bytes", "4096", "4097", "run", "worse"},
    {"retained_bytes", "4096", "0", "run", "better"},
    {"retained_bytes", "0", "1", "replay", "worse"},
    {"retained_bytes", "4096", "null", "run", "worse"},
    {"retained_bytes", "null", "4096", "run", "info"},
    {"retained_bytes", "null", "null", "run", ""},
    {"retained_bytes", "4096", "8192", "validate", "info"},
    {"mappings_peak", "10", "11", "run", "worse"},
    {"mappings_peak", "10", "9", "run", "better"},
    {"minor_faults", "1000", "1010", "run", "same"},
    {"minor_faults", "1000", "1011", "run", "worse"},
    {"minor_faults", "1011", "1000", "run", "better"},
    {"minor_faults", "1010", "1000", "run", "same"},
    {"minor_faults", "0", "1", "run", "worse"},
    {"minor_faults", "0", "0", "run", "same"},
    {"wall_ns", "1000", "9000", "run", "info"},
    {"live_peak_bytes", "1", "2", "run", "info"},
    {"wx_pages_seen", "1", "2", "run", "info"},
};

static void assert_judged(const Row *row) {
  char base[256], now[256];
  snprintf(base, sizeof base, STEADY("\"%s\":%s"), row->metric, row->base);
  snprintf(now, sizeof now, STEADY("\"%s\":%s"), row->metric, row->now);
  WxComparison comparison = compare(row->kind, base, now);
  ck_assert_msg(strcmp(gate(&comparison, row->metric), row->gate) == 0, "%s %s to %s: '%s'",
                row->metric, row->base, row->now, gate(&comparison, row->metric));
  ck_assert_uint_eq(comparison.count[WX_GATE_WORSE], strcmp(row->gate, "worse") == 0);
  wx_comparison_free(&comparison);
}

START_TEST(each_figure_is_judged_by_its_rule) {
  for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i)
    assert_judged(&rows[i]);
}
END_TEST

START_TEST(every_verb_of_the_system_calls_gates_exactly) {
  static const char *const verbs[] = {"reserve",  "commit",  "map_rw",
                                      "unmap_rw", "release", "total"};
  for (size_t i = 0; i < sizeof verbs / sizeof *verbs; ++i) {
    char base[256], now[256], metric[64];
    snprintf(base, sizeof base, STEADY("\"syscalls\":{\"%s\":5}"), verbs[i]);
    snprintf(now, sizeof now, STEADY("\"syscalls\":{\"%s\":6}"), verbs[i]);
    snprintf(metric, sizeof metric, "syscalls.%s", verbs[i]);
    WxComparison comparison = compare("run", base, now);
    ck_assert_str_eq(gate(&comparison, metric), "worse");
    wx_comparison_free(&comparison);
  }
}
END_TEST

START_TEST(a_missing_result_is_worse_and_an_extra_one_is_not) {
  WxComparison comparison = compare("run", "{\"scenario\":\"a\",\"strategy\":\"x\"}",
                                    "{\"scenario\":\"a\",\"strategy\":\"y\"}");
  ck_assert_uint_eq(json_array_size(comparison.rows), 2);
  const json_t *missing = json_array_get(comparison.rows, 0);
  const json_t *extra = json_array_get(comparison.rows, 1);
  ck_assert_str_eq(wx_json_get_text(missing, "strategy"), "x");
  ck_assert_str_eq(wx_json_get_text(missing, "gate"), "worse");
  ck_assert_str_eq(wx_json_get_text(missing, "new"), "missing");
  ck_assert_str_eq(wx_json_get_text(extra, "strategy"), "y");
  ck_assert_str_eq(wx_json_get_text(extra, "gate"), "info");
  wx_comparison_free(&comparison);
}
END_TEST

START_TEST(what_was_run_and_is_skipped_now_is_worse) {
  const char *run = "{\"workload\":\"asm\",\"mode\":\"on\"}";
  const char *skipped = "{\"workload\":\"asm\",\"mode\":\"on\",\"skipped\":\"no SDK\"}";
  WxComparison comparison = compare("validate", run, skipped);
  ck_assert_str_eq(gate(&comparison, "result"), "worse");
  wx_comparison_free(&comparison);
  comparison = compare("validate", skipped, run);
  ck_assert_str_eq(gate(&comparison, "result"), "info");
  wx_comparison_free(&comparison);
  comparison = compare("validate", skipped, "");
  ck_assert_str_eq(gate(&comparison, "result"), "info");
  wx_comparison_free(&comparison);
}
END_TEST

START_TEST(an_expectation_that_held_must_still_hold) {
  static const struct {
    const char *base, *now, *gate;
  } cases[] = {{"true", "true", "same"},   {"true", "false", "worse"}, {"false", "true", "better"},
               {"false", "false", "same"}, {"true", "null", "worse"},  {"null", "true", "info"},
               {"null", "false", "info"},  {"false", "null", "info"},  {"null", "null", "same"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
    char base[256], now[256];
    const char *form = "{\"workload\":\"asm\",\"expectations\":[{\"name\":\"e\",\"ok\":%s}]}";
    snprintf(base, sizeof base, form, cases[i].base);
    snprintf(now, sizeof now, form, cases[i].now);
    WxComparison comparison = compare("validate", base, now);
    ck_assert_str_eq(gate(&comparison, "expectation: e"), cases[i].gate);
    wx_comparison_free(&comparison);
  }
  WxComparison comparison =
      compare("validate", "{\"workload\":\"asm\",\"expectations\":[{\"name\":\"e\",\"ok\":true}]}",
              "{\"workload\":\"asm\",\"expectations\":[]}");
  ck_assert_str_eq(gate(&comparison, "expectation: e"), "worse");
  wx_comparison_free(&comparison);
}
END_TEST

START_TEST(results_of_one_name_are_paired_in_their_order) {
  WxComparison comparison =
      compare("run", STEADY("\"mappings_peak\":1") "," STEADY("\"mappings_peak\":2"),
              STEADY("\"mappings_peak\":1") "," STEADY("\"mappings_peak\":2"));
  ck_assert_uint_eq(comparison.count[WX_GATE_SAME], 2);
  ck_assert_uint_eq(json_array_size(comparison.rows), 2);
  wx_comparison_free(&comparison);
}
END_TEST

// A result of three rounds that take the given times; `end` comes long after them.
static void with_rounds(char *text, size_t size, const int takes[3]) {
  int now = 50;
  size_t length = (size_t)snprintf(text, size,
                                   "{\"scenario\":\"s\",\"metrics\":{\"wall_ns\":9},\"samples\":["
                                   "{\"round\":0,\"step\":\"start\",\"t_ns\":%d}",
                                   now);
  for (int i = 0; i < 3; ++i) {
    length += (size_t)snprintf(text + length, size - length,
                               ",{\"round\":%d,\"step\":\"generated\",\"t_ns\":%d},"
                               "{\"round\":%d,\"step\":\"collected\",\"t_ns\":%d}",
                               i + 1, now + 1, i + 1, now + takes[i]);
    now += takes[i];
  }
  snprintf(text + length, size - length, ",{\"round\":3,\"step\":\"end\",\"t_ns\":99999}]}");
}

START_TEST(times_are_compared_round_by_round_and_never_gate) {
  char base[1024], now[1024];
  with_rounds(base, sizeof base, (const int[]){100, 200, 400});
  with_rounds(now, sizeof now, (const int[]){150, 300, 600});
  WxComparison comparison = compare("run", base, now);
  ck_assert_str_eq(gate(&comparison, "wall_ns"), "info");
  const json_t *row = json_array_get(comparison.rows, 0);
  ck_assert_double_eq_tol(json_number_value(json_object_get(row, "ratio")), 1.5, 1e-9);
  ck_assert_double_eq_tol(json_number_value(json_object_get(row, "ratio_low")), 1.5, 1e-9);
  ck_assert_uint_eq(comparison.count[WX_GATE_WORSE], 0);
  wx_comparison_free(&comparison);
}
END_TEST

static void refuse(json_t *base, json_t *now, const char *expected) {
  WxComparison comparison;
  char problem[WX_PROBLEM] = "";
  ck_assert_int_eq(wx_compare(base, now, names, WX_RATIOS_SHOWN, &comparison, problem), -EINVAL);
  ck_assert_str_eq(problem, expected);
  ck_assert_ptr_null(comparison.rows);
  json_decref(base);
  json_decref(now);
}

/* Strategies side by side
 * -------------------------------------------------------------------------------------------------
 */

#define LEAN(REST)                                                                                 \
  "{\"benchmark\":\"strategies\",\"workload\":\"block_cycle\",\"strategy\":\"lean\"," REST "}"
#define COUNTED(RETAINED, CALLS)                                                                   \
  LEAN("\"retained_bytes\":" RETAINED ",\"syscalls\":{\"operations\":32,\"total\":" CALLS "}")
#define ROUNDS_RATIO(N, MEDIAN, LOW, HIGH, NOISE)                                                  \
  LEAN("\"ratio\":{\"base\":\"coreclr\",\"n\":" N ",\"median\":" MEDIAN ",\"ci_low\":" LOW         \
       ",\"ci_high\":" HIGH ",\"noise\":" NOISE "}")
#define RATIO(MEDIAN, LOW, HIGH, NOISE) ROUNDS_RATIO("6", MEDIAN, LOW, HIGH, NOISE)
#define SECURITY(PAGE, ALIAS)                                                                      \
  LEAN("\"security\":{\"wx_page\":" PAGE ",\"writable_alias\":" ALIAS "}")

START_TEST(counters_of_a_strategy_gate_where_they_are_counted) {
  WxComparison comparison = compare("bench", COUNTED("4096", "64"), COUNTED("4097", "65"));
  ck_assert_str_eq(gate(&comparison, "retained_bytes"), "worse");
  ck_assert_str_eq(gate(&comparison, "syscalls.total"), "worse");
  wx_comparison_free(&comparison);
  comparison = compare("bench", COUNTED("4096", "64"), COUNTED("0", "64"));
  ck_assert_str_eq(gate(&comparison, "retained_bytes"), "better");
  ck_assert_str_eq(gate(&comparison, "syscalls.total"), "same");
  wx_comparison_free(&comparison);
  comparison = compare("bench", LEAN("\"retained_bytes\":4096"), LEAN("\"retained_bytes\":8192"));
  ck_assert_str_eq(gate(&comparison, "retained_bytes"), "info");
  ck_assert_uint_eq(comparison.count[WX_GATE_WORSE], 0);
  wx_comparison_free(&comparison);
}
END_TEST

START_TEST(what_can_be_written_of_a_strategy_gates) {
  static const struct {
    const char *base, *now, *page, *alias;
  } cases[] = {
      {SECURITY("false", "\"never\""), SECURITY("true", "\"never\""), "worse", "same"},
      {SECURITY("true", "\"never\""), SECURITY("false", "\"while written\""), "better", "worse"},
      {SECURITY("true", "\"always\""), SECURITY("true", "\"while written\""), "same", "better"},
      {SECURITY("true", "\"always\""), SECURITY("true", "null"), "same", "worse"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
    WxComparison comparison = compare("bench", cases[i].base, cases[i].now);
    ck_assert_str_eq(gate(&comparison, "security.wx_page"), cases[i].page);
    ck_assert_str_eq(gate(&comparison, "security.writable_alias"), cases[i].alias);
    wx_comparison_free(&comparison);
  }
}
END_TEST

static WxComparison compare_ratios(const char *base, const char *now, WxRatios ratios) {
  json_t *before = document("bench", base), *after = document("bench", now);
  WxComparison comparison;
  char problem[WX_PROBLEM] = "";
  ck_assert_msg(wx_compare(before, after, names, ratios, &comparison, problem) == 0, "%s", problem);
  json_decref(before);
  json_decref(after);
  return comparison;
}

// The quotient is 2; its interval begins at 1.6.
static const char was[] = RATIO("0.1", "0.09", "0.1", "0.05"),
                  slower[] = RATIO("0.2", "0.16", "0.3", "0.05"),
                  as_noisy[] = RATIO("0.2", "0.16", "0.3", "0.31"),
                  of_few_rounds[] = ROUNDS_RATIO("5", "0.2", "0.16", "0.3", "0.05");

START_TEST(ratios_gate_where_that_is_wanted_and_they_exceed_twice_the_noise) {
  static const struct {
    const char *base, *now;
    WxRatios ratios;
    const char *gate;
    size_t slower;
  } cases[] = {
      {was, slower, WX_RATIOS_SHOWN, "info", 1},
      {was, slower, WX_RATIOS_GATED, "worse", 1},
      {slower, was, WX_RATIOS_GATED, "better", 0},
      {was, was, WX_RATIOS_GATED, "same", 0},
      {was, as_noisy, WX_RATIOS_GATED, "same", 0},
      {was, slower, WX_RATIOS_LEFT_OUT, "", 0},
      {was, of_few_rounds, WX_RATIOS_GATED, "same", 0},
      {was, LEAN("\"ratio\":null"), WX_RATIOS_GATED, "", 0},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
    WxComparison comparison = compare_ratios(cases[i].base, cases[i].now, cases[i].ratios);
    ck_assert_msg(strcmp(gate(&comparison, "ratio"), cases[i].gate) == 0, "%zu: '%s'", i,
                  gate(&comparison, "ratio"));
    ck_assert_uint_eq(comparison.slower, cases[i].slower);
    wx_comparison_free(&comparison);
  }
}
END_TEST

START_TEST(counters_of_another_kernel_are_refused) {
  json_t *base = document("bench", COUNTED("1", "1")), *now = document("bench", COUNTED("1", "1"));
  json_object_set_new(json_object_get(base, "context"), "kernel", json_string("6.1.0"));
  json_object_set_new(json_object_get(now, "context"), "kernel", json_string("6.12.0"));
  refuse(base, now,
         "base.json and new.json were measured with another kernel: expected the same; measure "
         "both here, or in turns by --against");
}
END_TEST

START_TEST(what_cannot_be_compared_is_refused_by_name) {
  refuse(document("run", ""), document("validate", ""),
         "base.json is of kind 'run', but new.json is of kind 'validate'");
  refuse(document("audit", ""), document("audit", ""),
         "base.json: kind: is 'audit', expected 'run', 'replay', 'validate' or 'bench'");
  refuse(document("bench", "{\"benchmark\":\"modes\"}"), document("bench", ""),
         "base.json: results[0].benchmark: is 'modes', expected 'strategies'");
  refuse(document("run", ""), document("run", "{\"metrics\":{\"retained_bytes\":\"5\"}}"),
         "new.json: results[0].metrics.retained_bytes: expected a number or null");
  refuse(document("run", "{},{\"scenario\":3}"), document("run", ""),
         "base.json: results[1].scenario: expected a string");
  refuse(document("run", "{\"samples\":[{\"step\":1}]}"), document("run", ""),
         "base.json: results[0].samples[0].step: expected a string");
  refuse(document("run", "{\"expectations\":[{\"name\":\"e\",\"ok\":1}]}"), document("run", ""),
         "base.json: results[0].expectations[0]: expected ok to be true, false or null");
}
END_TEST

START_TEST(the_table_shows_only_what_changed) {
  WxComparison comparison =
      compare("run", STEADY("\"retained_bytes\":205000000,\"mappings_peak\":7"),
              STEADY("\"retained_bytes\":205000001,\"mappings_peak\":7"));
  WxTable *table = wx_comparison_table(NULL, comparison.rows);
  char buffer[WX_CELL_TEXT];
  ck_assert_uint_eq(wx_table_rows(table), 1);
  ck_assert_str_eq(wx_table_show(table, 0, 0, buffer), "steady, rwx, net8");
  ck_assert_str_eq(wx_table_show(table, 0, 2, buffer), "205,000,000 B");
  ck_assert_str_eq(wx_table_show(table, 0, 3, buffer), "205,000,001 B");
  ck_assert_str_eq(wx_table_show(table, 0, 5, buffer), "worse");
  wx_table_free(table);
  wx_comparison_free(&comparison);
}
END_TEST

static json_t *rounds_ending_at(const int times[4]) {
  json_t *samples = json_array();
  for (int i = 0; i < 4; ++i)
    json_array_append_new(
        samples, json_pack("{s:i, s:s, s:i}", "round", i, "step", "collected", "t_ns", times[i]));
  return samples;
}

START_TEST(a_round_lasts_from_the_end_of_the_one_before) {
  json_t *base = rounds_ending_at((const int[]){10, 20, 30, 40});
  json_t *now = rounds_ending_at((const int[]){10, 30, 40, 60}); // 2, 1 and 2 times as long.
  WxInterval ratio;
  ck_assert_int_eq(wx_rounds_ratio(base, now, &ratio), 0);
  ck_assert_double_eq_tol(ratio.median, 2, 1e-9);
  json_decref(base);
  json_decref(now);
}
END_TEST

WX_TEST_MAIN("compare", a_round_lasts_from_the_end_of_the_one_before,
             each_figure_is_judged_by_its_rule, every_verb_of_the_system_calls_gates_exactly,
             a_missing_result_is_worse_and_an_extra_one_is_not,
             what_was_run_and_is_skipped_now_is_worse, an_expectation_that_held_must_still_hold,
             results_of_one_name_are_paired_in_their_order,
             times_are_compared_round_by_round_and_never_gate,
             counters_of_a_strategy_gate_where_they_are_counted,
             what_can_be_written_of_a_strategy_gates,
             ratios_gate_where_that_is_wanted_and_they_exceed_twice_the_noise,
             counters_of_another_kernel_are_refused, what_cannot_be_compared_is_refused_by_name,
             the_table_shows_only_what_changed)
