// `wxbench validate`: workloads on the real .NET runtime, mode by mode.
#include "cli/options.h"
#include "cli/say.h"
#include "cli/verb.h"
#include "os/interrupt.h"
#include "output/group_table.h"
#include "output/paired_table.h"
#include "output/result_json.h"
#include "scenario/run_turns.h"
#include "session/validate_session.h"

#include <stdlib.h>
#include <string.h>

enum {
  KEY_RUNTIME = 'r',
  KEY_WORKLOAD = 'w',
  KEY_MODE = 'm',
  KEY_SET = 256,
  KEY_LIMIT,
  KEY_FIDELITY,
  KEY_REPEAT,
  KEY_MATRIX,
  KEY_COMMAND,
  KEY_LOAD,
  KEY_CHECK,
  KEY_EVERY,
  KEY_FOR,
  KEY_MEMORY_LIMIT,
  KEY_SMALLEST_LIMIT,
  KEY_ENV,
};

enum { SECOND_NS = 1000000000, USUAL_EVERY_NS = 100000000 };
#define LEAST_BYTES (UINT64_C(64) << 10)
#define MOST_BYTES  (UINT64_C(1) << 50)
enum { USUAL_STEP = 4 << 20 };                // of --smallest-limit, in bytes
enum { REAL_RUNS = 5, REAL_RUNS_MOST = 100 }; // of --fidelity

static const struct argp_option own_options[] = {
    {"runtime", KEY_RUNTIME, "VERSION|DIR", 0,
     "A .NET runtime: a version (10.0.1, 10) or a folder as DOTNET_ROOT names it; may be "
     "repeated. "
     "Default: every one that scripts/runtimes has laid out, else the installed one",
     0},
    {"workload", KEY_WORKLOAD, "W", 0, "A workload; may be repeated. Default: asm", 0},
    {"mode", KEY_MODE, "MODE", 0,
     "%s; may be repeated. Default: on, off, preload; live too with --matrix, --command, "
     "--memory-limit and --smallest-limit",
     0},
    {"set", KEY_SET, "KEY=VALUE", 0, "Set a parameter of the workload; may be repeated", 0},
    WX_LIMIT_OPTION(KEY_LIMIT, "run"),
    {"repeat", KEY_REPEAT, "N", 0,
     "Then run the modes N times in turns, W^X on twice a round, and print what each takes beside "
     "on, with a 95 % interval and the noise of the same rounds (on beside itself). N is rounded "
     "up so that each stands at each place of a round equally often",
     0},
    {"matrix", KEY_MATRIX, "DIR", OPTION_ARG_OPTIONAL,
     "Run every workload on every runtime in every mode (default: asm, alc, dyn, regex, expr; all "
     "four modes), in an order that rotates, and keep each row in the folder DIR (default "
     "wxbench-matrix) as soon as it is measured: after a break, the same command goes on with the "
     "rest. Rows measured with other files or settings are not taken over",
     0},
    {"command", KEY_COMMAND, "CMD", 0,
     "Run this program instead of workloads, in all four modes; CMD is for /bin/sh. It is looked "
     "at "
     "at its steps where it speaks the step protocol, else every --every",
     0},
    {"load", KEY_LOAD, "CMD", 0,
     "Run CMD beside the program once its runtime is there (CMD waits until it is answered); the "
     "program is ended by SIGTERM after it",
     0},
    {"check", KEY_CHECK, "CMD", 0,
     "Run CMD at the end, before the program is ended: its exit status must be 0 and its output "
     "the same in every mode. Without it, the output of the program must be",
     0},
    {"every", KEY_EVERY, "TIME", 0, "With --command: look this often. Default: 100ms", 0},
    {"for", KEY_FOR, "TIME", 0, "With --command: end the program after this time", 0},
    {"env", KEY_ENV, "NAME=VALUE", 0,
     "Set an environment variable of all that is run, as DOTNET_TieredPGO=0; may be repeated", 0},
    {"memory-limit", KEY_MEMORY_LIMIT, "BYTES", 0,
     "Run each mode in a memory group (cgroup 1 or 2) of its own with this limit, without swap, "
     "and "
     "say what the group counted, when the program died and what the kernel recorded of it",
     0},
    {"smallest-limit", KEY_SMALLEST_LIMIT, "STEP", OPTION_ARG_OPTIONAL,
     "Look for the smallest memory limit in which each mode runs to its end three times in a row, "
     "by bisection, to STEP bytes (default 4MiB). The first run of each is in a group without a "
     "limit",
     0},
    {"fidelity", KEY_FIDELITY, "RUNS", OPTION_ARG_OPTIONAL,
     "Record RUNS real runs (default 5) and compare the model of that version with them, number by "
     "number; exit status 1 where one is further apart than it may be",
     0},
    {0},
};

static const WxOptionWords words[] = {{KEY_MODE, wx_mode_name}, {0}};

static error_t set_fidelity(struct argp_state *state, WxValidateAsked *own, const char *text) {
  own->fidelity = REAL_RUNS;
  return text ? wx_options_count(state, text, 1, REAL_RUNS_MOST, &own->fidelity) : 0;
}

// Of a limit or of a step: more than 0, and what the kernel's files can say.
static error_t set_group_bytes(struct argp_state *state, const char *text, uint64_t *bytes) {
  const error_t failed = wx_options_bytes(state, text, bytes);
  if (failed || (*bytes >= LEAST_BYTES && *bytes <= MOST_BYTES))
    return failed;
  return wx_options_refuse(state, "'%s' is not between 64KiB and 1024TiB", text);
}

// What a mode is made of is for the modes to set.
static error_t set_variable(struct argp_state *state, const char *text) {
  static const char *const own[] = {"DOTNET_EnableWriteXorExecute", "COMPlus_EnableWriteXorExecute",
                                    "LD_PRELOAD", "WXBENCH_STEP_FDS"};
  const size_t length = strcspn(text, "=");
  if (length == 0 || text[length] != '=')
    return wx_options_refuse(state, "'%s': expected NAME=VALUE", text);
  for (size_t i = 0; i < sizeof own / sizeof *own; ++i)
    if (strlen(own[i]) == length && strncmp(own[i], text, length) == 0)
      return wx_options_refuse(state, "%s is set by the mode and by wxbench", own[i]);
  char *name = strndup(text, length);
  const bool failed = !name || setenv(name, text + length + 1, true);
  free(name);
  return failed ? ENOMEM : 0;
}

// An empty one would run nothing, and all would be well with it.
static error_t take_command(struct argp_state *state, const char *name, const char *text,
                            const char **command) {
  if (text[strspn(text, " \t\n")] == '\0')
    return wx_options_refuse(state, "%s: expected a command, but it is empty", name);
  *command = text;
  return 0;
}

static error_t parse(int key, char *argument, struct argp_state *state) {
  WxValidateAsked *own = state->input;
  switch (key) {
  case KEY_RUNTIME:
    return wx_names_add(state, &own->runtimes, argument);
  case KEY_WORKLOAD:
    return wx_names_add(state, &own->workloads, argument);
  case KEY_MODE:
    return wx_names_add(state, &own->modes, argument);
  case KEY_SET:
    return wx_settings_add(state, &own->settings, argument);
  case KEY_LIMIT:
    return wx_options_limit(state, argument, &own->time_limit_ns);
  case KEY_REPEAT:
    return wx_options_count(state, argument, 1, WX_TURNS_ROUNDS - WX_TURNS_VARIANTS, &own->repeat);
  case KEY_MATRIX:
    own->matrix = argument && *argument ? argument : "wxbench-matrix";
    return 0;
  case KEY_COMMAND:
    return take_command(state, "command", argument, &own->command);
  case KEY_LOAD:
    return take_command(state, "load", argument, &own->load);
  case KEY_CHECK:
    return take_command(state, "check", argument, &own->check);
  case KEY_EVERY:
    return wx_options_duration(state, argument, SECOND_NS, &own->every_ns);
  case KEY_FOR:
    return wx_options_duration(state, argument, SECOND_NS, &own->lasts_ns);
  case KEY_ENV:
    return set_variable(state, argument);
  case KEY_MEMORY_LIMIT:
    return set_group_bytes(state, argument, &own->memory_limit);
  case KEY_SMALLEST_LIMIT:
    own->smallest_step = USUAL_STEP;
    return argument ? set_group_bytes(state, argument, &own->smallest_step) : 0;
  case KEY_FIDELITY:
    return set_fidelity(state, own, argument);
  default:
    return ARGP_ERR_UNKNOWN;
  }
}

static const WxOptionsSpec spec = {
    .summary =
        "Run workloads on real, unmodified .NET runtimes, observed from outside: with W^X as "
        "shipped, without it, and with its memory given back.",
    .example =
        "  wxbench validate --workload asm --set count=1000\n"
        "  wxbench validate --runtime 8 --mode on --mode off --json result.json\n"
        "  wxbench validate --workload hello --repeat 20\n"
        "  wxbench validate --workload hello --repeat 20 --env DOTNET_TieredPGO=0\n"
        "  wxbench validate --matrix --json matrix.json\n"
        "  wxbench validate --command './service' --load 'ab -n 10000 http://127.0.0.1:8080/'\n"
        "  wxbench validate --runtime 10 --workload asm --memory-limit 200MiB\n"
        "  wxbench validate --runtime 10 --workload asm --smallest-limit\n"
        "  wxbench validate --fidelity --workload asm --workload dyn --workload alc",
    .options = own_options,
    .words = words,
    .parse = parse,
    .endings = WX_ENDINGS_HELP,
};

static void note_matrix(WxDocument *document, const WxMatrix *matrix) {
  if (matrix->folder)
    wx_document_note(document, "%zu of %zu rows, %zu of them taken from %s.", matrix->done,
                     matrix->rows, matrix->taken, matrix->folder);
}

// What contradicts itself, NULL where nothing does.
static const char *contradiction(const WxValidateAsked *own) {
  if (own->command && (own->runtimes.count || own->workloads.count || own->settings.count ||
                       own->matrix || own->fidelity))
    return "--command runs one program; expected no --runtime, --workload, --set, --matrix or "
           "--fidelity";
  if (!own->command && (own->load || own->check || own->lasts_ns))
    return "--load, --check and --for belong to a program; expected --command with them";
  if (own->fidelity && own->repeat)
    return "--fidelity measures no time; expected no --repeat with it";
  if (own->fidelity && own->modes.count)
    return "--fidelity compares mode on; expected no --mode with it";
  if (own->matrix && (own->fidelity || own->repeat))
    return "--matrix runs each row once; expected no --repeat and no --fidelity with it";
  if ((own->memory_limit || own->smallest_step) && (own->matrix || own->fidelity))
    return "--memory-limit and --smallest-limit are for single runs; expected no --matrix and no "
           "--fidelity with them";
  if (own->smallest_step && (own->memory_limit || own->repeat))
    return "--smallest-limit looks for the limit; expected no --memory-limit and no --repeat with "
           "it";
  return NULL;
}

static int run(const WxOptions *options, WxValidateSession *session) {
  const char *wrong = contradiction(session->asked);
  if (options->argument_count)
    return wx_cli_fail(options->verb, "unexpected argument '%s'; expected options only",
                       options->arguments[0]);
  if (wrong)
    return wx_cli_fail(options->verb, "%s", wrong);
  const int failed = wx_validate_all(session);
  wx_progress_end(&session->progress);
  return failed ? wx_cli_problem(options->verb, failed, session->problem)
                : wx_cli_ended(options->verb, &session->endings);
}

int wx_cli_validate(int argc, char **argv) {
  WxOptions options;
  WxValidateAsked own = {.time_limit_ns = WX_USUAL_LIMIT_NS, .every_ns = USUAL_EVERY_NS};
  if (!wx_options_parse(&options, &spec, argc, argv, &own))
    return options.status;
  WxDocument document;
  WxProblem problem = {""};
  wx_document_init(&document, "validate");
  WxValidateSession session = {
      .asked = &own,
      .document = &document,
      .problem = &problem,
      .progress = wx_progress_begin(options.quiet),
  };
  (void)wx_os_interrupt_begin();
  const int status = run(&options, &session);
  wx_names_free(&own.runtimes);
  wx_names_free(&own.workloads);
  wx_names_free(&own.modes);
  wx_settings_free(&own.settings);
  if (wx_cli_is_written(status)) {
    if (own.fidelity == 0)
      wx_document_add_table(&document, wx_result_table("validate", document.results));
    wx_paired_add_tables(&document);
    wx_group_add_tables(&document);
    note_matrix(&document, &session.matrix);
    return wx_cli_finish(&options, &document, WX_UNKNOWN, status);
  }
  wx_document_free(&document);
  wx_options_free(&options);
  return status;
}
