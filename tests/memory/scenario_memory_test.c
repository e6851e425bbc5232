// Scenarios, their expectations and the files they are found in, where memory runs out.
#include "memory/failing.h"
#include "scenario/expect.h"
#include "scenario/runtimes.h"
#include "scenario/simulation.h"
#include "support/suite.h"
#include "support/written.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int load(void *path) {
  WxScenario *scenario = NULL;
  WxComplaint complaint;
  const int result = wx_scenario_load(path, &scenario, &complaint);
  memory_suffices();
  wx_scenario_free(scenario);
  if (result)
    ck_assert_str_eq(complaint.text, "Cannot allocate memory");
  return result;
}

START_TEST(a_scenario_is_loaded_or_memory_is_said_to_be_out) {
  static char path[] = "scenarios/release_retains.yaml";
  ck_assert_uint_ge(memory_fail_each(load, path), 100);
}
END_TEST

static int load_refused(void *path) {
  WxScenario *scenario = NULL;
  WxComplaint complaint;
  const int result = wx_scenario_load(path, &scenario, &complaint);
  return result == -EINVAL ? 0 : result;
}

START_TEST(a_refused_scenario_leaves_nothing_either) {
  char path[WRITTEN_PATH];
  written_text(path, "name: n\nshows: s\nround:\n- {act: nothing}\n");
  ck_assert_uint_ge(memory_fail_each(load_refused, path), 20);
  unlink(path);
}
END_TEST

static int judge(void *context) {
  const WxParameters *parameters = context;
  WxSample samples[2] = {wx_sample_unknown(1, "collected"), wx_sample_unknown(2, "collected")};
  WxResult result = {.strategy = "coreclr",
                     .metrics = wx_metrics_unknown(),
                     .samples = samples,
                     .sample_count = 2};
  result.metrics.retained_bytes = 1;
  WxExpectationResult *judged;
  size_t count;
  const int problem = wx_expect_judge(parameters, &result, 1, 0, &judged, &count);
  memory_suffices();
  wx_expect_free(judged, count);
  return problem;
}

START_TEST(judging_leaves_nothing) {
  WxExpectedValue value = {.number = "1"};
  WxExpectation expectations[] = {
      {.metric = "retained_bytes", .op = "eq", .value = &value},
      {.metric = "allocated_bytes", .op = "grows"},
  };
  const WxScenario scenario = {.name = "n", .expect = expectations, .expect_count = 2};
  WxParameters parameters = {&scenario, NULL, 0};
  ck_assert_uint_ge(memory_fail_each(judge, &parameters), 5);
}
END_TEST

static int find_runtimes(void *context) {
  (void)context;
  WxRuntimes found;
  const int result = wx_runtimes_find(&found);
  memory_suffices();
  if (result == 0)
    wx_runtimes_free(&found);
  return result;
}

static int list_scenarios(void *context) {
  (void)context;
  char **names;
  size_t count;
  const int result = wx_scenario_names("scenarios", &names, &count);
  memory_suffices();
  if (result == 0)
    wx_scenario_names_free(names, count);
  return result;
}

START_TEST(looking_for_files_leaves_nothing) {
  ck_assert_uint_ge(memory_fail_each(find_runtimes, NULL), 1);
  ck_assert_uint_ge(memory_fail_each(list_scenarios, NULL), 10);
}
END_TEST

static int play(void *context) {
  WxRun run;
  int result = wx_run_scenario(context, wx_strategy_find("coreclr"), NULL, 0, &run);
  const WxFigure retained = run.result.metrics.retained_bytes;
  const bool said = run.problem[0] != '\0' || run.result.ended;
  if (!result && run.result.ended) // The child had none.
    result = -ENOMEM;
  wx_run_free(&run);
  memory_suffices();
  ck_assert(result ? said : retained == 2 * 65536);
  return result;
}

START_TEST(a_scenario_is_run_or_memory_is_said_to_be_out) {
  WxScenario *scenario;
  WxComplaint complaint;
  ck_assert_int_eq(wx_scenario_load("scenarios/steady.yaml", &scenario, &complaint), 0);
  const WxSetting overrides[] = {{"rounds", "2"}, {"blocks", "2"}};
  WxParameters parameters = {scenario, overrides, 2};
  ck_assert_uint_ge(memory_fail_each(play, &parameters), 10);
  wx_scenario_free(scenario);
}
END_TEST

WX_TEST_MAIN("scenario_memory", a_scenario_is_run_or_memory_is_said_to_be_out,
             a_scenario_is_loaded_or_memory_is_said_to_be_out,
             a_refused_scenario_leaves_nothing_either, judging_leaves_nothing,
             looking_for_files_leaves_nothing)
