// `wxbench validate`: workloads on the real .NET runtime, mode by mode.
#include "scenario/validate.h"
#include "cli/built.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/say.h"
#include "cli/scenarios.h"
#include "cli/verb.h"
#include "output/result.h"
#include "scenario/expect.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { KEY_RUNTIME = 'r', KEY_WORKLOAD = 'w', KEY_MODE = 'm', KEY_SET = 256, MODES_MOST = 8 };

typedef struct {
  WxNames runtimes;
  WxNames workloads;
  WxNames modes;
  WxSettings settings;
} Own;

static const struct argp_option own_options[] = {
    {"runtime", KEY_RUNTIME, "VERSION|DIR", 0,
     "A .NET runtime: a version (10.0.14, 10) or a folder as DOTNET_ROOT names it; may be "
     "repeated. "
     "Default: every one that scripts/runtimes has laid out, else the installed one",
     0},
    {"workload", KEY_WORKLOAD, "W", 0, "A workload; may be repeated. Default: asm", 0},
    {"mode", KEY_MODE, "MODE", 0,
     "on, off, preload or live; may be repeated. Default: on, off, preload", 0},
    {"set", KEY_SET, "KEY=VALUE", 0, "Set a parameter of the workload; may be repeated", 0},
    {0},
};

static error_t parse(int key, char *argument, struct argp_state *state) {
  Own *own = state->input;
  switch (key) {
  case KEY_RUNTIME:
    return wx_names_add(state, &own->runtimes, argument);
  case KEY_WORKLOAD:
    return wx_names_add(state, &own->workloads, argument);
  case KEY_MODE:
    return wx_names_add(state, &own->modes, argument);
  case KEY_SET:
    return wx_settings_add(state, &own->settings, argument);
  default:
    return ARGP_ERR_UNKNOWN;
  }
}

static const WxOptionsSpec spec = {
    .summary =
        "Run workloads on real, unmodified .NET runtimes, observed from outside: with W^X as "
        "shipped, without it, and with its memory given back.",
    .example = "  wxbench validate --workload asm --set count=1000\n"
               "  wxbench validate --runtime 8 --mode on --mode off --json result.json",
    .options = own_options,
    .parse = parse,
};

typedef struct {
  const WxOptions *options;
  const Own *own;
  WxDocument *document;
  WxProgress progress;
  const WxMode *modes[MODES_MOST];
  size_t mode_count;
  char program[PATH_MAX];
  char preload[PATH_MAX];
  bool failed; ///< An expectation was not met.
} Session;

static int choose_modes(Session *session) {
  const WxNames *named = &session->own->modes;
  static const char *const usual[] = {"on", "off", "preload"};
  const size_t count = named->count ? named->count : sizeof usual / sizeof *usual;
  for (size_t i = 0; i < count && i < MODES_MOST; ++i) {
    const char *name = named->count ? named->items[i] : usual[i];
    const WxMode *mode = wx_mode_find(name);
    if (!mode) {
      const char *names[MODES_MOST];
      size_t known = 0;
      for (const WxMode *at; (at = wx_mode_at(known)); ++known)
        names[known] = at->name;
      return wx_cli_unknown(session->options->verb, "mode", name, names, known);
    }
    session->modes[session->mode_count++] = mode;
  }
  return 0;
}

static void note_unmet(Session *session, const WxResult *result) {
  for (size_t i = 0; i < result->expectation_count; ++i) {
    const WxExpectationResult *judged = &result->expectations[i];
    if (!judged->ok)
      wx_document_note(session->document, "NOT MET: %s, %s, %s: %s: expected %s, measured %s",
                       result->workload, result->mode, result->runtime, judged->name,
                       judged->expected, judged->actual);
  }
}

// Adds one expectation to those judged: that the program printed the same as in the first mode.
static void judge_output(const WxValidation *first, const WxValidation *this,
                         WxExpectationResult *judged) {
  const bool same = first->output.length == this->output.length &&
                    (first->output.length == 0 ||
                     memcmp(first->output.data, this->output.data, first->output.length) == 0);
  judged->name = strdup("output");
  judged->ok = same;
  judged->expected = strdup("as in the first mode");
  judged->actual = strdup(same ? "the same" : "different");
}

static int judge(Session *session, const WxParameters *parameters, WxValidation runs[],
                 WxResult results[], size_t index) {
  WxExpectationResult *judged;
  size_t count;
  const int failed =
      wx_expect_judge(parameters, results, session->mode_count, index, &judged, &count);
  if (failed)
    return failed;
  WxExpectationResult *grown = realloc(judged, (count + 1) * sizeof *grown);
  if (!grown) {
    wx_expect_free(judged, count);
    return -ENOMEM;
  }
  judge_output(&runs[0], &runs[index], &grown[count]);
  WxResult result = results[index];
  result.expectations = grown;
  result.expectation_count = count + 1;
  wx_document_add_result(session->document, wx_result_json(&result));
  session->failed = session->failed || !wx_result_ok(&result);
  wx_document_note(session->document, "%s, %s, %s: %s. %s", result.workload, result.mode,
                   result.runtime, result.verdict_code, result.verdict_text);
  note_unmet(session, &result);
  wx_expect_free(grown, count + 1);
  return 0;
}

static int run_modes(Session *session, const WxLoadedScenario *loaded, const WxRuntime *runtime,
                     WxValidation runs[], WxResult results[]) {
  const char *workload = loaded->scenario->name;
  for (size_t i = 0; i < session->mode_count; ++i) {
    const WxValidationOrder order = {&loaded->parameters, runtime, session->modes[i],
                                     session->program, session->preload};
    wx_progress_show(&session->progress, "%s, %s, %s", workload, session->modes[i]->name,
                     runtime->version);
    if (wx_validate(&order, &runs[i])) {
      wx_progress_end(&session->progress);
      return wx_cli_fail(session->options->verb, "%s, %s, %s: %s", workload,
                         session->modes[i]->name, runtime->version, runs[i].problem);
    }
    results[i] = runs[i].result;
  }
  for (size_t i = 0; i < session->mode_count; ++i)
    if (judge(session, &loaded->parameters, runs, results, i))
      return wx_cli_fail(session->options->verb, "out of memory");
  return 0;
}

static int run_workload(Session *session, const char *name, const WxRuntime *runtime) {
  WxLoadedScenario loaded;
  int status = wx_cli_load_scenario(session->options->verb, "workload", "scenarios/workloads", name,
                                    &session->own->settings, &loaded);
  if (status)
    return status;
  WxValidation runs[MODES_MOST] = {0};
  WxResult results[MODES_MOST];
  status = loaded.scenario->workload
               ? run_modes(session, &loaded, runtime, runs, results)
               : wx_cli_fail(session->options->verb, "%s has no workload (try wxbench run)", name);
  for (size_t i = 0; i < session->mode_count; ++i)
    wx_validation_free(&runs[i]);
  wx_cli_loaded_free(&loaded);
  return status;
}

static int run_workloads(Session *session, const WxRuntime *runtime) {
  const WxNames *named = &session->own->workloads;
  int status = 0;
  if (named->count == 0)
    return run_workload(session, "asm", runtime);
  for (size_t i = 0; i < named->count && status == 0; ++i)
    status = run_workload(session, named->items[i], runtime);
  return status;
}

static int run_on_folder(Session *session, const char *folder) {
  WxRuntimes runtimes = {0};
  if (wx_runtimes_in(folder, &runtimes)) {
    wx_runtimes_free(&runtimes);
    return wx_cli_fail(session->options->verb,
                       "%s: no runtime in this folder; expected dotnet and "
                       "shared/Microsoft.NETCore.App/VERSION in it",
                       folder);
  }
  int status = 0;
  for (size_t i = 0; i < runtimes.count && status == 0; ++i)
    status = run_workloads(session, &runtimes.items[i]);
  wx_runtimes_free(&runtimes);
  return status;
}

static int run_on_version(Session *session, const WxRuntimes *found, const char *version) {
  const WxRuntime *runtime = wx_runtimes_pick(found, version);
  if (runtime)
    return run_workloads(session, runtime);
  return wx_cli_impossible(
      session->options->verb,
      "SKIP: .NET runtime %s is not here; type: scripts/runtimes %s (needs a .NET "
      "SDK), or set DOTNET_ROOT=FOLDER",
      version, version);
}

static bool is_folder(const char *name) {
  return strchr(name, '/') != NULL || access(name, F_OK) == 0;
}

static int run_on_found(Session *session, const WxRuntimes *found) {
  const WxNames *named = &session->own->runtimes;
  int status = 0;
  if (named->count == 0 && found->count == 0)
    return run_on_version(session, found, "10.0.14");
  for (size_t i = 0; i < found->count && named->count == 0 && status == 0; ++i)
    status = run_workloads(session, &found->items[i]);
  for (size_t i = 0; i < named->count && status == 0; ++i)
    status = is_folder(named->items[i]) ? run_on_folder(session, named->items[i])
                                        : run_on_version(session, found, named->items[i]);
  return status;
}

static int run_all(Session *session) {
  int status = choose_modes(session);
  if (status == 0)
    status = wx_cli_find_built(session->options->verb, "workloads/wxworkload.dll",
                               "scripts/build-workloads", session->program);
  if (status == 0)
    status = wx_cli_find_built(session->options->verb, "libwxreclaim.so", "make", session->preload);
  if (status)
    return status;
  WxRuntimes found;
  const int failed = wx_runtimes_find(&found);
  if (failed)
    return wx_cli_fail(session->options->verb, "cannot look for runtimes: %s", strerror(-failed));
  status = run_on_found(session, &found);
  wx_runtimes_free(&found);
  return status;
}

int wx_cli_validate(int argc, char **argv) {
  WxOptions options;
  Own own = {0};
  if (!wx_options_parse(&options, &spec, argc, argv, &own))
    return options.status;
  WxDocument document;
  wx_document_init(&document, "validate");
  Session session = {
      .options = &options,
      .own = &own,
      .document = &document,
      .progress = wx_progress_begin(options.quiet),
  };
  const int status =
      options.argument_count
          ? wx_cli_fail(options.verb, "unexpected argument '%s'; expected options only",
                        options.arguments[0])
          : run_all(&session);
  wx_progress_end(&session.progress);
  wx_names_free(&own.runtimes);
  wx_names_free(&own.workloads);
  wx_names_free(&own.modes);
  wx_settings_free(&own.settings);
  if (status == 0) {
    wx_document_add_table(&document, wx_result_table("validate", document.results));
    return wx_cli_finish(&options, &document, WX_UNKNOWN,
                         session.failed ? WX_EXIT_FAILED : WX_EXIT_OK);
  }
  wx_document_free(&document);
  wx_options_free(&options);
  return status;
}
