// `wxbench bench`: what things cost, always beside their peers and the noise of the same run.
#include "cli/bench.h"

#include "cli/say.h"
#include "cli/verb.h"

#include <string.h>

static const WxBenchmark benchmarks[] = {
    {"audit", "an audit beside cat, pmap and gdb on 60,000 mappings and a 6 GB core",
     wx_bench_audit},
    {"modes", "whole programs on the real runtime: W^X on, off, with the preload, recorded",
     wx_bench_modes},
    {"reclaim", "pauses and time of a live reclaim, and the ways of freezing", wx_bench_reclaim},
};

enum { BENCHMARKS = sizeof benchmarks / sizeof *benchmarks, KEY_ROUNDS = 256 };

static error_t parse(int key, char *argument, struct argp_state *state) {
  uint64_t *rounds = state->input;
  if (key == KEY_ROUNDS)
    return wx_options_count(state, "--rounds", argument, 1, 10000, rounds);
  return ARGP_ERR_UNKNOWN;
}

static const struct argp_option own_options[] = {
    {"rounds", KEY_ROUNDS, "N", 0, "How often everything is measured, in turns", 0},
    {0},
};

static const WxOptionsSpec spec = {
    .arguments = "BENCHMARK...",
    .summary = "Measure costs. Every variant runs in every round, in rotated order; ratios are of "
               "pairs within a "
               "round, with a 95 % interval, beside the ratio of a variant to itself.",
    .example = "  wxbench bench modes\n  wxbench bench modes --rounds 15 --json modes.json",
    .options = own_options,
    .parse = parse,
};

static int run_named(WxBench *bench, const char *name) {
  const char *names[BENCHMARKS];
  for (size_t i = 0; i < BENCHMARKS; ++i) {
    if (strcmp(benchmarks[i].name, name) == 0)
      return benchmarks[i].run(bench);
    names[i] = benchmarks[i].name;
  }
  return wx_cli_unknown(bench->options->verb, "benchmark", name, names, BENCHMARKS);
}

int wx_cli_bench(int argc, char **argv) {
  WxOptions options;
  uint64_t rounds = 0;
  if (!wx_options_parse(&options, &spec, argc, argv, &rounds))
    return options.status;
  WxDocument document;
  wx_document_init(&document, "bench");
  WxBench bench = {&options, &document, wx_progress_begin(options.quiet), rounds, 1};
  int status =
      options.argument_count
          ? 0
          : wx_cli_fail(options.verb, "no benchmark given; expected one of those of --help");
  for (size_t i = 0; i < options.argument_count && status == 0; ++i)
    status = run_named(&bench, options.arguments[i]);
  wx_progress_end(&bench.progress);
  if (status == 0)
    return wx_cli_finish(&options, &document, (WxFigure)bench.seed, WX_EXIT_OK);
  wx_document_free(&document);
  wx_options_free(&options);
  return status;
}
