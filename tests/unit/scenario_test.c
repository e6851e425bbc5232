// Scenario files: every one that is shipped, and every word or number that can be wrong in one.
#include "scenario/scenario.h"
#include "support/inject.h"
#include "support/suite.h"
#include "support/written.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEAD  "name: n\nshows: s\n"
#define ROUND "round:\n- {act: generate, group: g, count: 1, size: 4096}\n"

static void refused(const char *text, size_t line, const char *words) {
  char path[WRITTEN_PATH];
  written_text(path, text);
  WxScenario *scenario = NULL;
  WxComplaint complaint;
  ck_assert_int_eq(wx_scenario_load(path, &scenario, &complaint), -EINVAL);
  ck_assert_ptr_null(scenario);
  ck_assert_msg(strstr(complaint.text, words), "'%s' is not in '%s'", words, complaint.text);
  ck_assert_msg(complaint.line == line, "line %zu, not %zu: %s", complaint.line, line,
                complaint.text);
  unlink(path);
}

static WxScenario *accepted(const char *text) {
  char path[WRITTEN_PATH];
  written_text(path, text);
  WxScenario *scenario;
  WxComplaint complaint;
  const int result = wx_scenario_load(path, &scenario, &complaint);
  ck_assert_msg(result == 0, "%zu: %s", complaint.line, complaint.text);
  unlink(path);
  return scenario;
}

static void load_all(const char *directory, bool workloads) {
  char **names;
  size_t count;
  ck_assert_int_eq(wx_scenario_names(directory, &names, &count), 0);
  ck_assert_uint_ge(count, 4);
  for (size_t i = 0; i < count; ++i) {
    char path[PATH_MAX];
    ck_assert_int_eq(wx_scenario_path(directory, names[i], path, sizeof path), 0);
    WxScenario *scenario;
    WxComplaint complaint;
    ck_assert_msg(wx_scenario_load(path, &scenario, &complaint) == 0, "%s:%zu: %s", path,
                  complaint.line, complaint.text);
    ck_assert_str_eq(scenario->name, names[i]);
    ck_assert_uint_gt(strlen(scenario->shows), 20);
    ck_assert(workloads == (scenario->workload != NULL));
    wx_scenario_free(scenario);
  }
  wx_scenario_names_free(names, count);
}

START_TEST(every_shipped_scenario_loads) {
  load_all("scenarios", false);
}
END_TEST

START_TEST(every_shipped_workload_loads) {
  load_all("scenarios/workloads", true);
}
END_TEST

START_TEST(every_part_is_read) {
  WxScenario *scenario =
      accepted("name: whole\nshows: everything\nwx: env\nat_end: keep\n"
               "parameters:\n- {name: blocks, value: 2, means: how many}\n"
               "strategies: [coreclr, rwx]\n"
               "round:\n"
               "- {act: generate, group: g, count: blocks, size: 64KiB, grow: 4096, code: 512}\n"
               "- {act: release, group: g, order: newest, may_fail: yes}\n"
               "- {act: step, name: collected}\n"
               "expect:\n"
               "- {strategy: coreclr, metric: retained_bytes, op: ge, value: 1MiB}\n"
               "- {metric: retained_bytes, op: le,"
               " value: {of: live_peak_bytes, times: 1.8, strategy: rwx}}\n");
  ck_assert_str_eq(scenario->wx, "env");
  ck_assert_str_eq(scenario->at_end, "keep");
  ck_assert_str_eq(scenario->parameters[0].means, "how many");
  ck_assert_uint_eq(scenario->strategies_count, 2);
  ck_assert_uint_eq(scenario->round_count, 3);
  ck_assert_str_eq(scenario->round[0].grow, "4096");
  ck_assert_str_eq(scenario->round[1].order, "newest");
  ck_assert_ptr_null(scenario->round[2].group);
  ck_assert_uint_eq(scenario->expect_count, 2);
  ck_assert_str_eq(scenario->expect[0].value->number, "1MiB");
  ck_assert_str_eq(scenario->expect[1].value->times, "1.8");
  ck_assert_ptr_null(scenario->workload);
  wx_scenario_free(scenario);
}
END_TEST

START_TEST(an_unknown_key_is_named_with_its_line) {
  refused(HEAD "rounds:\n", 3, "unknown key 'rounds'; expected name, shows, workload");
  refused(HEAD "round:\n- {act: generate, group: g, cuont: 1, size: 4096}\n", 4,
          "unknown key 'cuont'; expected act, name, group, count");
}
END_TEST

START_TEST(a_missing_key_is_named_with_its_line) {
  refused("name: n\n" ROUND, 1, "key 'shows' is missing");
  refused(HEAD "parameters:\n- blocks\n" ROUND, 4, "needs 'value' too");
}
END_TEST

START_TEST(a_list_for_a_word_is_named_with_its_line) {
  refused(HEAD "round:\n- {act: [generate]}\n", 4, "'act' must be a word");
}
END_TEST

START_TEST(an_unknown_action_is_named_with_its_line) {
  refused(HEAD "round:\n- {act: generate, group: g, count: 1, size: 4096}\n- {act: relaese}\n", 5,
          "unknown action 'relaese'; expected step, generate");
}
END_TEST

START_TEST(an_action_has_its_fields_and_no_others) {
  refused(HEAD "round:\n- {act: generate, group: g, size: 4096}\n", 4,
          "action generate needs a field 'count'");
  refused(HEAD ROUND "- {act: call, group: g, count: 3}\n", 5, "action call has no field 'count'");
}
END_TEST

START_TEST(a_word_of_an_action_means_something) {
  refused(HEAD ROUND "- {act: step, name: strat}\n", 5, "expected generated, dropped or");
  refused(HEAD ROUND "- {act: step, name: end}\n", 5, "not 'end'");
  refused(HEAD ROUND "- {act: release, group: g, order: random}\n", 5, "not 'random'");
  refused(HEAD ROUND "- {act: release, group: g, may_fail: maybe}\n", 5, "not 'maybe'");
  refused(HEAD "round:\n- {act: generate, group: an_extremely_long_name_of_a_group, count: 1,"
               " size: 4096}\n",
          4, "at most 31 letters");
  refused(HEAD ROUND "- {act: release, group: h}\n", 5, "nothing puts blocks into group 'h'");
}
END_TEST

START_TEST(a_quantity_is_read_to_its_last_character) {
  refused(HEAD "round:\n- {act: generate, group: g, count: 1, size: 64KB}\n", 4, "'64KB'");
  refused(HEAD "round:\n- {act: generate, group: g, count: 12x, size: 4096}\n", 4, "'12x'");
  refused(HEAD "round:\n- {act: generate, group: g, count: -1, size: 4096}\n", 4, "'-1'");
  refused(HEAD "round:\n- {act: generate, group: g, count: blokcs, size: 4096}\n", 4,
          "no parameter has that name");
  refused(HEAD "parameters:\n- {name: blocks, value: ten}\n" ROUND, 4, "blocks: 'ten'");
  refused(HEAD "parameters:\n- {name: cache, value: 17}\n" ROUND, 4,
          "cache: 17 is out of range; expected 0 to 16");
  refused(HEAD "parameters:\n- {name: rounds, value: 0}\n" ROUND, 4, "rounds: 0 is out of range");
}
END_TEST

START_TEST(a_parameter_is_given_once) {
  refused(HEAD "parameters:\n- {name: a, value: 1}\n- {name: a, value: 2}\n" ROUND, 5,
          "parameter 'a' is given twice");
}
END_TEST

START_TEST(unknown_choices_are_named_with_their_line) {
  refused(HEAD "wx: no\n" ROUND, 3, "'wx' is 'no'; expected env or on");
  refused(HEAD "at_end: drop\n" ROUND, 3, "'at_end' is 'drop'; expected release or keep");
  refused(HEAD "strategies: [coreclr, corclr]\n" ROUND, 3, "unknown strategy 'corclr'");
}
END_TEST

START_TEST(an_expectation_means_something) {
  refused(HEAD ROUND "expect:\n- {metric: retained, op: eq, value: 0}\n", 6,
          "unknown metric 'retained'");
  refused(HEAD ROUND "expect:\n- {metric: retained_bytes, op: lt, value: 0}\n", 6,
          "unknown op 'lt'; expected eq, le, ge, grows or flat");
  refused(HEAD ROUND "expect:\n- {metric: retained_bytes, op: eq}\n", 6, "'eq' needs a value");
  refused(HEAD ROUND "expect:\n- {metric: retained_bytes, op: grows}\n", 6,
          "'grows' needs a figure of the samples");
  refused(HEAD ROUND "expect:\n- {metric: rss_bytes, op: flat, value: 3}\n", 6,
          "'flat' takes no value");
  refused(HEAD ROUND "expect:\n- {metric: rss_bytes, op: eq, value: {times: 2}}\n", 6,
          "a value is a number, or a figure");
  refused(HEAD ROUND "expect:\n- {metric: rss_bytes, op: eq, value: {number: 1, of: rss_bytes}}\n",
          6, "a value is a number, or a figure");
  refused(HEAD ROUND "expect:\n- {metric: rss_bytes, op: eq, value: 8M}\n", 6, "'8M'");
  refused(HEAD ROUND "expect:\n- {metric: rss_bytes, op: eq, value: {of: rss, times: 2}}\n", 6,
          "'rss'");
  refused(HEAD ROUND "expect:\n- {metric: rss_bytes, op: eq, value: {of: rss_bytes, times: 2x}}\n",
          6, "times: '2x' is no number");
}
END_TEST

// An expectation about a name that does not exist would never be judged, so never fail.
START_TEST(an_expectation_is_about_something_that_exists) {
  refused(HEAD ROUND "expect:\n- {strategy: corclr, metric: rss_bytes, op: eq, value: 0}\n", 6,
          "unknown strategy 'corclr'");
  refused(HEAD ROUND
          "expect:\n- {metric: rss_bytes, op: eq, value: {of: rss_bytes, strategy: rwy}}\n",
          6, "unknown strategy 'rwy'");
  refused(HEAD ROUND "expect:\n- {mode: off, metric: rss_bytes, op: eq, value: 0}\n", 6,
          "'mode' is for workloads");
  refused(HEAD "workload: asm\nexpect:\n- {mode: of, metric: rss_bytes, op: eq, value: 0}\n", 5,
          "unknown mode 'of'");
  refused(HEAD "workload: asm\nexpect:\n- {strategy: rwx, metric: rss_bytes, op: eq, value: 0}\n",
          5, "'strategy' is not for workloads");
}
END_TEST

START_TEST(a_scenario_does_something) {
  refused(HEAD, 0, "either a list 'round' or a 'workload'");
  refused(HEAD "workload: asm\n" ROUND, 0, "either a list 'round' or a 'workload'");
}
END_TEST

static int load_and_free(void *path) {
  WxScenario *scenario = NULL;
  WxComplaint complaint;
  const int result = wx_scenario_load(path, &scenario, &complaint);
  wx_scenario_free(scenario);
  return result;
}

START_TEST(a_failed_system_call_leaves_nothing) {
  static char path[] = "scenarios/release_retains.yaml";
  ck_assert_uint_ge(wx_inject_without_leak(EIO, load_and_free, path), 3);
}
END_TEST

START_TEST(names_are_found_and_paths_made) {
  char path[32];
  ck_assert_int_eq(wx_scenario_path("scenarios", "nope", path, sizeof path), -ENOENT);
  ck_assert_int_eq(
      wx_scenario_path("scenarios", "a_name_longer_than_the_buffer", path, sizeof path),
      -ENAMETOOLONG);
  char **names;
  size_t count;
  ck_assert_int_eq(wx_scenario_names("/nowhere", &names, &count), -ENOENT);
  wx_scenario_free(NULL);
}
END_TEST

START_TEST(the_directory_follows_the_environment) {
  char path[PATH_MAX];
  setenv("WXBENCH_HOME", "/some/where", 1);
  wx_scenario_directory("scenarios", path, sizeof path);
  ck_assert_str_eq(path, "/some/where/scenarios");
  unsetenv("WXBENCH_HOME");
  wx_scenario_directory("scenarios", path, sizeof path);
  ck_assert_int_eq(access(path, R_OK), 0);
}
END_TEST

WX_TEST_MAIN("scenario", every_shipped_scenario_loads, every_shipped_workload_loads,
             every_part_is_read, an_unknown_key_is_named_with_its_line,
             a_missing_key_is_named_with_its_line, a_list_for_a_word_is_named_with_its_line,
             an_unknown_action_is_named_with_its_line, an_action_has_its_fields_and_no_others,
             a_word_of_an_action_means_something, a_quantity_is_read_to_its_last_character,
             a_parameter_is_given_once, unknown_choices_are_named_with_their_line,
             an_expectation_means_something, an_expectation_is_about_something_that_exists,
             a_scenario_does_something, a_failed_system_call_leaves_nothing,
             names_are_found_and_paths_made, the_directory_follows_the_environment)
