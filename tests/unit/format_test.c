// The formats for other programs: CSV, Markdown, JUnit, benchmark rows.
#include "output/flat_table.h"
#include "output/json.h"
#include "output/result_json.h"
#include "support/example.h"
#include "support/suite.h"

#include <stdlib.h>

START_TEST(csv_has_a_row_per_sample_and_leaves_unknown_empty) {
  WxDocument document = wx_example_document();
  char *text = wx_example_render(&document, "csv");
  const char *expected =
      "scenario,workload,strategy,mode,model,runtime,round,step,t_ns,live_bytes,reserved_bytes,"
      "allocated_bytes,mapped_bytes,orphaned_bytes,rss_bytes,rss_shmem_bytes,pss_bytes,"
      "cgroup_shmem_bytes,mappings,doublemapper_mappings\n"
      "steady,,coreclr,,,,0,start,,,,,,,,,,,,\n"
      "steady,,coreclr,,,,0,end,,,,4096,,,,,,,,\n";
  ck_assert_str_eq(text, expected);
  free(text);
  wx_document_free(&document);
}
END_TEST

START_TEST(csv_of_plain_rows_quotes_what_needs_it) {
  WxDocument document;
  wx_document_init(&document, "compare");
  wx_document_add_result(&document, json_pack("{s:s, s:i, s:n}", "a", "x,\"y\"", "b", 3, "c"));
  wx_document_add_result(&document, json_pack("{s:s, s:s}", "a", "z", "b", "gone"));
  char *text = wx_example_render(&document, "csv");
  ck_assert_str_eq(text, "a,b,c\n\"x,\"\"y\"\"\",3,\nz,gone,\n");
  free(text);
  wx_document_free(&document);
}
END_TEST

START_TEST(markdown_cells_cannot_break_out_of_their_row) {
  WxDocument document;
  wx_document_init(&document, "list");
  const WxColumn columns[] = {{"na|me", WX_TEXT}, {"size", WX_BYTES}};
  WxTable *table = wx_table_new("T", columns, 2);
  wx_table_add(table, (WxCell[]){wx_text("a|b\nc<d>"), wx_figure(1024)});
  wx_document_add_table(&document, table);
  char *text = wx_example_render(&document, "markdown");
  ck_assert_str_eq(text,
                   "### T\n\n| na\\|me | size |\n| --- | ---: |\n| a\\|b\\\\nc\\<d> | 1.0 KiB |\n");
  free(text);
  wx_document_free(&document);
}
END_TEST

START_TEST(a_table_is_printed_whatever_its_first_heading_is) {
  static const char *const headings[] = {"",       " ",     "  name",  "na me", "gr\u00f6\u00dfe",
                                         "\u00f6", "\\x41", "a\\x41b", "\n",    "\xff"};
  for (size_t i = 0; i < sizeof headings / sizeof *headings; ++i) {
    WxDocument document;
    wx_document_init(&document, "list");
    const WxColumn columns[] = {{headings[i], WX_TEXT}, {"size", WX_COUNT}};
    WxTable *table = wx_table_new(NULL, columns, 2);
    wx_table_add(table, (WxCell[]){wx_text("value"), wx_figure(1024)});
    wx_document_add_table(&document, table);
    char *text = wx_example_render(&document, "table");
    wx_assert_contains(text, "1,024");
    free(text);
    wx_document_free(&document);
  }
}
END_TEST

START_TEST(columns_stay_in_line_beside_any_text) {
  // As the terminal sees them, each takes four columns; the last one is no UTF-8.
  static const char *const names[] = {"name",
                                      "gr\u00fcn",
                                      "\u0441\u043b\u043e\u043d",
                                      "\u6f22\u5b57",
                                      "\U0001f600\U0001f600",
                                      "ne\u0301e\u0301e",
                                      "\xff"};
  WxDocument document;
  wx_document_init(&document, "list");
  const WxColumn columns[] = {{"name", WX_TEXT}, {"size", WX_COUNT}, {"note", WX_TEXT}};
  WxTable *table = wx_table_new(NULL, columns, 3);
  for (size_t i = 0; i < sizeof names / sizeof *names; ++i)
    wx_table_add(table, (WxCell[]){wx_text(names[i]), wx_figure(123456), wx_text("x")});
  wx_document_add_table(&document, table);
  char *text = wx_example_render(&document, "table");
  ck_assert_str_eq(text, "name     size  note\n"
                         "name  123,456  x\n"
                         "gr\u00fcn  123,456  x\n"
                         "\u0441\u043b\u043e\u043d  123,456  x\n"
                         "\u6f22\u5b57  123,456  x\n"
                         "\U0001f600\U0001f600  123,456  x\n"
                         "ne\u0301e\u0301e  123,456  x\n"
                         "\\377  123,456  x\n");
  free(text);
  wx_document_free(&document);
}
END_TEST

START_TEST(junit_writes_a_comparison_that_lacks_a_value) {
  WxDocument document;
  wx_document_init(&document, "compare");
  wx_document_add_result(&document, json_pack("{s:s, s:s, s:i}", "metric", "retained_bytes", "gate",
                                              "worse", "new", 7));
  wx_document_add_result(&document,
                         json_pack("{s:s, s:s}", "metric", "mappings_peak", "gate", "worse"));
  char *text = wx_example_render(&document, "junit");
  wx_assert_contains(text, "name=\"retained_bytes\"><failure message=\"was , is 7\"/>");
  wx_assert_contains(text, "name=\"mappings_peak\"><failure message=\"was , is \"/>");
  free(text);
  wx_document_free(&document);
}
END_TEST

START_TEST(junit_counts_failures_and_skips_and_escapes_names) {
  WxDocument document = wx_example_document();
  char *text = wx_example_render(&document, "junit");
  wx_assert_contains(text,
                     "<testsuites name=\"wxbench run\" tests=\"3\" failures=\"1\" skipped=\"1\">");
  wx_assert_contains(text, "name=\"retains &lt;all&gt;\"></testcase>");
  wx_assert_contains(
      text, "name=\"is &quot;flat&quot;\"><failure message=\"expected flat, was grows\"/>");
  wx_assert_contains(text, "<skipped message=\"no SDK\"/>");
  free(text);
  wx_document_free(&document);
}
END_TEST

// One expectation of two cannot be judged: what each format says of it.
START_TEST(what_cannot_be_judged_is_neither_met_nor_failed_in_any_format) {
  const WxExpectationResult expectations[] = {
      {.name = "held", .ok = true, .expected = "= 1", .actual = "1"},
      {.name = "open", .expected = "= 0", .actual = "n/a", .reason = "<no> permission"}};
  const WxResult result = {.workload = "asm",
                           .mode = "on",
                           .runtime = "10.0.99",
                           .metrics = wx_metrics_unknown(),
                           .expectations = expectations,
                           .expectation_count = 2};
  ck_assert(wx_result_ok(&result));
  static const struct {
    const char *format, *part;
  } cases[] = {
      {"json", "\"ok\": null"},
      {"json", "\"reason\": \"<no> permission\""},
      {"table", "1 ok, 1 not judged"},
      {"table", "NOT JUDGED: asm, on, 10.0.99: open: <no> permission\n"},
      {"markdown", "| 1 ok, 1 not judged |\n"},
      {"markdown", "NOT JUDGED: asm, on, 10.0.99: open: \\<no> permission\n"},
      {"junit", "tests=\"2\" failures=\"0\" skipped=\"1\">\n    <testcase"},
      {"junit", "name=\"open\"><skipped message=\"&lt;no&gt; permission\"/></testcase>"},
  };
  WxDocument document;
  wx_document_init(&document, "validate");
  json_t *json = wx_result_json(&result);
  wx_result_note(&document, json);
  wx_document_add_result(&document, json);
  wx_document_add_table(&document, wx_result_table("Title", document.results));
  for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
    char *text = wx_example_render(&document, cases[i].format);
    wx_assert_contains(text, cases[i].part);
    free(text);
  }
  wx_document_free(&document);
}
END_TEST

START_TEST(gab_is_an_array_of_named_values_with_units) {
  WxDocument document = wx_example_document();
  char *text = wx_example_render(&document, "gab");
  json_t *entries = json_loads(text, 0, NULL);
  ck_assert_uint_eq(json_array_size(entries), 3);
  const json_t *bytes = json_array_get(entries, 0), *calls = json_array_get(entries, 1),
               *time = json_array_get(entries, 2);
  ck_assert_str_eq(wx_json_get_text(bytes, "name"), "steady, coreclr: retained_bytes");
  ck_assert_str_eq(wx_json_get_text(bytes, "unit"), "bytes");
  ck_assert_int_eq(wx_json_get_figure(bytes, "value"), 4096);
  ck_assert_str_eq(wx_json_get_text(calls, "name"), "steady, coreclr: syscalls.total");
  ck_assert_str_eq(wx_json_get_text(calls, "unit"), "count");
  ck_assert_str_eq(wx_json_get_text(time, "unit"), "ns");
  ck_assert_str_eq(wx_json_get_text(time, "range"), "1000..1500");
  json_decref(entries);
  free(text);
  wx_document_free(&document);
}
END_TEST

START_TEST(a_flat_table_finds_columns_in_all_results) {
  json_t *results = json_pack("[{s:n, s:{s:i}, s:[i]}, {s:i, s:s}]", "before_bytes", "pauses",
                              "max_ns", 1500, "list", 1, "before_bytes", 2048, "text", "x");
  WxTable *table = wx_flat_table(NULL, results, NULL);
  char buffer[WX_CELL_TEXT];
  ck_assert_uint_eq(wx_table_columns(table), 3);
  ck_assert_str_eq(wx_table_column(table, 1).name, "pauses.max_ns");
  ck_assert_str_eq(wx_table_show(table, 0, 0, buffer), "n/a");
  ck_assert_str_eq(wx_table_show(table, 0, 1, buffer), "1.5 us");
  ck_assert_str_eq(wx_table_show(table, 1, 0, buffer), "2.0 KiB");
  ck_assert_str_eq(wx_table_show(table, 1, 2, buffer), "x");
  wx_table_free(table);
  json_decref(results);
}
END_TEST

START_TEST(a_flat_table_of_chosen_columns_keeps_their_order) {
  json_t *results = json_pack("[{s:i, s:i, s:i}]", "a", 1, "b_bytes", 2048, "c", 3);
  const char *const wanted[] = {"c", "b_bytes", "nowhere", NULL};
  WxTable *table = wx_flat_table(NULL, results, wanted);
  char buffer[WX_CELL_TEXT];
  ck_assert_uint_eq(wx_table_columns(table), 3);
  ck_assert_str_eq(wx_table_show(table, 0, 0, buffer), "3");
  ck_assert_str_eq(wx_table_show(table, 0, 1, buffer), "2.0 KiB");
  ck_assert_str_eq(wx_table_show(table, 0, 2, buffer), "n/a");
  wx_table_free(table);
  json_decref(results);
}
END_TEST

START_TEST(a_fraction_below_a_whole_number_is_in_the_table) {
  json_t *results = json_pack("[{s:i}, {s:f}]", "p50_ns", 2, "p50_ns", 2.5);
  WxTable *table = wx_flat_table(NULL, results, NULL);
  char buffer[WX_CELL_TEXT];
  ck_assert_str_eq(wx_table_show(table, 0, 0, buffer), "2.00");
  ck_assert_str_eq(wx_table_show(table, 1, 0, buffer), "2.50");
  wx_table_free(table);
  json_decref(results);
}
END_TEST

START_TEST(gab_takes_sizes_times_and_ratios_of_results_without_metrics) {
  WxDocument document;
  wx_document_init(&document, "bench");
  wx_document_add_result(&document,
                         json_pack("{s:s, s:s, s:f, s:f, s:f, s:i, s:{s:i}}", "benchmark", "modes",
                                   "workload", "asm", "ratio", 1.25, "ci_low", 1.0, "ci_high", 1.5,
                                   "pid", 7, "pauses", "max_ns", 9));
  char *text = wx_example_render(&document, "gab");
  json_t *entries = json_loads(text, 0, NULL);
  ck_assert_uint_eq(json_array_size(entries), 2);
  const json_t *ratio = json_array_get(entries, 0), *pause = json_array_get(entries, 1);
  ck_assert_str_eq(wx_json_get_text(ratio, "name"), "modes, asm: ratio");
  ck_assert_str_eq(wx_json_get_text(ratio, "unit"), "ratio");
  ck_assert_str_eq(wx_json_get_text(ratio, "range"), "1..1.5");
  ck_assert_str_eq(wx_json_get_text(pause, "name"), "modes, asm: pauses.max_ns");
  json_decref(entries);
  free(text);
  wx_document_free(&document);
}
END_TEST

WX_TEST_MAIN("format", csv_has_a_row_per_sample_and_leaves_unknown_empty,
             csv_of_plain_rows_quotes_what_needs_it, markdown_cells_cannot_break_out_of_their_row,
             a_table_is_printed_whatever_its_first_heading_is, columns_stay_in_line_beside_any_text,
             junit_writes_a_comparison_that_lacks_a_value,
             junit_counts_failures_and_skips_and_escapes_names,
             what_cannot_be_judged_is_neither_met_nor_failed_in_any_format,
             gab_is_an_array_of_named_values_with_units, a_flat_table_finds_columns_in_all_results,
             a_flat_table_of_chosen_columns_keeps_their_order,
             a_fraction_below_a_whole_number_is_in_the_table,
             gab_takes_sizes_times_and_ratios_of_results_without_metrics)
