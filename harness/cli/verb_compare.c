// wxbench compare: did anything get worse between two result files?
#include "bench/compare_against.h"
#include "cli/options.h"
#include "cli/say.h"
#include "cli/verb.h"
#include "output/comparison.h"
#include "output/documents.h"
#include "output/load.h"

#include <string.h>

enum { KEY_STRATEGY = 's', KEY_AGAINST = 256, KEY_GATE_TIMES, KEY_WORKLOAD, KEY_ROUNDS, KEY_QUICK };

typedef struct {
  WxAgainst against;
  bool gate_times;
} Own;

static const struct argp_option own_options[] = {
    {"gate-times", KEY_GATE_TIMES, NULL, 0,
     "Of bench strategies: what takes longer by more than twice the noise is worse", 0},
    {"against", KEY_AGAINST, "PROGRAM", 0,
     "Instead of files: run bench strategies of this program and of PROGRAM, another wxbench, in "
     "turns",
     0},
    {"strategy", KEY_STRATEGY, "S", 0, "With --against: only this strategy; may be repeated", 0},
    {"workload", KEY_WORKLOAD, "W", 0, "With --against: only this workload; may be repeated", 0},
    {"rounds", KEY_ROUNDS, "N", 0, "With --against: how often each runs", 0},
    {"quick", KEY_QUICK, NULL, 0, "With --against: faster, less exact", 0},
    {0},
};

static error_t parse(int key, char *argument, struct argp_state *state) {
  Own *own = state->input;
  switch (key) {
  case KEY_GATE_TIMES:
    own->gate_times = true;
    return 0;
  case KEY_AGAINST:
    own->against.program = argument;
    return 0;
  case KEY_STRATEGY:
    return wx_names_add(state, &own->against.strategies, argument);
  case KEY_WORKLOAD:
    return wx_names_add(state, &own->against.workloads, argument);
  case KEY_ROUNDS:
    return wx_options_count(state, argument, 3, 1000, &own->against.rounds);
  case KEY_QUICK:
    own->against.quick = true;
    return 0;
  default:
    return ARGP_ERR_UNKNOWN;
  }
}

static const WxOptionsSpec spec = {
    .arguments = "BASE.json NEW.json",
    .summary =
        "Compare two result files of run, replay, validate or bench strategies. Bytes retained, "
        "mappings and system calls of run, replay and bench must not grow, minor faults not by "
        "more than 1 %; no "
        "expectation may fail that held, no result be missing. Times are only shown, unless "
        "--gate-times is given. Exit "
        "status 1 if anything got worse.",
    .example = "  wxbench run release_retains --json new.json\n"
               "  wxbench compare base.json new.json --format markdown\n"
               "  wxbench compare --against ./old/build/wxbench --quick --gate-times",
    .options = own_options,
    .parse = parse,
};

// Loads both files. Returns 0, or the exit status after the fault was reported.
static int load(const WxOptions *options, json_t *documents[2]) {
  char problem[WX_PROBLEM];
  if (options->argument_count != 2)
    return wx_cli_fail(options->verb, "expected two files, BASE.json and NEW.json, but got %zu",
                       options->argument_count);
  for (size_t i = 0; i < 2; ++i) {
    if (wx_document_load(options->arguments[i], &documents[i], problem) < 0)
      return wx_cli_fail(options->verb, "%s", problem);
  }
  return 0;
}

static int compare(WxOptions *options, json_t *const documents[2], WxRatios ratios) {
  char problem[WX_PROBLEM];
  const char *const names[2] = {options->arguments[0], options->arguments[1]};
  size_t worse;
  WxDocument document;
  wx_document_init(&document, "compare");
  if (wx_compare_document(&document, documents, names, ratios, &worse, problem) == 0)
    return wx_cli_finish(options, &document, WX_UNKNOWN, worse > 0 ? WX_EXIT_FAILED : WX_EXIT_OK);
  wx_document_free(&document);
  wx_options_free(options);
  return wx_cli_fail("compare", "%s", problem);
}

static int compare_files(WxOptions *options, WxRatios ratios) {
  json_t *documents[2] = {NULL, NULL};
  int status = load(options, documents);
  if (status)
    wx_options_free(options);
  else
    status = compare(options, documents, ratios);
  json_decref(documents[0]);
  json_decref(documents[1]);
  return status;
}

static int compare_programs(WxOptions *options, const WxAgainst *against) {
  WxComparison comparison = {0};
  WxDocument document;
  WxProblem problem;
  int status = 0;
  if (options->argument_count) {
    status = wx_cli_fail(options->verb, "'%s': --against takes no files", options->arguments[0]);
  } else {
    const int failed = wx_compare_against(against, &comparison, &problem);
    status = failed ? wx_cli_problem(options->verb, failed, &problem) : 0;
  }
  if (status) {
    wx_options_free(options);
    return status;
  }
  wx_document_init(&document, "compare");
  wx_comparison_document(&document, &comparison, against->ratios == WX_RATIOS_GATED);
  wx_document_note(&document, "Base is %s; both programs were run in turns.", against->program);
  status = comparison.count[WX_GATE_WORSE] > 0 ? WX_EXIT_FAILED : WX_EXIT_OK;
  wx_comparison_free(&comparison);
  return wx_cli_finish(options, &document, WX_UNKNOWN, status);
}

int wx_cli_compare(int argc, char **argv) {
  WxOptions options;
  Own own = {0};
  int status = WX_EXIT_USAGE;
  if (!wx_options_parse(&options, &spec, argc, argv, &own)) {
    status = options.status;
  } else if (own.against.program) {
    own.against.quiet = options.quiet;
    own.against.ratios = own.gate_times ? WX_RATIOS_GATED : WX_RATIOS_SHOWN;
    status = compare_programs(&options, &own.against);
  } else if (own.against.strategies.count || own.against.workloads.count || own.against.rounds ||
             own.against.quick) {
    status = wx_cli_fail(options.verb, "--strategy, --workload, --rounds and --quick are of "
                                       "--against; expected that, or files alone");
    wx_options_free(&options);
  } else {
    status = compare_files(&options, own.gate_times ? WX_RATIOS_GATED : WX_RATIOS_SHOWN);
  }
  wx_names_free(&own.against.strategies);
  wx_names_free(&own.against.workloads);
  return status;
}
