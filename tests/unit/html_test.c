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

static char *plots_of(const json_t *results) {
  char *text = NULL;
  size_t length;
  FILE *stream = open_memstream(&text, &length);
  ck_assert_ptr_nonnull(stream);
  wx_html_plots(results, stream);
  ck_assert_int_eq(fclose(stream), 0);
  return text;
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
  wx_assert_contains(text, "points=\"90.0,194.5 310.0,16.0 530.0,118.0 \"");
  wx_assert_contains(text, "points=\"90.0,194.5 310.0,41.5 530.0,169.0 \"");
  wx_assert_contains(text, ">8.0 MiB</text>");
  wx_assert_contains(text, ">2.0 s</text>");
  free(text);
  json_decref(results);
}
END_TEST

START_TEST(a_page_has_its_question_its_tables_and_all_results) {
  WxDocument document = wx_example_document();
  char *text = NULL;
  size_t length;
  FILE *stream = open_memstream(&text, &length);
  ck_assert_ptr_nonnull(stream);
  ck_assert_int_eq(wx_html_write(&document, "the <answer>", "run.json\n", stream), 0);
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
             a_page_has_its_question_its_tables_and_all_results)
