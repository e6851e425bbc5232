// `wxbench bench`: what things cost, always beside their peers and the noise of the same run.
#include "bench/benchmark.h"
#include "cli/options.h"
#include "cli/say.h"
#include "cli/verb.h"
#include "os/interrupt.h"

#include <stdio.h>

enum { KEY_STRATEGY = 's', KEY_ROUNDS = 256, KEY_PART, KEY_PEER, KEY_LIMIT, KEY_QUICK };

static const uint64_t usual_limit_ns = UINT64_C(60) * 1000 * 1000 * 1000;

static error_t parse(int key, char *argument, struct argp_state *state) {
  WxBench *bench = state->input;
  switch (key) {
  case KEY_ROUNDS:
    return wx_options_count(state, argument, 1, 1000, &bench->rounds);
  case KEY_PART:
    return wx_names_add(state, &bench->parts, argument);
  case KEY_STRATEGY:
    return wx_names_add(state, &bench->strategies, argument);
  case KEY_PEER:
    return wx_names_add(state, &bench->peers, argument);
  case KEY_LIMIT:
    return wx_options_limit(state, argument, &bench->limit_ns);
  case KEY_QUICK:
    bench->quick = true;
    return 0;
  default:
    return ARGP_ERR_UNKNOWN;
  }
}

static const struct argp_option own_options[] = {
    {"rounds", KEY_ROUNDS, "N", 0, "How often everything is measured, in turns", 0},
    {"workload", KEY_PART, "W", 0,
     "Only this one of the workloads of `modes` or `strategies`; may be repeated", 0},
    {"part", KEY_PART, "P", 0,
     "Only this part of `reclaim`: freezers, service, 200MiB-idle, 200MiB-busy, 2GiB-idle, "
     "2GiB-busy; may be repeated",
     0},
    {"strategy", KEY_STRATEGY, "S", 0,
     "Only this strategy of `strategies`, or plugin:/path/lib.so; may be repeated", 0},
    {"peer", KEY_PEER, "P", 0, "Of `strategies`, this peer; may be repeated", 0},
    {"limit", KEY_LIMIT, "TIME", 0,
     "End a run of one strategy that takes longer, as 90s (a bare number: seconds). Default: 1min",
     0},
    {"quick", KEY_QUICK, NULL, 0, "`strategies` in less than a minute, less exact", 0},
    {0},
};

static int check_names(const WxOptions *options) {
  for (size_t i = 0; i < options->argument_count; ++i)
    if (!wx_benchmark_find(options->arguments[i]))
      return wx_cli_unknown_word(options->verb, "benchmark", options->arguments[i],
                                 wx_benchmark_name);
  return options->argument_count
             ? 0
             : wx_cli_fail(options->verb, "no benchmark given; expected one of those of --help");
}

// Runs all that are named. One that cannot be had has said why; the others are kept.
static int run_all(const WxOptions *options, WxBench *bench) {
  int status = 0;
  for (size_t i = 0; i < options->argument_count && !wx_os_interrupted(); ++i) {
    const int failed = wx_benchmark_find(options->arguments[i])->run(bench);
    const int ended = failed ? wx_cli_problem(options->verb, failed, &bench->problem) : 0;
    if (ended && status != WX_EXIT_USAGE)
      status = ended;
  }
  const bool any = json_array_size(bench->document->results) > 0;
  if (status == WX_EXIT_USAGE && any)
    bench->failed = true;
  return any ? 0 : status;
}

enum { SUMMARY_SIZE = 2048 };

// What the benchmarks measure, and how.
static const char *write_summary(char text[SUMMARY_SIZE]) {
  int length = snprintf(text, SUMMARY_SIZE, "Measure costs, for minutes each:");
  const WxBenchmark *benchmark;
  for (size_t i = 0; (benchmark = wx_benchmark_at(i)) && length < SUMMARY_SIZE; ++i)
    length += snprintf(text + length, (size_t)(SUMMARY_SIZE - length), "%s `%s`, %s", i ? ";" : "",
                       benchmark->name, benchmark->summary);
  if (length < SUMMARY_SIZE)
    snprintf(text + length, (size_t)(SUMMARY_SIZE - length),
             ". Every variant runs in every round, in rotated order; ratios are of pairs within a "
             "round, with a 95 %% interval, beside the ratio of a variant to itself.");
  return text;
}

static void free_names(WxBench *bench) {
  wx_names_free(&bench->parts);
  wx_names_free(&bench->strategies);
  wx_names_free(&bench->peers);
}

int wx_cli_bench(int argc, char **argv) {
  char names[WX_WORDS], arguments[WX_WORDS + 4], summary[SUMMARY_SIZE];
  snprintf(arguments, sizeof arguments, "%s...", wx_words_joined(names, wx_benchmark_name, "|"));
  const WxOptionsSpec spec = {
      .arguments = arguments,
      .summary = write_summary(summary),
      .example = "  wxbench bench modes --workload hello --workload asm\n  wxbench bench reclaim "
                 "--rounds 15 --json reclaim.json",
      .options = own_options,
      .parse = parse,
  };
  WxOptions options;
  WxDocument document;
  WxBench bench = {.document = &document, .seed = 1, .limit_ns = usual_limit_ns};
  if (!wx_options_parse(&options, &spec, argc, argv, &bench)) {
    free_names(&bench);
    return options.status;
  }
  wx_document_init(&document, "bench");
  bench.progress = wx_progress_begin(options.quiet);
  int status = check_names(&options);
  if (status == 0)
    status = run_all(&options, &bench);
  wx_progress_end(&bench.progress);
  free_names(&bench);
  if (status == 0)
    return wx_cli_finish(&options, &document, (WxFigure)bench.seed,
                         bench.failed ? WX_EXIT_FAILED : WX_EXIT_OK);
  wx_document_free(&document);
  wx_options_free(&options);
  return status;
}
