// `wxbench bench`: what things cost, always beside their peers and the noise of the same run.
#include "cli/bench.h"

#include "cli/say.h"
#include "cli/verb.h"
#include "os/interrupt.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const WxBenchmark benchmarks[] = {
#define ROW(NAME, SUMMARY) {#NAME, SUMMARY, wx_bench_##NAME},
    WX_BENCHMARKS(ROW)
#undef ROW
};

enum {
  BENCHMARKS = sizeof benchmarks / sizeof *benchmarks,
  KEY_STRATEGY = 's',
  KEY_ROUNDS = 256,
  KEY_PART,
  KEY_PEER,
  KEY_LIMIT,
  KEY_QUICK
};

static const uint64_t usual_limit_ns = UINT64_C(60) * 1000 * 1000 * 1000;

typedef struct {
  uint64_t rounds;
  const char **parts;
  size_t part_count;
  WxNames strategies;
  WxNames peers;
  uint64_t limit_ns;
  bool quick;
} Given;

static int add_part(Given *given, const char *name) {
  const char **parts = reallocarray(given->parts, given->part_count + 1, sizeof *parts);
  if (!parts)
    return ENOMEM;
  given->parts = parts;
  parts[given->part_count++] = name;
  return 0;
}

static error_t parse(int key, char *argument, struct argp_state *state) {
  Given *given = state->input;
  switch (key) {
  case KEY_ROUNDS:
    return wx_options_count(state, "--rounds", argument, 1, 1000, &given->rounds);
  case KEY_PART:
    return add_part(given, argument);
  case KEY_STRATEGY:
    return wx_names_add(state, &given->strategies, argument);
  case KEY_PEER:
    return wx_names_add(state, &given->peers, argument);
  case KEY_LIMIT:
    return wx_options_limit(state, argument, &given->limit_ns);
  case KEY_QUICK:
    given->quick = true;
    return 0;
  default:
    return ARGP_ERR_UNKNOWN;
  }
}

const WxBenchmark *wx_benchmark_at(size_t index) {
  return index < BENCHMARKS ? &benchmarks[index] : NULL;
}

bool wx_bench_wants(const WxBench *bench, const char *name) {
  for (size_t i = 0; i < bench->part_count; ++i)
    if (strcmp(bench->parts[i], name) == 0)
      return true;
  return bench->part_count == 0;
}

int wx_bench_check_parts(const WxBench *bench, const char *const *names, size_t count) {
  for (size_t i = 0; i < bench->part_count; ++i) {
    bool found = false;
    for (size_t at = 0; at < count; ++at)
      found |= strcmp(bench->parts[i], names[at]) == 0;
    if (!found)
      return wx_cli_unknown(bench->options->verb, "workload or part", bench->parts[i], names,
                            count);
  }
  return 0;
}

int wx_bench_no_times(const WxBench *bench, const char *what, int error) {
  return wx_cli_fail(bench->options->verb, "%s: %s", what,
                     error == -ENOMEM ? strerror(ENOMEM) : "no usable times");
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

static const char *benchmark_name(size_t index) {
  return index < BENCHMARKS ? benchmarks[index].name : NULL;
}

static const WxBenchmark *find(const char *name) {
  for (size_t i = 0; i < BENCHMARKS; ++i)
    if (strcmp(benchmarks[i].name, name) == 0)
      return &benchmarks[i];
  return NULL;
}

static int check_names(const WxOptions *options) {
  for (size_t i = 0; i < options->argument_count; ++i)
    if (!find(options->arguments[i]))
      return wx_cli_unknown_word(options->verb, "benchmark", options->arguments[i], benchmark_name);
  return options->argument_count
             ? 0
             : wx_cli_fail(options->verb, "no benchmark given; expected one of those of --help");
}

// Runs all that are named. One that cannot be had has said why; the others are kept.
static int run_all(WxBench *bench) {
  int status = 0;
  for (size_t i = 0; i < bench->options->argument_count && !wx_os_interrupted(); ++i) {
    const int ended = find(bench->options->arguments[i])->run(bench);
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
  for (size_t i = 0; i < BENCHMARKS && length < SUMMARY_SIZE; ++i)
    length += snprintf(text + length, (size_t)(SUMMARY_SIZE - length), "%s `%s`, %s", i ? ";" : "",
                       benchmarks[i].name, benchmarks[i].summary);
  if (length < SUMMARY_SIZE)
    snprintf(text + length, (size_t)(SUMMARY_SIZE - length),
             ". Every variant runs in every round, in rotated order; ratios are of pairs within a "
             "round, with a 95 %% interval, beside the ratio of a variant to itself.");
  return text;
}

static void free_given(Given *given) {
  free(given->parts);
  wx_names_free(&given->strategies);
  wx_names_free(&given->peers);
}

int wx_cli_bench(int argc, char **argv) {
  char names[WX_WORDS], arguments[WX_WORDS + 4], summary[SUMMARY_SIZE];
  snprintf(arguments, sizeof arguments, "%s...", wx_words_joined(names, benchmark_name, "|"));
  const WxOptionsSpec spec = {
      .arguments = arguments,
      .summary = write_summary(summary),
      .example = "  wxbench bench modes --workload hello --workload asm\n  wxbench bench reclaim "
                 "--rounds 15 --json reclaim.json",
      .options = own_options,
      .parse = parse,
  };
  WxOptions options;
  Given given = {.limit_ns = usual_limit_ns};
  if (!wx_options_parse(&options, &spec, argc, argv, &given)) {
    free_given(&given);
    return options.status;
  }
  WxDocument document;
  wx_document_init(&document, "bench");
  WxBench bench = {.options = &options,
                   .document = &document,
                   .progress = wx_progress_begin(options.quiet),
                   .rounds = given.rounds,
                   .seed = 1,
                   .parts = given.parts,
                   .part_count = given.part_count,
                   .strategies = given.strategies,
                   .peers = given.peers,
                   .limit_ns = given.limit_ns,
                   .quick = given.quick};
  int status = check_names(&options);
  if (status == 0)
    status = run_all(&bench);
  wx_progress_end(&bench.progress);
  free_given(&given);
  if (status == 0)
    return wx_cli_finish(&options, &document, (WxFigure)bench.seed,
                         bench.failed ? WX_EXIT_FAILED : WX_EXIT_OK);
  wx_document_free(&document);
  wx_options_free(&options);
  return status;
}
