// `wxbench run`: scenarios on the simulator, each on several strategies.
#include "cli/options.h"
#include "cli/say.h"
#include "cli/verb.h"
#include "measure/observe.h"
#include "os/interrupt.h"
#include "output/result_json.h"
#include "session/run_session.h"

#include <stdio.h>
#include <stdlib.h>

enum { KEY_STRATEGY = 's', KEY_MODEL = 'm', KEY_SET = 256, KEY_ROUNDS, KEY_LIMIT };

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

static error_t set_rounds(struct argp_state *state, WxRunAsked *own, const char *text) {
  static char setting[64];
  uint64_t rounds;
  const error_t failed = wx_options_count(state, text, 1, UINT32_MAX, &rounds);
  if (failed)
    return failed;
  snprintf(setting, sizeof setting, "rounds=%llu", (unsigned long long)rounds);
  return wx_settings_add(state, &own->settings, setting);
}

static error_t parse(int key, char *argument, struct argp_state *state) {
  WxRunAsked *own = state->input;
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

int wx_cli_run(int argc, char **argv) {
  WxOptions options;
  WxRunAsked own = {.time_limit_ns = WX_USUAL_LIMIT_NS};
  if (!wx_options_parse(&options, &spec, argc, argv, &own))
    return options.status;
  WxDocument document;
  wx_document_init(&document, "run");
  WxProblem problem = {""};
  WxRunSession session = {.asked = &own,
                          .document = &document,
                          .problem = &problem,
                          .progress = wx_progress_begin(options.quiet)};
  (void)wx_os_interrupt_begin();
  const int failed = wx_run_all(&session, options.arguments, options.argument_count);
  wx_progress_end(&session.progress);
  const int status = failed ? wx_cli_problem(options.verb, failed, &problem)
                            : wx_cli_ended(options.verb, &session.endings);
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
