// Scenarios on the simulator: on which strategies, and what is said of each.
#include "session/run_session.h"

#include "output/documents.h"
#include "scenario/expect.h"
#include "scenario/loaded.h"
#include "scenario/simulation.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

// The strategies to run: those of the command line, else of the scenario, else all but refuted
// guesses.
static size_t choose(const WxRunSession *session, const WxScenario *scenario,
                     const WxStrategy *chosen[], size_t capacity) {
  size_t count = 0;
  const WxNames *named = &session->asked->strategies;
  const size_t wanted = named->count ? named->count : scenario->strategies_count;
  for (size_t i = 0; i < wanted && count < capacity; ++i)
    chosen[count++] = wx_plugins_strategy(&session->asked->plugins,
                                          named->count ? named->items[i] : scenario->strategies[i]);
  const WxStrategy *strategy;
  for (size_t i = 0; wanted == 0 && (strategy = wx_strategy_at(i)) && count < capacity; ++i)
    if (wx_plugins_is_wanted(named, strategy, WX_ONLY_WHERE_NAMED))
      chosen[count++] = strategy;
  return count;
}

// `results` bear the name of what ran, which is what is judged; shown is what was asked for.
static void add_result(WxRunSession *session, const WxParameters *parameters,
                       const WxResult results[], size_t count, const WxRun *run, size_t index) {
  WxExpectationResult *judged;
  size_t judged_count;
  if (wx_expect_judge(parameters, results, count, index, &judged, &judged_count)) {
    session->document->lost = true;
    return;
  }
  WxResult shown = run->result;
  shown.expectations = judged;
  shown.expectation_count = judged_count;
  char subject[WX_ENDED_TEXT];
  snprintf(subject, sizeof subject, "%s on %s", shown.scenario, shown.strategy);
  wx_endings_add(&session->endings, subject, &shown);
  wx_run_document_add(session->document, &shown, run->report.path);
  wx_expect_free(judged, judged_count);
}

static int run_strategies(WxRunSession *session, const WxParameters *parameters,
                          const WxStrategy *const chosen[], size_t count, WxRun runs[],
                          WxResult results[]) {
  const char *name = parameters->scenario->name;
  for (size_t i = 0; i < count; ++i) {
    wx_progress_show(&session->progress, "%s on %s", name, chosen[i]->name);
    if (wx_run_scenario(parameters, chosen[i], session->version, session->asked->time_limit_ns,
                        &runs[i]))
      return wx_problem(session->problem, -EINVAL, "%s on %s: %s", name, chosen[i]->name,
                        runs[i].problem);
    results[i] = runs[i].result;
    if (wx_result_ran(&results[i]))
      results[i].strategy = runs[i].report.path;
  }
  for (size_t i = 0; i < count; ++i)
    add_result(session, parameters, results, count, &runs[i], i);
  return 0;
}

static int run_scenario(WxRunSession *session, const WxScenario *scenario,
                        const WxParameters *parameters) {
  enum { MOST = 64 };
  const WxStrategy *chosen[MOST];
  const size_t count = choose(session, scenario, chosen, MOST);
  WxRun *runs = calloc(count + 1, sizeof *runs);
  WxResult *results = calloc(count + 1, sizeof *results);
  int failed = runs && results ? run_strategies(session, parameters, chosen, count, runs, results)
                               : wx_problem(session->problem, -ENOMEM, "out of memory");
  for (size_t i = 0; i < count && runs; ++i)
    wx_run_free(&runs[i]);
  free(runs);
  free(results);
  return failed;
}

static int run_models(WxRunSession *session, const WxScenario *scenario,
                      const WxParameters *parameters) {
  const WxNames *models = &session->asked->models;
  int failed = models->count ? 0 : run_scenario(session, scenario, parameters);
  for (size_t i = 0; i < models->count && !failed; ++i) {
    session->version = wx_clr_version_find(models->items[i]);
    failed = run_scenario(session, scenario, parameters);
  }
  return failed;
}

static int load_and_run(WxRunSession *session, const char *name) {
  const WxSettings *settings = &session->asked->settings;
  const WxScenarioAsked asked = {"scenario", "scenarios", name, settings->items, settings->count};
  WxLoadedScenario loaded;
  int failed = wx_loaded_scenario(&asked, &loaded, session->problem);
  if (failed)
    return failed;
  if (loaded.scenario->workload)
    failed = wx_problem(session->problem, -EINVAL,
                        "%s is a workload of the real runtime; "
                        "expected a scenario (try wxbench validate)",
                        name);
  else
    failed = run_models(session, loaded.scenario, &loaded.parameters);
  wx_loaded_free(&loaded);
  return failed;
}

static int run_all(WxRunSession *session) {
  char **names;
  size_t count;
  int failed = wx_loaded_names("scenarios", &names, &count, session->problem);
  if (failed)
    return failed;
  for (size_t i = 0; i < count && !failed; ++i)
    failed = load_and_run(session, names[i]);
  wx_scenario_names_free(names, count);
  return failed;
}

static int check_names(WxRunSession *session) {
  WxRunAsked *asked = session->asked;
  const int failed = wx_plugins_check_blocks(&asked->strategies, &asked->plugins, session->problem);
  for (size_t i = 0; i < asked->models.count && !failed; ++i)
    if (!wx_clr_version_find(asked->models.items[i]))
      return wx_problem_unknown_word(session->problem, "model", asked->models.items[i],
                                     wx_clr_version_name);
  return failed;
}

int wx_run_all(WxRunSession *session, char *const names[], size_t count) {
  int failed = check_names(session);
  if (!failed && count == 0)
    return run_all(session);
  for (size_t i = 0; i < count && !failed; ++i)
    failed = load_and_run(session, names[i]);
  return failed;
}
