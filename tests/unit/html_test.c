// The page for others: what it answers, and that its curves and words are those of the samples.
#include "output/html.h"
#include "support/example.h"
#include "support/suite.h"

#include <stdlib.h>
#include <string.h>

#define MIB(COUNT) ((json_int_t)(COUNT) << 20)

// A run of 2 s whose memfd goes from 1 MiB by `peak` to `end`.
static json_t *run_of(const char *workload, const char *mode, int peak, int end, int retained) {
  return json_pack("{s:s, s:s, s:s, s:{s:I}, s:[{s:I, s:I}, {s:I, s:I}, {s:I, s:I}]}", "workload",
                   workload, "mode", mode, "runtime", "10.0.15", "metrics", "retained_bytes",
                   MIB(retained), "samples", "t_ns", (json_int_t)0, "allocated_bytes", MIB(1),
                   "t_ns", (json_int_t)1000000000, "allocated_bytes", MIB(peak), "t_ns",
                   (json_int_t)2000000000, "allocated_bytes", MIB(end));
}

static json_t *runs(void) {
  json_t *results = json_array();
  json_array_append_new(results, run_of("asm", "on", 8, 4, 3));
  json_array_append_new(results, run_of("dyn", "on", 16, 12, 11));
  json_array_append_new(results, run_of("alc", "on", 8, 6, 5));
  json_array_append_new(results, run_of("asm", "preload", 7, 2, 1));
  json_array_append_new(results, run_of("dyn", "preload", 7, 3, 2));
  return results;
}

START_TEST(the_answer_is_the_most_that_each_mode_retained) {
  json_t *results = runs();
  char answer[512];
  wx_html_answer(results, answer, sizeof answer);
  ck_assert_str_eq(answer, "With W^X on, up to 11.0 MiB stay allocated and mapped nowhere (dyn, "
                           "10.0.15); mode preload: at most 2.0 MiB.");
  json_decref(results);
}
END_TEST

START_TEST(without_a_run_with_it_on_there_is_no_answer) {
  json_t *results = json_array();
  char answer[512];
  json_array_append_new(results, run_of("asm", "off", 1, 1, 0));
  wx_html_answer(results, answer, sizeof answer);
  ck_assert_str_eq(answer, "No run of a real runtime with W^X on is among these results.");
  json_decref(results);
}
END_TEST

static char *plots_of_files(const json_t *results, const json_t *files) {
  char *text = NULL;
  size_t length;
  FILE *stream = open_memstream(&text, &length);
  ck_assert_ptr_nonnull(stream);
  ck_assert(wx_html_plots(results, files, stream));
  ck_assert_int_eq(fclose(stream), 0);
  return text;
}

static char *plots_of(const json_t *results) {
  return plots_of_files(results, NULL);
}

static size_t count_of(const char *text, const char *word) {
  size_t count = 0;
  for (const char *at = text; (at = strstr(at, word)); ++at)
    ++count;
  return count;
}

START_TEST(each_workload_has_a_plot_and_each_mode_a_line) {
  json_t *results = runs();
  char *text = plots_of(results);
  ck_assert_uint_eq(count_of(text, "<svg"), 3);
  ck_assert_uint_eq(count_of(text, "<polyline"), 5);
  ck_assert_uint_eq(count_of(text, "<polyline class=\"line m0\""), 3);
  ck_assert_uint_eq(count_of(text, "<polyline class=\"line m2\""), 2);
  free(text);
  json_decref(results);
}
END_TEST

START_TEST(the_words_of_a_plot_say_how_each_curve_ends) {
  json_t *results = runs();
  char *text = plots_of(results);
  wx_assert_contains(text, "memfd of asm on .NET 10.0.15; mode on ends at 4.0 MiB; mode preload "
                           "ends at 2.0 MiB");
  wx_assert_contains(text, "memfd of alc on .NET 10.0.15; mode on ends at 6.0 MiB\"");
  free(text);
  json_decref(results);
}
END_TEST

// The axes go from 0 to the most of any line: 2 s, 8 MiB.
START_TEST(a_curve_goes_through_its_samples) {
  json_t *results = runs();
  char *text = plots_of(results);
  wx_assert_contains(text, "points=\"104.0,194.5 307.0,16.0 510.0,118.0 \"");
  wx_assert_contains(text, "points=\"104.0,194.5 307.0,41.5 510.0,169.0 \"");
  wx_assert_contains(text, ">8.0 MiB</text>");
  wx_assert_contains(text, ">2 s</text>");
  free(text);
  json_decref(results);
}
END_TEST

// Two runs of one mode in one plot would be two lines that look the same.
START_TEST(what_was_run_again_has_a_plot_of_its_own) {
  json_t *results = json_array();
  json_array_append_new(results, run_of("asm", "on", 8, 4, 3));
  json_array_append_new(results, run_of("asm", "off", 7, 2, 3));
  json_array_append_new(results, run_of("asm", "on", 8, 5, 3));
  json_array_append_new(results, run_of("asm", "preload", 7, 6, 1));
  json_t *files = json_pack("[{s:s, s:i}, {s:s, s:i}]", "name", "a.json", "results", 3, "name",
                            "b.json", "results", 1);
  char *text = plots_of_files(results, files);
  ck_assert_uint_eq(count_of(text, "<svg"), 3);
  wx_assert_contains(text, "memfd of asm on .NET 10.0.15 in a.json; mode on ends at 4.0 MiB; mode "
                           "off ends at 2.0 MiB\"");
  wx_assert_contains(text, "memfd of asm on .NET 10.0.15 in a.json; mode on ends at 5.0 MiB\"");
  wx_assert_contains(text,
                     "memfd of asm on .NET 10.0.15 in b.json; mode preload ends at 6.0 MiB\"");
  free(text);
  json_decref(files);
  json_decref(results);
}
END_TEST

static json_t *sample_of(json_int_t t_ns, json_int_t bytes) {
  return json_pack("{s:I, s:I}", "t_ns", t_ns, "allocated_bytes", bytes);
}

START_TEST(a_plot_says_whose_curve_broke_off) {
  json_t *results = json_array();
  json_t *run = run_of("asm", "on", 8, 4, 3);
  json_object_set_new(run, "ended", json_pack("{s:s}", "how", "signal"));
  json_array_append_new(results, run);
  char *text = plots_of(results);
  wx_assert_contains(text, "; mode on did not run to its end and was last at 4.0 MiB\"");
  free(text);
  json_decref(results);
}
END_TEST

// An unknown time is not the beginning, and the ends of the axes are whatever is known.
START_TEST(what_is_not_known_is_no_point) {
  json_t *results = json_array();
  json_t *run = run_of("asm", "on", 8, 4, 3);
  json_t *samples = json_object_get(run, "samples");
  json_array_append_new(samples, json_pack("{s:n, s:I}", "t_ns", "allocated_bytes", MIB(16)));
  json_array_append_new(samples,
                        json_pack("{s:I, s:n}", "t_ns", (json_int_t)5000000000, "allocated_bytes"));
  json_array_append_new(samples, sample_of(-1, MIB(16)));
  json_array_append_new(results, run);
  char *text = plots_of(results);
  wx_assert_contains(text, "points=\"104.0,194.5 307.0,16.0 510.0,118.0 \"");
  free(text);
  json_decref(results);
}
END_TEST

START_TEST(an_axis_has_round_numbers_whatever_the_size) {
  static const struct {
    json_int_t most;
    const char *label, *above;
  } rows[] = {{0, ">256.0 KiB<", ">1.0 MiB<"},
              {MIB(190) + 500000, ">50.0 MiB<", ">200.0 MiB<"},
              {MIB(1500), ">512.0 MiB<", ">1.5 GiB<"},
              {INT64_MAX, ">2097152.0 TiB<", ">8388608.0 TiB<"}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i) {
    json_t *results = json_array();
    json_t *run = run_of("asm", "on", 0, 0, 0);
    json_array_append_new(json_object_get(run, "samples"), sample_of(1, rows[i].most));
    json_array_append_new(results, run);
    char *text = plots_of(results);
    wx_assert_contains(text, rows[i].label);
    wx_assert_contains(text, rows[i].above);
    ck_assert_uint_le(count_of(text, "class=\"grid\""), 6);
    free(text);
    json_decref(results);
  }
}
END_TEST

START_TEST(a_page_has_its_question_its_tables_and_all_results) {
  WxDocument document = wx_example_document();
  char *text = NULL;
  size_t length;
  FILE *stream = open_memstream(&text, &length);
  ck_assert_ptr_nonnull(stream);
  ck_assert_int_eq(
      wx_html_write(&document, "the <answer>", &(WxHtmlOrigin){"run.json\n", NULL}, stream), 0);
  ck_assert_int_eq(fclose(stream), 0);
  wx_assert_contains(text, "<p class=\"answer\">the &lt;answer&gt;</p>");
  wx_assert_contains(text, "<h1>");
  wx_assert_contains(text, "run.json");
  wx_assert_contains(text, "retained_bytes");
  ck_assert_uint_eq(count_of(text, "<table>"), document.table_count);
  free(text);
  wx_document_free(&document);
}
END_TEST

WX_TEST_MAIN("html", the_answer_is_the_most_that_each_mode_retained,
             without_a_run_with_it_on_there_is_no_answer,
             each_workload_has_a_plot_and_each_mode_a_line,
             the_words_of_a_plot_say_how_each_curve_ends, a_curve_goes_through_its_samples,
             what_was_run_again_has_a_plot_of_its_own, a_plot_says_whose_curve_broke_off,
             what_is_not_known_is_no_point, an_axis_has_round_numbers_whatever_the_size,
             a_page_has_its_question_its_tables_and_all_results)
