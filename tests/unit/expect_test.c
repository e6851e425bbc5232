// Judging: every operator, what is unknown, and what is about other results.
#include "scenario/expect.h"
#include "support/suite.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 8 };

static WxParameter given[] = {{"blocks", "3", NULL}, {"size", "4KiB", NULL}};

// A scenario of one expectation.
static WxScenario about(WxExpectation *expectation) {
  return (WxScenario){.name = "n",
                      .parameters = given,
                      .parameters_count = 2,
                      .expect = expectation,
                      .expect_count = 1};
}

static char last_reason[128]; // Of the last expectation judged; "" where there was none.

// Judges one expectation of the first of `results`; returns whether it was judged at all.
static bool judge(WxExpectation expectation, const WxResult results[], size_t count, bool *ok,
                  char expected[64], char actual[64]) {
  const WxScenario scenario = about(&expectation);
  const WxParameters parameters = {&scenario, NULL, 0};
  char problem[WX_PROBLEM_SIZE];
  ck_assert_msg(wx_expect_check(&expectation, &parameters, problem) == 0, "%s", problem);
  WxExpectationResult *judged;
  size_t judged_count;
  ck_assert_int_eq(wx_expect_judge(&parameters, results, count, 0, &judged, &judged_count), 0);
  ck_assert_uint_le(judged_count, 1);
  if (judged_count) {
    *ok = judged[0].ok;
    snprintf(expected, 64, "%s", judged[0].expected);
    snprintf(actual, 64, "%s", judged[0].actual);
    snprintf(last_reason, sizeof last_reason, "%s", judged[0].reason ? judged[0].reason : "");
  }
  wx_expect_free(judged, judged_count);
  return judged_count == 1;
}

static bool holds_of(const WxResult *result, char *metric, char *op, WxExpectedValue value) {
  bool ok = false;
  char expected[64], actual[64];
  const WxExpectation expectation = {.metric = metric, .op = op, .value = &value};
  ck_assert(judge(expectation, result, 1, &ok, expected, actual));
  return ok;
}

static WxResult result_with(WxFigure retained) {
  WxResult result = {.strategy = "coreclr", .metrics = wx_metrics_unknown()};
  result.metrics.retained_bytes = retained;
  return result;
}

START_TEST(how_a_program_ended_is_known_where_its_figures_are_not) {
  const WxEnded endings[] = {{.how = WX_ENDED_WELL},
                             {.how = WX_ENDED_EXIT, .status = 3},
                             {.how = WX_ENDED_SIGNAL, .signal = 25},
                             {.how = WX_ENDED_TIMEOUT}};
  const WxFigure figures[][3] = {{1, 0, 0}, {0, 0, 3}, {0, 25, WX_UNKNOWN}, {0, 0, WX_UNKNOWN}};
  for (size_t i = 0; i < sizeof endings / sizeof *endings; ++i) {
    WxResult result = result_with(3);
    result.ended = i ? &endings[i] : NULL;
    ck_assert_int_eq(wx_expect_figure(&result, "ran"), figures[i][0]);
    ck_assert_int_eq(wx_expect_figure(&result, "signal"), figures[i][1]);
    ck_assert_int_eq(wx_expect_figure(&result, "status"), figures[i][2]);
    ck_assert_int_eq(wx_expect_figure(&result, "retained_bytes"), i ? WX_UNKNOWN : 3);
  }
}
END_TEST

// A program that was killed, with an expectation about its end and another one.
static bool is_well(bool of_end_met, bool other_met, bool *demanded) {
  const WxEnded ended = {.how = WX_ENDED_SIGNAL, .signal = 25};
  const WxExpectationResult judged[] = {{.name = "ran eq", .ok = of_end_met, .of_ending = true},
                                        {.name = "retained_bytes le", .ok = other_met}};
  const WxResult result = {.ended = &ended, .expectations = judged, .expectation_count = 2};
  *demanded = wx_result_demanded(&result);
  return wx_result_ok(&result);
}

START_TEST(an_end_is_well_only_where_just_that_is_demanded) {
  bool demanded;
  ck_assert(is_well(true, true, &demanded) && demanded);
  ck_assert(!is_well(true, false, &demanded) && demanded);
  ck_assert(!is_well(false, true, &demanded) && !demanded);
}
END_TEST

START_TEST(each_figure_of_a_run_is_read_by_its_name) {
  WxResult result = result_with(3);
  result.metrics.live_peak_bytes = 1;
  result.metrics.allocated_peak_bytes = 2;
  result.metrics.mappings_peak = 4;
  result.metrics.syscalls = (WxByVerb){5, 6, 7, 8, 9, 10};
  result.metrics.list_nodes.total = 11;
  result.metrics.minor_faults = 12;
  result.metrics.wx_pages_seen = 13;
  result.metrics.failures = 14;
  static const struct {
    const char *name;
    WxFigure value;
  } rows[] = {
      {"live_peak_bytes", 1},  {"allocated_peak_bytes", 2},
      {"retained_bytes", 3},   {"mappings_peak", 4},
      {"syscalls.reserve", 5}, {"syscalls.commit", 6},
      {"syscalls.map_rw", 7},  {"syscalls.unmap_rw", 8},
      {"syscalls.release", 9}, {"syscalls", 10},
      {"list_nodes", 11},      {"minor_faults", 12},
      {"wx_pages_seen", 13},   {"failures", 14},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i)
    ck_assert_msg(wx_expect_figure(&result, rows[i].name) == rows[i].value, "%s", rows[i].name);
}
END_TEST

START_TEST(numbers_are_compared) {
  const WxResult result = result_with(4096);
  static const struct {
    char *op;
    char *number;
    bool holds;
  } rows[] = {
      {"eq", "4096", true}, {"eq", "4KiB", true},  {"eq", "4095", false}, {"eq", "4097", false},
      {"le", "4096", true}, {"le", "4095", false}, {"le", "4097", true},  {"ge", "4096", true},
      {"ge", "4095", true}, {"ge", "4097", false}, {"eq", "size", true},  {"le", "blocks", false},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i)
    ck_assert_msg(holds_of(&result, "retained_bytes", rows[i].op,
                           (WxExpectedValue){.number = rows[i].number}) == rows[i].holds,
                  "%s %s", rows[i].op, rows[i].number);
}
END_TEST

START_TEST(figures_and_parameters_are_multiplied) {
  WxResult result = result_with(180);
  result.metrics.live_peak_bytes = 100;
  const WxExpectedValue times = {.of = "live_peak_bytes", .times = "1.8"};
  const WxExpectedValue more = {.of = "live_peak_bytes", .times = "1.81"};
  ck_assert(holds_of(&result, "retained_bytes", "ge", times));
  ck_assert(!holds_of(&result, "retained_bytes", "ge", more));
  ck_assert(
      holds_of(&result, "retained_bytes", "eq", (WxExpectedValue){.of = "blocks", .times = "60"}));
  ck_assert(!holds_of(&result, "retained_bytes", "le",
                      (WxExpectedValue){.number = "100", .times = "-1"}));
}
END_TEST

START_TEST(what_was_judged_is_said) {
  const WxResult result = result_with(195508);
  bool ok;
  char expected[64], actual[64];
  WxExpectedValue value = {.number = "8MiB"};
  ck_assert(judge((WxExpectation){.metric = "retained_bytes", .op = "le", .value = &value}, &result,
                  1, &ok, expected, actual));
  ck_assert_str_eq(expected, "<= 8,388,608");
  ck_assert_str_eq(actual, "195,508");
}
END_TEST

// Unknown is neither 0 nor equal to another unknown.
START_TEST(an_unknown_figure_meets_no_expectation) {
  const WxResult unknown = result_with(WX_UNKNOWN);
  const WxResult known = result_with(0);
  static char *const ops[] = {"eq", "le", "ge"};
  for (size_t i = 0; i < 3; ++i) {
    ck_assert(!holds_of(&unknown, "retained_bytes", ops[i], (WxExpectedValue){.number = "0"}));
    ck_assert(!holds_of(&known, "retained_bytes", ops[i], (WxExpectedValue){.of = "minor_faults"}));
    ck_assert(
        !holds_of(&unknown, "retained_bytes", ops[i], (WxExpectedValue){.of = "live_peak_bytes"}));
  }
}
END_TEST

// ... and fails none either: its reason is said instead.
START_TEST(an_unknown_figure_fails_no_expectation) {
  WxResult result = result_with(WX_UNKNOWN);
  const WxExpectedValue zero = {.number = "0"};
  holds_of(&result, "retained_bytes", "eq", zero);
  ck_assert_str_eq(last_reason, "retained_bytes is not known: it was not measured");
  result.unknown = "no permission";
  holds_of(&result, "retained_bytes", "eq", zero);
  ck_assert_str_eq(last_reason, "retained_bytes is not known: no permission");
  holds_of(&result, "minor_faults", "eq", zero); // No figure of the file.
  ck_assert_str_eq(last_reason, "minor_faults is not known: it was not measured");
  result.metrics.retained_bytes = 0;
  holds_of(&result, "retained_bytes", "eq", (WxExpectedValue){.of = "live_peak_bytes"});
  ck_assert_str_eq(last_reason, "live_peak_bytes is not known: no permission");
  holds_of(&result, "retained_bytes", "eq", zero);
  ck_assert_str_eq(last_reason, "");
}
END_TEST

// Only these are unknown for the memfd's reasons, and only these can be named at all.
START_TEST(each_figure_knows_whose_it_is) {
  static const char *const of_file[] = {"live_peak_bytes", "allocated_peak_bytes", "retained_bytes",
                                        "live_bytes",      "allocated_bytes",      "mapped_bytes",
                                        "orphaned_bytes"};
  static const char *const others[] = {"mappings_peak",      "syscalls",
                                       "syscalls.release",   "list_nodes",
                                       "minor_faults",       "wx_pages_seen",
                                       "failures",           "reserved_bytes",
                                       "rss_bytes",          "rss_shmem_bytes",
                                       "pss_bytes",          "mappings",
                                       "cgroup_shmem_bytes", "doublemapper_mappings"};
  static const char *const none[] = {
      "wall_ns",   "time_ns",        "t_ns",    "round", "retained_bytes.total",
      "syscalls.", "syscalls.write", "syscall", ""};
  for (size_t i = 0; i < sizeof of_file / sizeof *of_file; ++i)
    ck_assert_msg(wx_expect_is_figure(of_file[i]) && wx_expect_is_of_file(of_file[i]), "%s",
                  of_file[i]);
  for (size_t i = 0; i < sizeof others / sizeof *others; ++i)
    ck_assert_msg(wx_expect_is_figure(others[i]) && !wx_expect_is_of_file(others[i]), "%s",
                  others[i]);
  for (size_t i = 0; i < sizeof none / sizeof *none; ++i)
    ck_assert_msg(!wx_expect_is_figure(none[i]), "%s", none[i]);
}
END_TEST

START_TEST(a_number_beyond_all_figures_is_survived) {
  const WxResult result = result_with(INT64_MAX);
  const WxExpectedValue huge = {.number = "1024TiB", .times = "1e300"};
  ck_assert(holds_of(&result, "retained_bytes", "le", huge));
  ck_assert(!holds_of(&result, "retained_bytes", "ge", huge));
}
END_TEST

// Samples of rounds, two a round, with the figure of the last one given; start and end do not
// count.
static WxResult rounds_with(WxSample samples[], const WxFigure values[], size_t count) {
  size_t at = 0;
  samples[at++] = wx_sample_unknown(0, "start");
  for (size_t i = 0; i < count; ++i) {
    samples[at] = wx_sample_unknown((WxFigure)i + 1, "generated");
    samples[at++].allocated_bytes = 999;
    samples[at] = wx_sample_unknown((WxFigure)i + 1, "collected");
    samples[at++].allocated_bytes = values[i];
  }
  samples[at] = wx_sample_unknown((WxFigure)count, "end");
  samples[at++].allocated_bytes = 7;
  return (WxResult){.strategy = "coreclr",
                    .metrics = wx_metrics_unknown(),
                    .samples = samples,
                    .sample_count = at};
}

static bool series_is(char *op, const WxFigure values[], size_t count) {
  WxSample samples[2 * MOST + 2];
  const WxResult result = rounds_with(samples, values, count);
  bool ok;
  char expected[64], actual[64];
  ck_assert(judge((WxExpectation){.metric = "allocated_bytes", .op = op}, &result, 1, &ok, expected,
                  actual));
  return ok;
}

START_TEST(a_series_grows_each_round_or_not_at_all) {
  static const WxFigure growing[] = {1, 2, 5}, flat[] = {4, 4, 4}, steps[] = {1, 2, 2},
                        falling[] = {3, 2, 1}, unknown[] = {1, WX_UNKNOWN, 3};
  ck_assert(series_is("grows", growing, 3));
  ck_assert(!series_is("grows", flat, 3));
  ck_assert(!series_is("grows", steps, 3));
  ck_assert(!series_is("grows", falling, 3));
  ck_assert(!series_is("grows", unknown, 3));
  ck_assert_str_eq(last_reason, "allocated_bytes is not known: it was not measured");
  ck_assert(series_is("flat", flat, 3));
  ck_assert(!series_is("flat", steps, 3));
  ck_assert(!series_is("flat", falling, 3));
  ck_assert(!series_is("flat", unknown, 3));
}
END_TEST

START_TEST(one_round_is_no_series) {
  static const WxFigure one[] = {1};
  ck_assert(!series_is("grows", one, 1));
  ck_assert(!series_is("flat", one, 1));
  ck_assert(!series_is("flat", one, 0));
  ck_assert_str_eq(last_reason, "needs at least two rounds");
}
END_TEST

START_TEST(a_series_is_printed) {
  static const WxFigure values[] = {1000, 2000};
  WxSample samples[2 * MOST + 2];
  const WxResult result = rounds_with(samples, values, 2);
  bool ok;
  char expected[64], actual[64];
  judge((WxExpectation){.metric = "allocated_bytes", .op = "grows"}, &result, 1, &ok, expected,
        actual);
  ck_assert_str_eq(expected, "grows");
  ck_assert_str_eq(actual, "1,000 2,000");
}
END_TEST

START_TEST(a_sampled_figure_is_that_of_the_last_sample) {
  static const WxFigure values[] = {1000, 2000};
  WxSample samples[2 * MOST + 2];
  const WxResult result = rounds_with(samples, values, 2);
  ck_assert_int_eq(wx_expect_figure(&result, "allocated_bytes"), 7);
  ck_assert(!wx_known(wx_expect_figure(&result, "mapped_bytes")));
  ck_assert(!wx_known(wx_expect_figure(&result, "no_such_figure")));
  const WxResult empty = {.metrics = wx_metrics_unknown()};
  ck_assert(!wx_known(wx_expect_figure(&empty, "allocated_bytes")));
}
END_TEST

START_TEST(the_peak_of_whole_blocks_is_a_figure) {
  WxSample samples[3];
  for (int i = 0; i < 3; ++i)
    samples[i] = wx_sample_unknown(i, "collected");
  samples[0].reserved_bytes = 5;
  samples[1].reserved_bytes = 9;
  const WxResult result = {.metrics = wx_metrics_unknown(), .samples = samples, .sample_count = 3};
  ck_assert_int_eq(wx_expect_figure(&result, "reserved_peak_bytes"), 9);
}
END_TEST

START_TEST(what_was_live_at_the_start_is_no_growth) {
  WxSample samples[2] = {wx_sample_unknown(0, "start"), wx_sample_unknown(0, "generated")};
  WxResult result = {.metrics = wx_metrics_unknown(), .samples = samples, .sample_count = 2};
  result.metrics.live_peak_bytes = 23;
  ck_assert(!wx_known(wx_expect_figure(&result, "live_growth_bytes")));
  samples[0].live_bytes = 4; // cppcheck-suppress unreadVariable; read through `result`
  ck_assert_int_eq(wx_expect_figure(&result, "live_growth_bytes"), 19);
  result.sample_count = 0;
  ck_assert(!wx_known(wx_expect_figure(&result, "live_growth_bytes")));
}
END_TEST

START_TEST(an_expectation_is_about_its_strategy_only) {
  const WxResult result = result_with(0);
  WxExpectedValue value = {.number = "1"};
  bool ok;
  char expected[64], actual[64];
  ck_assert(!judge(
      (WxExpectation){.strategy = "rwx", .metric = "retained_bytes", .op = "eq", .value = &value},
      &result, 1, &ok, expected, actual));
  ck_assert(judge(
      (WxExpectation){
          .strategy = "coreclr", .metric = "retained_bytes", .op = "eq", .value = &value},
      &result, 1, &ok, expected, actual));
  ck_assert(!ok);
}
END_TEST

START_TEST(another_strategy_is_compared_with_where_it_ran) {
  WxResult results[] = {result_with(10), result_with(5)};
  results[1].strategy = "rwx";
  WxExpectedValue value = {.of = "retained_bytes", .times = "2", .strategy = "rwx"};
  const WxExpectation expectation = {.metric = "retained_bytes", .op = "eq", .value = &value};
  bool ok = false;
  char expected[64], actual[64];
  ck_assert(judge(expectation, results, 2, &ok, expected, actual));
  ck_assert(ok);
  ck_assert(!judge(expectation, results, 1, &ok, expected, actual));
  results[1].metrics.retained_bytes = WX_UNKNOWN;
  ck_assert(judge(expectation, results, 2, &ok, expected, actual));
  ck_assert_str_eq(last_reason, "retained_bytes of rwx is not known: it was not measured");
  results[1].skipped = "not here";
  ck_assert(!judge(expectation, results, 2, &ok, expected, actual));
}
END_TEST

START_TEST(a_skipped_result_is_not_judged) {
  WxResult result = result_with(10);
  result.skipped = "not here";
  WxExpectedValue value = {.number = "1"};
  bool ok;
  char expected[64], actual[64];
  ck_assert(!judge((WxExpectation){.metric = "retained_bytes", .op = "eq", .value = &value},
                   &result, 1, &ok, expected, actual));
}
END_TEST

START_TEST(modes_are_judged_as_strategies_are) {
  WxResult results[] = {result_with(100), result_with(0)};
  for (int i = 0; i < 2; ++i)
    results[i].strategy = NULL;
  results[0].mode = "on";
  results[1].mode = "off";
  WxExpectedValue value = {.of = "retained_bytes", .mode = "off"};
  WxExpectation expectation = {
      .mode = "on", .metric = "retained_bytes", .op = "ge", .value = &value};
  const WxScenario workload = {
      .name = "w", .workload = "asm", .expect = &expectation, .expect_count = 1};
  const WxParameters parameters = {&workload, NULL, 0};
  WxExpectationResult *judged;
  size_t count;
  ck_assert_int_eq(wx_expect_judge(&parameters, results, 2, 0, &judged, &count), 0);
  ck_assert_uint_eq(count, 1);
  ck_assert(judged[0].ok);
  ck_assert_str_eq(judged[0].name, "retained_bytes ge");
  wx_expect_free(judged, count);
  ck_assert_int_eq(wx_expect_judge(&parameters, results, 2, 1, &judged, &count), 0);
  ck_assert_uint_eq(count, 0);
  wx_expect_free(judged, count);
}
END_TEST

// A parameter may be overridden with what is no number: said, not judged.
START_TEST(a_value_that_is_no_number_is_an_error) {
  static const WxSetting override = {"blocks", "many"};
  WxExpectedValue value = {.of = "blocks"};
  WxExpectation expectation = {.metric = "retained_bytes", .op = "eq", .value = &value};
  const WxScenario scenario = about(&expectation);
  const WxParameters parameters = {&scenario, &override, 1};
  const WxResult result = result_with(3);
  WxExpectationResult *judged;
  size_t count;
  ck_assert_int_eq(wx_expect_judge(&parameters, &result, 1, 0, &judged, &count), -EINVAL);
  ck_assert_ptr_null(judged);
  ck_assert_uint_eq(count, 0);
}
END_TEST

WX_TEST_MAIN("expect", how_a_program_ended_is_known_where_its_figures_are_not,
             an_end_is_well_only_where_just_that_is_demanded,
             each_figure_of_a_run_is_read_by_its_name, numbers_are_compared,
             figures_and_parameters_are_multiplied, what_was_judged_is_said,
             an_unknown_figure_meets_no_expectation, an_unknown_figure_fails_no_expectation,
             each_figure_knows_whose_it_is, a_number_beyond_all_figures_is_survived,
             a_series_grows_each_round_or_not_at_all, one_round_is_no_series, a_series_is_printed,
             a_sampled_figure_is_that_of_the_last_sample, the_peak_of_whole_blocks_is_a_figure,
             what_was_live_at_the_start_is_no_growth, an_expectation_is_about_its_strategy_only,
             another_strategy_is_compared_with_where_it_ran, a_skipped_result_is_not_judged,
             modes_are_judged_as_strategies_are, a_value_that_is_no_number_is_an_error)
