// Documents, tables and files: the contract's names, null for unknown, nothing half written.
#include "output/context.h"
#include "output/file.h"
#include "output/flat_table.h"
#include "output/format.h"
#include "output/json.h"
#include "output/load.h"
#include "output/result.h"
#include "support/suite.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

// A result with one known figure of each kind; everything else is unknown.
static json_t *example_result(void) {
  WxSample samples[2] = {wx_sample_unknown(0, "start"), wx_sample_unknown(0, "end")};
  samples[1].allocated_bytes = 4096;
  const WxExpectationResult expectations[] = {{"retains <all>", true, "= 4096", "4096"},
                                              {"is \"flat\"", false, "flat", "grows"}};
  const WxOperationTime time = {"reserve", 1200, 1000, 1500, 31};
  WxResult result = {.scenario = "steady",
                     .strategy = "coreclr",
                     .metrics = wx_metrics_unknown(),
                     .samples = samples,
                     .sample_count = 2,
                     .expectations = expectations,
                     .expectation_count = 2,
                     .verdict_code = "retained",
                     .verdict_text = "4096 bytes are retained."};
  result.metrics.retained_bytes = 4096;
  result.metrics.syscalls.total = 7;
  result.metrics.times = &time;
  result.metrics.time_count = 1;
  ck_assert(!wx_result_ok(&result));
  return wx_result_json(&result);
}

static WxDocument example_document(void) {
  WxDocument document;
  wx_document_init(&document, "run");
  wx_document_add_result(&document, example_result());
  wx_document_add_result(&document,
                         wx_result_json(&(WxResult){.workload = "asm", .skipped = "no SDK"}));
  wx_document_add_table(&document, wx_result_table("Title", document.results));
  wx_document_note(&document, "%d note", 1);
  return document;
}

// The document in a format; the caller frees it.
static char *render(const WxDocument *document, const char *format) {
  char *text = NULL;
  size_t length = 0;
  ck_assert_int_eq(wx_format_render(wx_format_find(format), document, &text, &length), 0);
  ck_assert_uint_eq(strlen(text), length);
  return text;
}

static void assert_contains(const char *text, const char *part) {
  ck_assert_msg(strstr(text, part) != NULL, "no '%s' in:\n%s", part, text);
}

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
  // `failures` is ours: actions of a scenario that failed where they may.
  json_t *result = example_result();
  ASSERT_KEYS(result, "scenario", "strategy", "metrics", "samples", "expectations", "verdict");
  json_t *metrics = json_object_get(result, "metrics");
  ASSERT_KEYS(metrics, "live_peak_bytes", "allocated_peak_bytes", "retained_bytes",
              "orphaned_bytes", "mappings_peak", "syscalls", "minor_faults", "wall_ns", "time_ns",
              "wx_pages_seen", "failures");
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
  json_t *result = example_result();
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
  WxDocument document = example_document();
  char *text = render(&document, "json");
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
  WxDocument document = example_document();
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
  WxDocument document = example_document();
  char *text = render(&document, "table");
  assert_contains(text, "scenario");
  assert_contains(text, "4.0 KiB");
  assert_contains(text, "1 of 2 FAILED");
  assert_contains(text, "skipped: no SDK");
  assert_contains(text, "\n1 note\n");
  ck_assert_ptr_null(strstr(text, "faults"));
  free(text);
  wx_document_free(&document);
}
END_TEST

START_TEST(csv_has_a_row_per_sample_and_leaves_unknown_empty) {
  WxDocument document = example_document();
  char *text = render(&document, "csv");
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
  char *text = render(&document, "csv");
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
  char *text = render(&document, "markdown");
  ck_assert_str_eq(text,
                   "### T\n\n| na\\|me | size |\n| --- | ---: |\n| a\\|b c\\<d> | 1.0 KiB |\n");
  free(text);
  wx_document_free(&document);
}
END_TEST

START_TEST(junit_counts_failures_and_skips_and_escapes_names) {
  WxDocument document = example_document();
  char *text = render(&document, "junit");
  assert_contains(text,
                  "<testsuites name=\"wxbench run\" tests=\"3\" failures=\"1\" skipped=\"1\">");
  assert_contains(text, "name=\"retains &lt;all&gt;\"></testcase>");
  assert_contains(text,
                  "name=\"is &quot;flat&quot;\"><failure message=\"expected flat, was grows\"/>");
  assert_contains(text, "<skipped message=\"no SDK\"/>");
  free(text);
  wx_document_free(&document);
}
END_TEST

START_TEST(gab_is_an_array_of_named_values_with_units) {
  WxDocument document = example_document();
  char *text = render(&document, "gab");
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

START_TEST(gab_takes_sizes_times_and_ratios_of_results_without_metrics) {
  WxDocument document;
  wx_document_init(&document, "bench");
  wx_document_add_result(&document,
                         json_pack("{s:s, s:s, s:f, s:f, s:f, s:i, s:{s:i}}", "benchmark", "modes",
                                   "workload", "asm", "ratio", 1.25, "ci_low", 1.0, "ci_high", 1.5,
                                   "pid", 7, "pauses", "max_ns", 9));
  char *text = render(&document, "gab");
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

// A fresh folder, removed by the end of the test's process only if the test removes its files.
static char folder[64];

static void make_folder(void) {
  strcpy(folder, "/tmp/wxbench-output-XXXXXX");
  ck_assert_ptr_nonnull(mkdtemp(folder));
}

static void assert_content(const char *path, const char *expected) {
  char text[256] = "";
  FILE *file = fopen(path, "re");
  ck_assert_ptr_nonnull(file);
  ck_assert_uint_eq(fread(text, 1, sizeof text - 1, file), strlen(expected));
  fclose(file);
  ck_assert_str_eq(text, expected);
}

// Fails where anything but the named file was left; then removes both.
static void assert_only(const char *path) {
  ck_assert_int_eq(unlink(path), 0);
  ck_assert_msg(rmdir(folder) == 0, "something was left in %s", folder);
}

START_TEST(a_file_is_replaced_whole_and_keeps_its_permissions) {
  make_folder();
  char path[128];
  struct stat status;
  snprintf(path, sizeof path, "%s/result.json", folder);
  ck_assert_int_eq(wx_file_write(path, "old", 3), 0);
  ck_assert_int_eq(chmod(path, 0600), 0);
  ck_assert_int_eq(wx_file_write(path, "newer", 5), 0);
  assert_content(path, "newer");
  ck_assert_int_eq(stat(path, &status), 0);
  ck_assert_uint_eq(status.st_mode & 0777, 0600);
  assert_only(path);
}
END_TEST

START_TEST(a_link_is_followed_and_stays_a_link) {
  make_folder();
  char path[128], link[128];
  struct stat status;
  snprintf(path, sizeof path, "%s/real.json", folder);
  snprintf(link, sizeof link, "%s/link.json", folder);
  ck_assert_int_eq(wx_file_write(path, "old", 3), 0);
  ck_assert_int_eq(symlink("real.json", link), 0);
  ck_assert_int_eq(wx_file_write(link, "new", 3), 0);
  assert_content(path, "new");
  ck_assert_int_eq(lstat(link, &status), 0);
  ck_assert(S_ISLNK(status.st_mode));
  ck_assert_int_eq(unlink(link), 0);
  assert_only(path);
}
END_TEST

START_TEST(a_write_that_fails_half_way_leaves_the_old_file) {
  make_folder();
  char path[128];
  static char large[1 << 16];
  snprintf(path, sizeof path, "%s/result.json", folder);
  ck_assert_int_eq(wx_file_write(path, "old", 3), 0);
  struct rlimit before, limit;
  ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
  limit = before;
  limit.rlim_cur = 4096;
  signal(SIGXFSZ, SIG_IGN);
  ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
  const int error = wx_file_write(path, large, sizeof large);
  ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
  ck_assert_int_eq(error, -EFBIG);
  assert_content(path, "old");
  assert_only(path);
}
END_TEST

START_TEST(what_cannot_be_written_is_known_before_and_after) {
  static const struct {
    const char *path;
    int error;
  } rows[] = {{"/nonexistent/x.json", -ENOENT},
              {"/tmp", -EISDIR},
              {"/tmp/", -EISDIR},
              {"/etc/passwd/x", -ENOTDIR},
              {"", -ENOENT}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i) {
    ck_assert_int_eq(wx_file_check(rows[i].path), rows[i].error);
    ck_assert_int_eq(wx_file_write(rows[i].path, "x", 1), rows[i].error);
  }
  ck_assert_int_eq(wx_file_check("/dev/full"), 0);
  ck_assert_int_eq(wx_file_write("/dev/full", "x", 1), -ENOSPC);
  ck_assert_int_eq(wx_file_write("/dev/null", "x", 1), 0);
}
END_TEST

START_TEST(damage_is_named_with_line_and_column) {
  static const struct {
    const char *text, *problem;
  } rows[] = {{"", "f:1:1: '[' or '{' expected near end of file"},
              {"{\n  \"schema\": nope}", "f:2:16: invalid token near 'nope'"},
              {"{} x", "f:1:4: end of file expected near 'x'"},
              {"{\"a\":1,\"a\":2}", "f:1:10: duplicate object key near '\"a\"'"},
              {"[]", "f: schema: expected \"wxbench/1\", but there is none"},
              {"{\"schema\":\"wxbench/2\"}", "f: schema: is 'wxbench/2', expected 'wxbench/1'"},
              {"{\"schema\":\"wxbench/1\"}", "f: kind: expected a string"},
              {"{\"schema\":\"wxbench/1\",\"kind\":\"run\"}", "f: context: expected an object"},
              {"{\"schema\":\"wxbench/1\",\"kind\":\"run\",\"context\":{}}",
               "f: results: expected an array"},
              {"{\"schema\":\"wxbench/1\",\"kind\":\"run\",\"context\":{},\"results\":[{},1]}",
               "f: results[1]: expected an object"}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i) {
    json_t *root;
    char problem[WX_PROBLEM] = "";
    ck_assert_int_eq(wx_document_parse("f", rows[i].text, strlen(rows[i].text), &root, problem),
                     -EINVAL);
    ck_assert_str_eq(problem, rows[i].problem);
  }
}
END_TEST

START_TEST(a_document_cut_at_any_byte_is_damage) {
  WxDocument document = example_document();
  char *text = render(&document, "json");
  const size_t whole = strlen(text) - 1;
  for (size_t length = 0; length < whole; ++length) {
    json_t *root;
    char problem[WX_PROBLEM];
    ck_assert_int_eq(wx_document_parse("f", text, length, &root, problem), -EINVAL);
    ck_assert_ptr_null(strchr(problem, '\n'));
  }
  free(text);
  wx_document_free(&document);
}
END_TEST

WX_TEST_MAIN("output", a_result_has_exactly_the_members_of_the_contract,
             unknown_is_null_and_zero_is_zero, a_skipped_result_has_its_reason_and_no_figures,
             the_document_is_read_back_as_it_was_written,
             text_that_is_not_utf8_is_replaced_and_not_lost,
             a_table_shows_units_to_people_and_digits_to_machines,
             a_table_grows_without_losing_rows, a_document_that_lost_a_part_is_not_written,
             the_table_names_what_its_results_have,
             csv_has_a_row_per_sample_and_leaves_unknown_empty,
             csv_of_plain_rows_quotes_what_needs_it, markdown_cells_cannot_break_out_of_their_row,
             junit_counts_failures_and_skips_and_escapes_names,
             gab_is_an_array_of_named_values_with_units, a_flat_table_finds_columns_in_all_results,
             a_flat_table_of_chosen_columns_keeps_their_order,
             gab_takes_sizes_times_and_ratios_of_results_without_metrics,
             the_context_has_exactly_the_members_of_the_contract,
             a_file_is_replaced_whole_and_keeps_its_permissions,
             a_link_is_followed_and_stays_a_link, a_write_that_fails_half_way_leaves_the_old_file,
             what_cannot_be_written_is_known_before_and_after, damage_is_named_with_line_and_column,
             a_document_cut_at_any_byte_is_damage)
