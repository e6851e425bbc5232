// `wxbench run`: scenarios on the simulator, each on several strategies.
#include "cli/options.h"
#include "cli/say.h"
#include "cli/verb.h"
#include "measure/observe.h"
#include "os/interrupt.h"
#include "output/documents.h"
#include "output/progress.h"
#include "output/result.h"
#include "scenario/expect.h"
#include "scenario/loaded.h"
#include "scenario/plugins.h"
#include "scenario/simulation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_STRATEGY = 's', KEY_MODEL = 'm', KEY_SET = 256, KEY_ROUNDS, KEY_LIMIT };

typedef struct {
  WxNames strategies;
  WxPlugins plugins;
  WxNames models;
  WxSettings settings;
  uint64_t time_limit_ns;
} Own;

static const struct argp_option own_options[] = {
    {"strategy", KEY_STRATEGY, "S", 0,
     "Only this strategy, or plugin:/path/lib.so; may be repeated", 0},
    {"model", KEY_MODEL, "M", 0,
     "The runtime version whose caches, quirks and heaps to imitate, as net8; may be repeated", 0},
    {"set", KEY_SET, "KEY=VALUE", 0,
     "Set a parameter of the scenario or an option of the strategy; may be repeated", 0},
    {"rounds", KEY_ROUNDS, "N", 0, "The same as --set rounds=N", 0},
    WX_LIMIT_OPTION(KEY_LIMIT, "strategy"),
    {0},
};

static error_t set_rounds(struct argp_state *state, Own *own, const char *text) {
  static char setting[64];
  uint64_t rounds;
  const error_t failed = wx_options_count(state, text, 1, UINT32_MAX, &rounds);
  if (failed)
    return failed;
  snprintf(setting, sizeof setting, "rounds=%llu", (unsigned long long)rounds);
  return wx_settings_add(state, &own->settings, setting);
}

static error_t parse(int key, char *argument, struct argp_state *state) {
  Own *own = state->input;
  switch (key) {
  case KEY_STRATEGY:
    return wx_names_add(state, &own->strategies, argument);
  case KEY_MODEL:
    return wx_names_add(state, &own->models, argument);
  case KEY_SET:
    return wx_settings_add(state, &own->settings, argument);
  case KEY_ROUNDS:
    return set_rounds(state, own, argument);
  case KEY_LIMIT:
    return wx_options_limit(state, argument, &own->time_limit_ns);
  default:
    return ARGP_ERR_UNKNOWN;
  }
}

static const WxOptionsSpec spec = {
    .arguments = "[SCENARIO|FILE.yaml...]",
    .summary =
        "Run scenarios on the simulator, each on several strategies and in a process of its own; "
        "without an argument all of them.",
    .example = "  wxbench run release_retains\n"
               "  wxbench run drifting_sizes --strategy coreclr --rounds 20 --json result.json",
    .options = own_options,
    .parse = parse,
    .endings = WX_ENDINGS_HELP,
};

typedef struct {
  const WxOptions *options;
  const Own *own;
  WxDocument *document;
  WxProgress progress;
  const WxClrVersion *version; ///< The model of --model that is run now, or NULL.
  WxEndings endings;
} Session;

// The strategies to run: those of the command line, else of the scenario, else all but refuted
// guesses.
static size_t choose(const Session *session, const WxScenario *scenario, const WxStrategy *chosen[],
                     size_t capacity) {
  size_t count = 0;
  const WxNames *named = &session->own->strategies;
  const size_t wanted = named->count ? named->count : scenario->strategies_count;
  for (size_t i = 0; i < wanted && count < capacity; ++i)
    chosen[count++] = wx_plugins_strategy(&session->own->plugins,
                                          named->count ? named->items[i] : scenario->strategies[i]);
  const WxStrategy *strategy;
  for (size_t i = 0; wanted == 0 && (strategy = wx_strategy_at(i)) && count < capacity; ++i)
    if (wx_plugins_is_wanted(named, strategy, WX_ONLY_WHERE_NAMED))
      chosen[count++] = strategy;
  return count;
}

// `results` bear the name of what ran, which is what is judged; shown is what was asked for.
static void add_result(Session *session, const WxParameters *parameters, const WxResult results[],
                       size_t count, const WxRun *run, size_t index) {
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

static int run_strategies(Session *session, const WxParameters *parameters,
                          const WxStrategy *const chosen[], size_t count, WxRun runs[],
                          WxResult results[]) {
  const char *name = parameters->scenario->name;
  for (size_t i = 0; i < count; ++i) {
    wx_progress_show(&session->progress, "%s on %s", name, chosen[i]->name);
    if (wx_run_scenario(parameters, chosen[i], session->version, session->own->time_limit_ns,
                        &runs[i])) {
      wx_progress_end(&session->progress);
      return wx_cli_fail(session->options->verb, "%s on %s: %s", name, chosen[i]->name,
                         runs[i].problem);
    }
    results[i] = runs[i].result;
    if (wx_result_ran(&results[i]))
      results[i].strategy = runs[i].report.path;
  }
  for (size_t i = 0; i < count; ++i)
    add_result(session, parameters, results, count, &runs[i], i);
  return 0;
}

static int run_scenario(Session *session, const WxScenario *scenario,
                        const WxParameters *parameters) {
  enum { MOST = 64 };
  const WxStrategy *chosen[MOST];
  const size_t count = choose(session, scenario, chosen, MOST);
  WxRun *runs = calloc(count + 1, sizeof *runs);
  WxResult *results = calloc(count + 1, sizeof *results);
  int status = runs && results ? run_strategies(session, parameters, chosen, count, runs, results)
                               : wx_cli_fail(session->options->verb, "out of memory");
  for (size_t i = 0; i < count && runs; ++i)
    wx_run_free(&runs[i]);
  free(runs);
  free(results);
  return status;
}

static int run_models(Session *session, const WxScenario *scenario,
                      const WxParameters *parameters) {
  const WxNames *models = &session->own->models;
  int status = models->count ? 0 : run_scenario(session, scenario, parameters);
  for (size_t i = 0; i < models->count && status == 0; ++i) {
    session->version = wx_clr_version_find(models->items[i]);
    status = run_scenario(session, scenario, parameters);
  }
  return status;
}

static int load_and_run(Session *session, const char *name) {
  const WxSettings *settings = &session->own->settings;
  const WxScenarioAsked asked = {"scenario", "scenarios", name, settings->items, settings->count};
  WxLoadedScenario loaded;
  WxProblem problem;
  int status = 0;
  const int failed = wx_loaded_scenario(&asked, &loaded, &problem);
  if (failed)
    return wx_cli_problem(session->options->verb, failed, &problem);
  if (loaded.scenario->workload)
    status = wx_cli_fail(session->options->verb,
                         "%s is a workload of the real runtime; "
                         "expected a scenario (try wxbench validate)",
                         name);
  else
    status = run_models(session, loaded.scenario, &loaded.parameters);
  wx_loaded_free(&loaded);
  return status;
}

static int run_all(Session *session) {
  char **names;
  size_t count;
  int status = 0;
  WxProblem problem;
  const int failed = wx_loaded_names("scenarios", &names, &count, &problem);
  if (failed)
    return wx_cli_problem(session->options->verb, failed, &problem);
  for (size_t i = 0; i < count && status == 0; ++i)
    status = load_and_run(session, names[i]);
  wx_scenario_names_free(names, count);
  return status;
}

static int check_names(const WxOptions *options, Own *own) {
  WxProblem problem;
  const int failed = wx_plugins_check_blocks(&own->strategies, &own->plugins, &problem);
  if (failed)
    return wx_cli_problem(options->verb, failed, &problem);
  for (size_t i = 0; i < own->models.count; ++i)
    if (!wx_clr_version_find(own->models.items[i]))
      return wx_cli_unknown_word(options->verb, "model", own->models.items[i], wx_clr_version_name);
  return 0;
}

int wx_cli_run(int argc, char **argv) {
  WxOptions options;
  Own own = {.time_limit_ns = WX_USUAL_LIMIT_NS};
  if (!wx_options_parse(&options, &spec, argc, argv, &own))
    return options.status;
  WxDocument document;
  wx_document_init(&document, "run");
  Session session = {.options = &options,
                     .own = &own,
                     .document = &document,
                     .progress = wx_progress_begin(options.quiet)};
  (void)wx_os_interrupt_begin();
  int status = check_names(&options, &own);
  if (status == 0 && options.argument_count == 0)
    status = run_all(&session);
  for (size_t i = 0; i < options.argument_count && status == 0; ++i)
    status = load_and_run(&session, options.arguments[i]);
  wx_progress_end(&session.progress);
  if (status == 0)
    status = wx_cli_ended(options.verb, &session.endings);
  const char *seed = wx_settings_get(&own.settings, "seed");
  const WxFigure shown_seed = seed ? atoll(seed) : 0;
  wx_names_free(&own.strategies);
  wx_plugins_free(&own.plugins);
  wx_names_free(&own.models);
  wx_settings_free(&own.settings);
  if (wx_cli_is_written(status)) {
    wx_document_add_table(&document, wx_result_table("run", document.results));
    return wx_cli_finish(&options, &document, shown_seed, status);
  }
  wx_document_free(&document);
  wx_options_free(&options);
  return status;
}
