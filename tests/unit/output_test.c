// Documents and tables: the names of the contract, null for unknown, nothing lost.
#include "output/context.h"
#include "output/format.h"
#include "output/json.h"
#include "output/load.h"
#include "output/paired_table.h"
#include "output/result_json.h"
#include "support/example.h"
#include "support/suite.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void assert_keys(const json_t *object, const char *const keys[], size_t count) {
  ck_assert_uint_eq(json_object_size(object), count);
  for (size_t i = 0; i < count; ++i)
    ck_assert_msg(json_object_get(object, keys[i]) != NULL, "no member '%s'", keys[i]);
}

#define ASSERT_KEYS(OBJECT, ...)                                                                   \
  do {                                                                                             \
    const char *const wanted[] = {__VA_ARGS__};                                                    \
    assert_keys(OBJECT, wanted, sizeof wanted / sizeof *wanted);                                   \
  } while (0)

START_TEST(a_result_has_exactly_the_members_of_the_contract) {
  // `failures` and `list_nodes` are ours: actions of a scenario that failed where they may, and the
  // nodes that the imitated runtime passes in its lists.
  json_t *result = wx_example_result();
  ASSERT_KEYS(result, "scenario", "strategy", "metrics", "samples", "expectations", "verdict");
  json_t *metrics = json_object_get(result, "metrics");
  ASSERT_KEYS(metrics, "live_peak_bytes", "allocated_peak_bytes", "retained_bytes",
              "orphaned_bytes", "mappings_peak", "syscalls", "list_nodes", "minor_faults",
              "wall_ns", "time_ns", "wx_pages_seen", "failures");
  ASSERT_KEYS(json_object_get(metrics, "syscalls"), "reserve", "commit", "map_rw", "unmap_rw",
              "release", "total");
  ASSERT_KEYS(json_object_get(json_object_get(metrics, "time_ns"), "reserve"), "median", "ci_low",
              "ci_high", "n");
  ASSERT_KEYS(json_array_get(json_object_get(result, "samples"), 0), "round", "step", "t_ns",
              "live_bytes", "reserved_bytes", "allocated_bytes", "mapped_bytes", "orphaned_bytes",
              "rss_bytes", "rss_shmem_bytes", "pss_bytes", "cgroup_shmem_bytes", "mappings",
              "doublemapper_mappings");
  ASSERT_KEYS(json_array_get(json_object_get(result, "expectations"), 0), "name", "ok", "expected",
              "actual");
  ASSERT_KEYS(json_object_get(result, "verdict"), "code", "text");
  json_decref(result);
}
END_TEST

START_TEST(unknown_is_null_and_zero_is_zero) {
  json_t *result = wx_example_result();
  const json_t *metrics = json_object_get(result, "metrics");
  ck_assert(json_is_null(json_object_get(metrics, "live_peak_bytes")));
  ck_assert_int_eq(wx_json_get_figure(metrics, "live_peak_bytes"), WX_UNKNOWN);
  const json_t *sample = json_array_get(json_object_get(result, "samples"), 0);
  ck_assert_int_eq(wx_json_get_figure(sample, "round"), 0);
  ck_assert(json_is_null(json_object_get(sample, "rss_bytes")));
  json_t *ratio = wx_json_real(NAN);
  ck_assert(json_is_null(ratio));
  json_decref(ratio);
  json_decref(result);
}
END_TEST

START_TEST(a_skipped_result_has_its_reason_and_no_figures) {
  json_t *result = wx_result_json(&(WxResult){.workload = "asm", .mode = "on", .skipped = "why"});
  ASSERT_KEYS(result, "workload", "mode", "skipped");
  json_decref(result);
}
END_TEST

START_TEST(the_document_is_read_back_as_it_was_written) {
  WxDocument document = wx_example_document();
  char *text = wx_example_render(&document, "json");
  json_t *root, *written = wx_document_json(&document);
  char problem[WX_PROBLEM];
  ck_assert_int_eq(wx_document_parse("x", text, strlen(text), &root, problem), 0);
  ck_assert(json_equal(root, written));
  ASSERT_KEYS(root, "schema", "kind", "context", "results");
  ck_assert_str_eq(wx_json_get_text(root, "schema"), "wxbench/1");
  json_decref(root);
  json_decref(written);
  free(text);
  wx_document_free(&document);
}
END_TEST

START_TEST(text_that_is_not_utf8_is_replaced_and_not_lost) {
  json_t *value = wx_json_text("a\xff\xc3\xa9\xed\xa0\x80z\xc3");
  ck_assert_str_eq(json_string_value(value),
                   "a\xef\xbf\xbd\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz\xef\xbf\xbd");
  json_decref(value);
}
END_TEST

START_TEST(a_table_shows_units_to_people_and_digits_to_machines) {
  const WxColumn columns[] = {{"name", WX_TEXT},
                              {"bytes", WX_BYTES},
                              {"count", WX_COUNT},
                              {"time", WX_NS},
                              {"ratio", WX_RATIO}};
  WxTable *table = wx_table_new(NULL, columns, 5);
  wx_table_add(table, (WxCell[]){wx_text("a"), wx_figure(204996608), wx_figure(1234),
                                 wx_figure(1500), wx_ratio(1.5)});
  wx_table_add(table, (WxCell[]){wx_text(NULL), wx_figure(WX_UNKNOWN), wx_figure(WX_UNKNOWN),
                                 wx_figure(WX_UNKNOWN), wx_ratio(NAN)});
  ck_assert_int_eq(wx_table_error(table), 0);
  static const char *const shown[] = {"a", "195.5 MiB", "1,234", "1.5 us", "1.50"};
  static const char *const raw[] = {"a", "204996608", "1234", "1500", "1.5"};
  char buffer[WX_CELL_TEXT];
  for (size_t i = 0; i < 5; ++i) {
    ck_assert_str_eq(wx_table_show(table, 0, i, buffer), shown[i]);
    ck_assert_str_eq(wx_table_raw(table, 0, i, buffer), raw[i]);
    ck_assert_str_eq(wx_table_show(table, 1, i, buffer), "n/a");
    ck_assert_str_eq(wx_table_raw(table, 1, i, buffer), "");
  }
  wx_table_free(table);
}
END_TEST

START_TEST(a_table_grows_without_losing_rows) {
  const WxColumn column = {"n", WX_COUNT};
  WxTable *table = wx_table_new("many", &column, 1);
  for (WxFigure i = 0; i < 1000; ++i)
    wx_table_add(table, (WxCell[]){wx_figure(i)});
  ck_assert_uint_eq(wx_table_rows(table), 1000);
  for (size_t i = 0; i < 1000; ++i)
    ck_assert_int_eq(wx_table_cell(table, i, 0).figure, (WxFigure)i);
  wx_table_free(table);
}
END_TEST

START_TEST(a_document_that_lost_a_part_is_not_written) {
  WxDocument document = wx_example_document();
  wx_document_add_result(&document, NULL);
  char *text;
  size_t length;
  for (size_t i = 0; wx_format_at(i); ++i)
    ck_assert_int_eq(wx_format_render(wx_format_at(i), &document, &text, &length), -ENOMEM);
  wx_document_free(&document);
  wx_document_init(&document, "run");
  wx_document_add_table(&document, NULL);
  ck_assert(document.lost);
  wx_document_free(&document);
}
END_TEST

START_TEST(the_table_names_what_its_results_have) {
  WxDocument document = wx_example_document();
  char *text = wx_example_render(&document, "table");
  wx_assert_contains(text, "scenario");
  wx_assert_contains(text, "4.0 KiB");
  wx_assert_contains(text, "1 of 2 FAILED");
  wx_assert_contains(text, "skipped: no SDK");
  wx_assert_contains(text, "\n1 note\n");
  ck_assert_ptr_null(strstr(text, "faults"));
  free(text);
  wx_document_free(&document);
}
END_TEST
static void assert_rendered(const WxDocument *document, const char *format, const char *wanted) {
  char *text = wx_example_render(document, format);
  ck_assert_str_eq(text, wanted);
  free(text);
}

START_TEST(a_lead_stands_above_the_tables_and_an_empty_table_takes_no_line) {
  static const WxColumn columns[] = {{"name", WX_TEXT}};
  WxDocument document;
  wx_document_init(&document, "run");
  wx_document_add_table(&document, wx_table_new(NULL, columns, 1));
  wx_document_note(&document, "First.");
  assert_rendered(&document, "table", "First.\n");
  wx_document_lead(&document);
  assert_rendered(&document, "table", "First.\n");
  WxTable *table = wx_table_new(NULL, columns, 1);
  wx_table_add(table, (WxCell[]){wx_text("x")});
  wx_document_add_table(&document, table);
  wx_document_note(&document, "Last.");
  assert_rendered(&document, "table", "First.\n\nname\nx\n\nLast.\n");
  assert_rendered(&document, "markdown",
                  "First.\n\n| name |\n| --- |\n\n| name |\n| --- |\n| x |\n\nLast.\n");
  wx_document_free(&document);
}
END_TEST

START_TEST(the_context_has_exactly_the_members_of_the_contract) {
  json_t *context = wx_context_json("wxbench run", 0, WX_UNKNOWN);
  ASSERT_KEYS(context, "date", "command", "wxbench_version", "kernel", "cpu", "cpus", "page_size",
              "thp_shmem", "memfd_noexec", "max_map_count", "cgroup", "container", "compiler",
              "seed");
  ck_assert_str_eq(wx_json_get_text(context, "date"), "1970-01-01T00:00:00Z");
  ck_assert_int_eq(wx_json_get_figure(context, "page_size"), sysconf(_SC_PAGESIZE));
  ck_assert(json_is_null(json_object_get(context, "seed")));
  json_decref(context);
}
END_TEST

START_TEST(paired_times_are_read_back_and_what_is_no_number_is_unknown) {
  const WxPaired written = {.ratio = {1.5, 1.25, 1.75, 12},
                            .more_ms = {3, 2, 4, 12},
                            .median = {0.25, 0, 0, 12},
                            .noise = NAN};
  json_t *json = wx_paired_json(&written);
  ASSERT_KEYS(json, "n", "ratio", "ci_low", "ci_high", "noise", "more_ms", "more_ms_low",
              "more_ms_high", "median_s");
  ck_assert(json_is_null(json_object_get(json, "noise")));
  const WxPaired read = wx_paired_read(json);
  ck_assert_double_eq(read.ratio.median, 1.5);
  ck_assert_double_eq(read.ratio.high, 1.75);
  ck_assert_double_eq(read.more_ms.low, 2);
  ck_assert_double_eq(read.median.median, 0.25);
  ck_assert_uint_eq(read.ratio.n, 12);
  ck_assert(isnan(read.noise));
  json_decref(json);
  const WxPaired nothing = wx_paired_read(NULL);
  ck_assert(isnan(nothing.ratio.median));
  WxTable *table = wx_paired_table("t", "on");
  wx_paired_table_add(table, "w", "off", "r", &nothing);
  char buffer[WX_CELL_TEXT];
  ck_assert_str_eq(wx_table_column(table, 4).name, "time / on");
  for (size_t column = 4; column < wx_table_columns(table); ++column)
    ck_assert_str_eq(wx_table_show(table, 0, column, buffer), "n/a");
  wx_table_free(table);
}
END_TEST

START_TEST(a_result_is_read_back_to_the_same_json) {
  WxSample samples[2] = {wx_sample_unknown(0, "start"), wx_sample_unknown(1, "end")};
  samples[1].t_ns = 3;
  samples[1].doublemapper_mappings = 5;
  const WxEnded killed = {.how = WX_ENDED_SIGNAL, .signal = 25, .last_line = "l", .text = "why"};
  WxResult result = {.workload = "asm",
                     .mode = "on",
                     .runtime = "10.0.15",
                     .metrics = wx_metrics_unknown(),
                     .samples = samples,
                     .sample_count = 2,
                     .verdict_code = "live",
                     .verdict_text = "text"};
  result.metrics.retained_bytes = 7;
  result.metrics.syscalls.total = 11;
  for (int i = 0; i < 2; ++i) {
    result.ended = i ? &killed : NULL;
    json_t *json = wx_result_json(&result);
    WxResult read;
    WxEnded ended;
    ck_assert_int_eq(wx_result_read(json, &read, &ended), 0);
    json_t *again = wx_result_json(&read);
    ck_assert(json_equal(json, again));
    free((void *)(uintptr_t)read.samples);
    json_decref(again);
    json_decref(json);
  }
}
END_TEST

START_TEST(what_is_no_result_is_not_read) {
  static const char *const texts[] = {
      "{}",
      "{\"metrics\":null}",
      "{\"metrics\":{},\"samples\":[{}]}",
      "{\"metrics\":null,\"ended\":{\"how\":\"well\",\"text\":\"\"}}",
      "{\"metrics\":null,\"ended\":{\"how\":\"exit\"}}",
      "{\"skipped\":\"no SDK\"}"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; ++i) {
    json_t *json = json_loads(texts[i], 0, NULL);
    WxResult read;
    WxEnded ended;
    ck_assert_int_eq(wx_result_read(json, &read, &ended), -EINVAL);
    json_decref(json);
  }
}
END_TEST

WX_TEST_MAIN("output", a_result_is_read_back_to_the_same_json, what_is_no_result_is_not_read,
             a_result_has_exactly_the_members_of_the_contract, unknown_is_null_and_zero_is_zero,
             a_skipped_result_has_its_reason_and_no_figures,
             the_document_is_read_back_as_it_was_written,
             text_that_is_not_utf8_is_replaced_and_not_lost,
             a_table_shows_units_to_people_and_digits_to_machines,
             a_table_grows_without_losing_rows, a_document_that_lost_a_part_is_not_written,
             the_table_names_what_its_results_have,
             a_lead_stands_above_the_tables_and_an_empty_table_takes_no_line,
             the_context_has_exactly_the_members_of_the_contract,
             paired_times_are_read_back_and_what_is_no_number_is_unknown)
