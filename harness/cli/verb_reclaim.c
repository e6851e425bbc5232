// `wxbench reclaim`: orphaned pages of .NET processes go back to the kernel.
#include "cli/options.h"
#include "cli/say.h"
#include "cli/verb.h"
#include "os/process.h"
#include "output/output_file.h"
#include "output/reclaim_document.h"
#include "reclaim/headroom.h"
#include "reclaim/reclaim.h"
#include "reclaim/sidecar.h"
#include "stats/units.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum {
  OPTION_PID = 256,
  OPTION_ALL,
  OPTION_EVERY,
  OPTION_ABOVE,
  OPTION_MAX_PAUSE,
  OPTION_FREEZE,
  OPTION_MAPPED,
  OPTION_DRY_RUN,
  OPTION_MEMFD,
  OPTION_GIVE_UP,
  OPTION_ONLY,
  OPTION_EXCEPT,
};

enum {
  SECOND_NS = 1000000000,
  MILLISECOND_NS = 1000000,
  MOST_PID = 1 << 22,
  MOST_PAUSES = 1000000
};

enum { HELP_SIZE = 512 };

typedef struct {
  pid_t pid; // 0: all.
  bool all;
  WxSelection selection; // Of all; owned.
  uint64_t every_ns;     // 0: once.
  bool above_given;
  WxReclaimBound above;
  WxReclaimOptions reclaim;
} Own;

static const struct argp_option own_options[] = {
    {"pid", OPTION_PID, "PID", 0, "Give back what the process PID holds, while it runs", 0},
    {"all", OPTION_ALL, NULL, 0, "The same for every .NET process that may be traced", 0},
    {"only", OPTION_ONLY, "CRITERION=VALUE", 0, "", 0}, // From the table of criteria.
    {"except", OPTION_EXCEPT, "CRITERION=VALUE", 0,
     "With --all: processes that match are left out; may be repeated", 0},
    {"every", OPTION_EVERY, "SECONDS", 0,
     "Go on as a sidecar that looks every SECONDS, until SIGTERM or the end of PID", 0},
    {"above", OPTION_ABOVE, "BYTES|PERCENT", 0,
     "With --every: act when more is orphaned than this, or than this part of what is allocated "
     "(1MiB)",
     0},
    {"max-pause", OPTION_MAX_PAUSE, "MS", 0,
     "How long the process may be held at a time, first interrupt to last detach (2)", 0},
    {"freeze", OPTION_FREEZE, "FREEZER", 0, "How it is held: %s; the first if nothing is said", 0},
    {"mapped", OPTION_MAPPED, NULL, 0,
     "Also pages that are mapped and hold only zeros (a dump allocates such)", 0},
    {"dry-run", OPTION_DRY_RUN, NULL, 0,
     "Say what would come back and in how many pauses; touch nothing", 0},
    {"memfd", OPTION_MEMFD, "NAME", 0,
     "The memfd of this name, or the deleted file of a tmpfs of this path, of any program, instead "
     "of a .NET runtime's doublemapper",
     0},
    {"give-up", OPTION_GIVE_UP, "N", 0,
     "Stop after N pauses in a row of more than twice --max-pause (10)", 0},
    {0},
};

// The options, with what the table of criteria says.
static void fill_in_help(struct argp_option options[], char text[static HELP_SIZE]) {
  int length = snprintf(text, HELP_SIZE,
                        "With --all: only processes that match; may be repeated, one of each "
                        "criterion that is named has to match:");
  const WxCriterion *criterion;
  for (size_t i = 0; (criterion = wx_criterion_at(i)) && length < HELP_SIZE; ++i)
    length += snprintf(text + length, HELP_SIZE - (size_t)length, "%s %s=%s", i ? ";" : "",
                       criterion->name, criterion->value);
  memcpy(options, own_options, sizeof own_options);
  for (struct argp_option *option = options; option->name; ++option)
    if (option->key == OPTION_ONLY)
      option->doc = text;
}

static const WxOptionWords words[] = {{OPTION_FREEZE, wx_freezer_name}, {0}};

static error_t parse_rule(struct argp_state *state, WxSelection *selection, bool except,
                          const char *text) {
  WxProblem problem = {""};
  const int failed = wx_selection_add(selection, except, text, &problem);
  if (failed == -ENOMEM)
    return ENOMEM;
  return failed ? wx_options_refuse(state, "%s", problem.text) : 0;
}

static error_t parse_above(struct argp_state *state, const char *text, WxReclaimBound *bound) {
  double percent;
  if (!strchr(text, '%')) {
    *bound = (WxReclaimBound){0};
    return wx_options_bytes(state, text, &bound->bytes);
  }
  const char *problem;
  if (wx_units_percent(text, &percent, &problem) < 0)
    return wx_options_refuse(state, "'%s' %s", text, problem);
  if (percent < 0 || percent > 100)
    return wx_options_refuse(state, "%s is out of range; expected 0%% to 100%%", text);
  *bound = (WxReclaimBound){.percent = percent};
  return 0;
}

static error_t parse_freeze(struct argp_state *state, const char *name, const WxFreezer **freezer) {
  *freezer = wx_freezer_find(name);
  char names[WX_WORDS];
  if (!*freezer)
    return wx_options_refuse(state, "unknown freezer '%s'; expected %s", name,
                             wx_words_or(names, wx_freezer_name));
  return 0;
}

static error_t parse_duration(struct argp_state *state, const char *text, uint64_t unit,
                              uint64_t *value) {
  const error_t failed = wx_options_duration(state, text, unit, value);
  if (!failed && *value == 0)
    return wx_options_refuse(state, "expected more than 0");
  return failed;
}

static error_t parse(int key, char *argument, struct argp_state *state) {
  Own *own = state->input;
  switch (key) {
  case OPTION_PID: {
    uint64_t pid = 0;
    const error_t failed = wx_options_count(state, argument, 1, MOST_PID, &pid);
    own->pid = (pid_t)pid;
    return failed;
  }
  case OPTION_ALL:
    own->all = true;
    return 0;
  case OPTION_EVERY:
    return parse_duration(state, argument, SECOND_NS, &own->every_ns);
  case OPTION_ABOVE:
    own->above_given = true;
    return parse_above(state, argument, &own->above);
  case OPTION_MAX_PAUSE:
    return parse_duration(state, argument, MILLISECOND_NS, &own->reclaim.max_pause_ns);
  case OPTION_FREEZE:
    return parse_freeze(state, argument, &own->reclaim.freezer);
  case OPTION_MAPPED:
    own->reclaim.mapped = true;
    return 0;
  case OPTION_DRY_RUN:
    own->reclaim.dry_run = true;
    return 0;
  case OPTION_MEMFD:
    return wx_options_memfd(state, argument, &own->reclaim.memfd);
  case OPTION_GIVE_UP: {
    uint64_t count = 0;
    const error_t failed = wx_options_count(state, argument, 1, MOST_PAUSES, &count);
    own->reclaim.give_up = (unsigned)count;
    return failed;
  }
  case OPTION_ONLY:
  case OPTION_EXCEPT:
    return parse_rule(state, &own->selection, key == OPTION_EXCEPT, argument);
  default:
    return ARGP_ERR_UNKNOWN;
  }
}

static const WxOptionsSpec spec = {
    .arguments = "[-- COMMAND...]",
    .summary =
        "Give back to the kernel what .NET's W^X double mapping retains, with W^X on. With --pid "
        "or "
        "--all from running processes, which are held for moments of 2 ms; they need no restart "
        "and "
        "no preparation. With COMMAND by running it with libwxreclaim.so, which gives each block "
        "back when it is released; the exit status is COMMAND's, 2 where it cannot be started "
        "(with WXRECLAIM=stats:PATH in the environment, PATH.PID says what was done in the process "
        "PID). docs/reclaim.md says what each way needs.",
    .example = "  wxbench reclaim --pid 1234 --dry-run\n"
               "  wxbench reclaim --all --every 10 --above 25%\n"
               "  wxbench reclaim --all --only user=app --except command=dotnet-counters\n"
               "  wxbench reclaim -- dotnet app.dll",
    .options = own_options,
    .words = words,
    .parse = parse,
    .command = true,
};

/* With COMMAND
 * -------------------------------------------------------------------------------------------------
 */

static bool is_number(const char *text) {
  return *text && strspn(text, "0123456789") == strlen(text);
}

// What the library would not understand, or could not write. Returns 0, or the exit status after
// the line is printed.
static int check_statistics(const WxOptions *options) {
  static const char wanted[] = "stats:";
  const char *value = getenv("WXRECLAIM");
  if (!value || strcmp(value, "stats") == 0)
    return 0;
  if (strncmp(value, wanted, sizeof wanted - 1) != 0 || !value[sizeof wanted - 1])
    return wx_cli_fail(options->verb, "WXRECLAIM: unknown value '%s'; expected stats:PATH", value);
  const char *path = value + sizeof wanted - 1;
  const int error = wx_file_check(path);
  return error ? wx_cli_fail(options->verb, "WXRECLAIM: cannot write '%s': %s", path,
                             strerror(-error))
               : 0;
}

static int run_command(WxOptions *options) {
  if (options->argument_count == 1 && is_number(options->arguments[0]))
    return wx_cli_fail(options->verb,
                       "'%s' is no COMMAND; for the process of that number: --pid %s",
                       options->arguments[0], options->arguments[0]);
  const int status = check_statistics(options);
  if (status)
    return status;
  WxProblem problem = {""};
  wx_reclaim_preloaded(options->arguments, &problem);
  return wx_cli_fail(options->verb, "%s", problem.text);
}

/* From running processes, once or in a loop that SIGTERM or SIGINT ends
 * -------------------------------------------------------------------------------------------------
 */

static int refuse(const WxOptions *options, int error, const WxProblem *problem) {
  const char *text = problem->text[0] ? problem->text : strerror(-error);
  if (error == -ESRCH || error == -ENODATA)
    return wx_cli_fail(options->verb, "%s", text);
  return wx_cli_impossible(options->verb, "%s", text);
}

// Each memfd of all processes: what was done, and why not all of it.
typedef struct {
  const Own *own;
  WxDocument document;
} Round;

static void take_result(void *context, int error, const char *why, const WxReclaim *result) {
  Round *round = context;
  const bool dry_run = round->own->reclaim.dry_run;
  if (error)
    wx_document_note(&round->document, "Process %d: %s.", (int)result->pid, why);
  if (!error || result->pauses.count)
    wx_reclaim_document_add(&round->document, result, dry_run);
}

static int reclaim_all(WxOptions *options, const Own *own) {
  Round round = {.own = own};
  WxAllDone done;
  wx_reclaim_document_init(&round.document);
  const WxAllOptions all = {.selection = &own->selection,
                            .reclaim = own->reclaim,
                            .done = take_result,
                            .context = &round};
  const int failed = wx_reclaim_all(&all, &done);
  if (failed) {
    wx_document_free(&round.document);
    const int status = wx_cli_fail(options->verb, "%s", strerror(-failed));
    wx_options_free(options);
    return status;
  }
  wx_reclaim_document_note_all(&round.document, own->reclaim.memfd, &done);
  wx_reclaim_document_finish(&round.document, own->reclaim.dry_run);
  const bool none = done.files && done.failed == done.files;
  return wx_cli_finish(options, &round.document, WX_UNKNOWN,
                       none ? WX_EXIT_IMPOSSIBLE : WX_EXIT_OK);
}

static int reclaim_pid(WxOptions *options, const Own *own) {
  WxReclaim result;
  WxProblem problem = {""};
  WxText text = {0};
  WxHeadroom headroom = {WX_UNKNOWN, WX_UNKNOWN};
  (void)wx_headroom_read(&headroom, own->pid,
                         &text); // Of a process that is not there the next one tells.
  wx_text_free(&text);
  const int failed = wx_reclaim_once(own->pid, &own->reclaim, &result, &problem);
  if (failed) {
    const int status = refuse(options, failed, &problem);
    wx_options_free(options);
    return status;
  }
  WxDocument document;
  wx_reclaim_document_init(&document);
  wx_reclaim_document_add(&document, &result, own->reclaim.dry_run);
  wx_reclaim_document_finish(&document, own->reclaim.dry_run);
  wx_reclaim_document_advise(&document, &headroom, &result);
  return wx_cli_finish(options, &document, WX_UNKNOWN, WX_EXIT_OK);
}

// Set once before the handlers are; a signal handler can reach nothing else.
static int wake_end = -1;

static void end_loop(int signal) {
  (void)signal;
  const char order = WX_SIDECAR_END;
  const int error = errno;
  const ssize_t put = write(wake_end, &order, 1); // A full pipe has told it already.
  (void)put;
  errno = error;
}

static void say(void *context, const char *line) {
  (void)context;
  char text[32];
  struct tm parts;
  const time_t now = time(NULL);
  (void)strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &parts));
  wx_cli_line("%s %s", text, line);
}

static void add_result(void *context, const WxReclaim *result) {
  wx_reclaim_document_add(context, result, false);
}

static int run_sidecar(WxOptions *options, const Own *own) {
  int ends[2];
  int failed = wx_os_pipe(ends);
  WxProblem problem = {""};
  WxDocument document;
  wx_reclaim_document_init(&document);
  if (!failed) {
    wake_end = ends[1];
    struct sigaction action = {.sa_handler = end_loop, .sa_flags = SA_RESTART};
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGINT, &action, NULL);
    const WxSidecarOptions sidecar = {
        .pid = own->pid,
        .selection = &own->selection,
        .every_ns = own->every_ns,
        .above = own->above,
        .reclaim = own->reclaim,
        .wake = ends[0],
        .say = options->quiet ? NULL : say,
        .result = add_result,
        .context = &document,
    };
    failed = wx_sidecar_run(&sidecar, &problem);
  }
  if (failed) {
    wx_document_free(&document);
    const int status = refuse(options, failed, &problem);
    wx_options_free(options);
    return status;
  }
  wx_reclaim_document_finish(&document, false);
  return wx_cli_finish(options, &document, WX_UNKNOWN, WX_EXIT_OK);
}

// As many descriptors as this program may have: a target that many processes hold needs some for
// each. What the sidecar keeps open does not depend on it (tracked.h).
static void raise_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
  }
}

static int run_live(WxOptions *options, const Own *own) {
  raise_limit();
  if (own->every_ns)
    return run_sidecar(options, own);
  return own->pid ? reclaim_pid(options, own) : reclaim_all(options, own);
}

/* Which of them
 * -------------------------------------------------------------------------------------------------
 */

// What contradicts itself, NULL where nothing does.
static const char *contradiction(const WxOptions *options, const Own *own) {
  const bool live = own->pid || own->all;
  if (own->pid && own->all)
    return "--pid and --all exclude each other";
  if (live && options->argument_count)
    return "--pid or --all and a COMMAND exclude each other";
  if (!live && !options->argument_count)
    return "nothing to do; expected --pid PID, --all or -- COMMAND";
  if (own->selection.count && !own->all)
    return "--only and --except need --all";
  if (!live &&
      (own->every_ns || own->above_given || own->reclaim.max_pause_ns || own->reclaim.freezer ||
       own->reclaim.mapped || own->reclaim.dry_run || own->reclaim.memfd || own->reclaim.give_up))
    return "a COMMAND takes none of these options; expected --pid PID or --all with them";
  if (own->above_given && !own->every_ns)
    return "--above needs --every";
  if (own->reclaim.dry_run && own->every_ns)
    return "--dry-run and --every exclude each other";
  return NULL;
}

int wx_cli_reclaim(int argc, char **argv) {
  WxOptions options;
  Own own = {.above = {.bytes = 1024 * 1024}};
  struct argp_option with_help[sizeof own_options / sizeof *own_options];
  char help[HELP_SIZE];
  WxOptionsSpec whole = spec;
  fill_in_help(with_help, help);
  whole.options = with_help;
  if (!wx_options_parse(&options, &whole, argc, argv, &own)) {
    wx_selection_free(&own.selection);
    return options.status;
  }
  const char *wrong = contradiction(&options, &own);
  const bool live = !wrong && (own.pid || own.all);
  int status = 0;
  if (wrong)
    status = wx_cli_fail(options.verb, "%s", wrong);
  else
    status = live ? run_live(&options, &own) : run_command(&options);
  wx_selection_free(&own.selection);
  if (!live) // Else it was freed when the document was written.
    wx_options_free(&options);
  return status;
}
