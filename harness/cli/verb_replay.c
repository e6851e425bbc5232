// `wxbench replay`: the events of a trace on any strategy.
#include "cli/options.h"
#include "cli/say.h"
#include "cli/verb.h"
#include "measure/observe.h"
#include "os/interrupt.h"
#include "output/progress.h"
#include "output/replay_document.h"
#include "scenario/plugins.h"
#include "trace/event_text.h"
#include "trace/replay_run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
  KEY_STRATEGY = 's',
  KEY_ROUNDS = 256,
  KEY_WALKS,
  KEY_PACED,
  KEY_LIMIT,
  KEY_OVERHEAD,
  KEY_LIST
};

typedef struct {
  WxNames strategies;
  WxPlugins plugins;
  WxReplayOrder order;
  WxTraceDamage damage; ///< Of the trace, as far as it was replayed.
  bool overhead;
  bool list;
} Own;

static const struct argp_option own_options[] = {
    {"strategy", KEY_STRATEGY, "S", 0,
     "Only this strategy, or plugin:/path/lib.so; may be repeated", 0},
    {"rounds", KEY_ROUNDS, "N", 0, "Replay the trace N times in one process", 0},
    {"walks", KEY_WALKS, NULL, 0, "Charge the runtime's linear list walks in time", 0},
    {"paced", KEY_PACED, NULL, 0,
     "Keep the recorded times, with no limit of its own; else as fast as it goes", 0},
    WX_LIMIT_OPTION(KEY_LIMIT, "replay"),
    {"overhead", KEY_OVERHEAD, NULL, 0,
     "Measure the replay against a bare loop of the same system calls, in N pairs or for half a "
     "minute",
     0},
    {"list", KEY_LIST, NULL, 0, "Print the events, one a line, and run nothing", 0},
    {0}};

static error_t parse(int key, char *argument, struct argp_state *state) {
  Own *own = state->input;
  switch (key) {
  case KEY_STRATEGY:
    return wx_names_add(state, &own->strategies, argument);
  case KEY_ROUNDS:
    return wx_options_count(state, argument, 1, UINT32_MAX, &own->order.rounds);
  case KEY_WALKS:
    own->order.walks = true;
    return 0;
  case KEY_PACED:
    own->order.paced = true;
    return 0;
  case KEY_LIMIT:
    return wx_options_limit(state, argument, &own->order.time_limit_ns);
  case KEY_OVERHEAD:
    own->overhead = true;
    return 0;
  case KEY_LIST:
    own->list = true;
    return 0;
  default:
    return ARGP_ERR_UNKNOWN;
  }
}

static const WxOptionsSpec spec = {
    .arguments = "FILE",
    .summary =
        "Run the events of a trace (made by `wxbench record`; FILE.zst is uncompressed on "
        "the way) on each strategy, with real mappings and writes. On coreclr, the runtime's "
        "own way, everything must come out as recorded. Pages written through views count "
        "cache misses only: what the runtime wrote through a view that it kept is not in a "
        "trace.",
    .example =
        "  wxbench replay app.wxt\n"
        "  wxbench replay app.wxt --strategy coreclr --strategy coreclr+punch --json r.json\n"
        "  wxbench replay app.wxt --list | less",
    .options = own_options,
    .parse = parse,
    .endings = WX_ENDINGS_HELP,
};

static int list(const WxOptions *options, WxTraceReader *reader) {
  WxTraceEvent event;
  int result = wx_trace_next(reader, &event);
  while (result > 0 && !wx_trace_print(&event, stdout))
    result = wx_trace_next(reader, &event);
  const WxTraceDamage damage = wx_trace_damage(reader);
  if (fflush(stdout) || ferror(stdout))
    return wx_cli_fail(options->verb, "cannot write to stdout: %s", strerror(errno));
  if (damage.reason)
    return wx_cli_fail(options->verb, "'%s' %s at byte %ju; everything before it was listed",
                       options->arguments[0], damage.reason, (uintmax_t)damage.offset);
  return result < 0 ? wx_cli_fail(options->verb, "cannot read '%s': %s", options->arguments[0],
                                  strerror(-result))
                    : WX_EXIT_OK;
}

static int replay_on(const WxOptions *options, Own *own, WxDocument *document, WxEndings *endings) {
  WxReplayRun run;
  const int failed = wx_replay_run(&own->order, &run);
  if (!failed) {
    wx_endings_add(endings, own->order.strategy->name, &run.result);
    wx_replay_document_add(document, &run);
    own->damage = run.report.damage;
  }
  wx_replay_run_free(&run);
  return failed ? wx_cli_fail(options->verb, "%s", strerror(-failed)) : 0;
}

static int replay_all(const WxOptions *options, Own *own, WxDocument *document) {
  WxEndings endings = {0};
  int status = 0;
  WxProgress progress = wx_progress_begin(options->quiet);
  const WxStrategy *strategy;
  for (size_t i = 0; status == 0 && (strategy = wx_plugins_strategy_at(&own->plugins, i)); i++) {
    if (!wx_plugins_is_wanted(&own->strategies, strategy, WX_ONLY_WHERE_NAMED))
      continue;
    own->order.strategy = strategy;
    wx_progress_show(&progress, "%s on %s", options->arguments[0], strategy->name);
    status = replay_on(options, own, document, &endings);
  }
  wx_progress_end(&progress);
  wx_document_add_table(document, wx_result_table("replay", document->results));
  return status ? status : wx_cli_ended(options->verb, &endings);
}

static int measure_overhead(const WxOptions *options, uint64_t pairs, WxDocument *document) {
  WxOverhead measured;
  WxProgress progress = wx_progress_begin(options->quiet);
  wx_progress_show(&progress, "%s: replay and bare loop in turns", options->arguments[0]);
  const int failed = wx_overhead_measure(options->arguments[0], pairs, &measured);
  wx_progress_end(&progress);
  if (failed)
    return wx_cli_fail(options->verb, "'%s': %s", options->arguments[0], measured.problem);
  wx_replay_document_add_overhead(document, options->arguments[0], &measured);
  return WX_EXIT_OK;
}

/// What could be replayed is in the document; the rest is bad input.
static int fail_damaged(const Own *own, int finished) {
  return finished == WX_EXIT_USAGE
             ? finished
             : wx_cli_fail("replay", "'%s' %s at byte %ju; everything before it was replayed",
                           own->order.path, own->damage.reason, (uintmax_t)own->damage.offset);
}

/// Runs what was asked for; the trace can be opened.
static int run_all(WxOptions *options, Own *own) {
  WxDocument document;
  own->order.path = options->arguments[0];
  wx_document_init(&document, "replay");
  (void)wx_os_interrupt_begin();
  const int status = own->overhead ? measure_overhead(options, own->order.rounds, &document)
                                   : replay_all(options, own, &document);
  if (wx_cli_is_written(status)) {
    const int finished = wx_cli_finish(options, &document, WX_UNKNOWN, status);
    return own->damage.reason ? fail_damaged(own, finished) : finished;
  }
  wx_document_free(&document);
  wx_options_free(options);
  return status;
}

static int begin(WxOptions *options, Own *own) {
  WxProblem problem;
  const int refused = wx_plugins_check_blocks(&own->strategies, &own->plugins, &problem);
  int status = refused ? wx_cli_problem(options->verb, refused, &problem) : 0;
  if (status == 0 && options->argument_count != 1)
    status = wx_cli_fail(options->verb, "expected one FILE, got %zu", options->argument_count);
  WxTraceReader *reader;
  WxTraceDamage damage;
  const int failed = status ? 0 : wx_trace_open(options->arguments[0], &reader, &damage);
  if (failed)
    status = wx_cli_problem(options->verb,
                            wx_trace_problem(options->arguments[0], failed, &damage, &problem),
                            &problem);
  if (status == 0) {
    status = own->list ? list(options, reader) : 0;
    (void)wx_trace_close(reader);
  }
  if (status == 0 && !own->list)
    return run_all(options, own);
  wx_options_free(options);
  return status;
}

int wx_cli_replay(int argc, char **argv) {
  Own own = {0};
  WxOptions options;
  if (!wx_options_parse(&options, &spec, argc, argv, &own))
    return options.status;
  if (own.order.time_limit_ns == 0 && !own.order.paced)
    own.order.time_limit_ns = WX_USUAL_LIMIT_NS;
  const int status = begin(&options, &own);
  wx_names_free(&own.strategies);
  wx_plugins_free(&own.plugins);
  return status;
}
