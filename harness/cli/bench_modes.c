// Whole programs on the newest runtime here, from start to end: each mode against W^X on, and on
// against itself.
#include "cli/bench.h"
#include "cli/built.h"
#include "cli/say.h"
#include "cli/scenarios.h"
#include "scenario/validate.h"
#include "stats/interval.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// What is compared with `on`; the second `on` tells the noise of the run. Recording is `on` with
// another library preloaded.
static const struct {
  const char *name;
  const char *mode;
  const char *library; ///< Beside this program; NULL for none.
} variants[] = {
    {"on", "on", NULL},
    {"on", "on", NULL},
    {"off", "off", NULL},
    {"preload", "preload", "libwxreclaim.so"},
    {"record", "preload", "libwxrecord.so"},
};

#define TRACE "/tmp/wxbench.XXXXXX"

// Small enough that a round lasts for seconds.
static const struct {
  const char *workload;
  WxSetting settings[3];
  size_t setting_count;
} programs[] = {
    {"hello", {{0}}, 0},
    {"asm", {{(char[]){"count"}, "200"}}, 1},
    {"dyn",
     {{(char[]){"rounds"}, "2"}, {(char[]){"size"}, "1000"}, {(char[]){"drift"}, "1000"}},
     3},
    {"regex", {{0}}, 0},
    {"expr", {{0}}, 0},
};

enum {
  VARIANTS = sizeof variants / sizeof *variants,
  PROGRAMS = sizeof programs / sizeof *programs,
  ROUNDS = 9,
};

typedef struct {
  WxBench *bench;
  const WxRuntime *runtime;
  char program[PATH_MAX];
  char preload[VARIANTS][PATH_MAX];
  char trace[sizeof TRACE]; ///< Where a recording goes, made anew each time.
  WxTable *table;
} Modes;

// One run of one variant. Returns an exit status.
static int time_one(Modes *modes, const WxLoadedScenario *loaded, size_t variant, double *seconds) {
  const WxValidationOrder order = {
      .parameters = &loaded->parameters,
      .runtime = modes->runtime,
      .mode = wx_mode_find(variants[variant].mode),
      .program = modes->program,
      .preload = modes->preload[variant],
  };
  WxValidation run;
  (void)unlink(modes->trace);
  const int failed = wx_validate(&order, &run);
  const int status = failed
                         ? wx_cli_fail(modes->bench->options->verb, "%s, %s: %s",
                                       loaded->scenario->name, variants[variant].name, run.problem)
                         : 0;
  if (!failed)
    *seconds = (double)run.result.metrics.wall_ns / 1e9;
  wx_validation_free(&run);
  return status;
}

// Every variant once a round, each round beginning with another one.
static int time_all(Modes *modes, const WxLoadedScenario *loaded, double *times, size_t rounds) {
  for (size_t round = 0; round < rounds; ++round) {
    wx_progress_show(&modes->bench->progress, "%s: round %zu of %zu", loaded->scenario->name,
                     round + 1, rounds);
    for (size_t turn = 0; turn < VARIANTS; ++turn) {
      const size_t variant = (round + turn) % VARIANTS;
      const int status = time_one(modes, loaded, variant, &times[variant * rounds + round]);
      if (status)
        return status;
    }
  }
  return 0;
}

static void add_row(Modes *modes, const char *workload, const char *mode, const WxInterval *ratio,
                    double noise, double median) {
  const WxCell cells[] = {
      wx_text(workload),
      wx_text(mode),
      wx_ratio(ratio->median),
      wx_ratio(ratio->low),
      wx_ratio(ratio->high),
      wx_ratio(noise),
      wx_figure((WxFigure)llround(median * 1e9)),
  };
  wx_table_add(modes->table, cells);
  wx_document_add_result(modes->bench->document,
                         json_pack("{s:s, s:s, s:s, s:s, s:f, s:f, s:f, s:I, s:f, s:f}",
                                   "benchmark", "modes", "workload", workload, "mode", mode,
                                   "runtime", modes->runtime->version, "ratio", ratio->median,
                                   "ci_low", ratio->low, "ci_high", ratio->high, "n",
                                   (json_int_t)ratio->n, "noise", noise, "median_s", median));
}

static int report(Modes *modes, const char *workload, const double *times, size_t rounds) {
  const uint64_t seed = modes->bench->seed;
  WxInterval same;
  if (wx_interval_ratio(times, times + rounds, rounds, seed, &same))
    return wx_cli_fail(modes->bench->options->verb, "%s: no usable times", workload);
  const double noise = wx_interval_noise(&same);
  for (size_t variant = 1; variant < VARIANTS; ++variant) {
    WxInterval ratio, median;
    if (wx_interval_ratio(times, times + variant * rounds, rounds, seed, &ratio) ||
        wx_interval_median(times + variant * rounds, rounds, seed, &median))
      return wx_cli_fail(modes->bench->options->verb, "%s: no usable times", workload);
    add_row(modes, workload, variants[variant].name, &ratio, noise, median.median);
  }
  return 0;
}

static int run_program(Modes *modes, size_t index) {
  WxSetting settings[3];
  for (size_t i = 0; i < programs[index].setting_count; ++i)
    settings[i] = programs[index].settings[i];
  const WxSettings given = {settings, programs[index].setting_count};
  WxLoadedScenario loaded;
  const char *verb = modes->bench->options->verb;
  int status = wx_cli_load_scenario(verb, "workload", "scenarios/workloads",
                                    programs[index].workload, &given, &loaded);
  if (status)
    return status;
  const size_t rounds = modes->bench->rounds ? (size_t)modes->bench->rounds : ROUNDS;
  double *times = calloc(VARIANTS * rounds, sizeof *times);
  status = times ? time_all(modes, &loaded, times, rounds) : wx_cli_fail(verb, "out of memory");
  if (status == 0)
    status = report(modes, programs[index].workload, times, rounds);
  free(times);
  wx_cli_loaded_free(&loaded);
  return status;
}

static int run_programs(Modes *modes) {
  static const WxColumn columns[] = {
      {"workload", WX_TEXT}, {"mode", WX_TEXT},   {"time / on", WX_RATIO}, {"95 % low", WX_RATIO},
      {"high", WX_RATIO},    {"noise", WX_RATIO}, {"median", WX_NS},
  };
  modes->table = wx_table_new("time of whole programs", columns, sizeof columns / sizeof *columns);
  int status = 0;
  for (size_t i = 0; i < PROGRAMS && status == 0; ++i)
    status = run_program(modes, i);
  wx_document_add_table(modes->bench->document, modes->table);
  wx_document_note(
      modes->bench->document,
      "The second `on` is the noise floor: a difference smaller than `noise` is none.");
  return status;
}

static int find_built(Modes *modes) {
  const char *verb = modes->bench->options->verb;
  int status = wx_cli_find_built(verb, "workloads/wxworkload.dll", "scripts/build-workloads",
                                 modes->program);
  for (size_t i = 0; i < VARIANTS && status == 0; ++i)
    if (variants[i].library)
      status = wx_cli_find_built(verb, variants[i].library, "make", modes->preload[i]);
  return status;
}

// Recordings go to a file that is made here and removed at the end.
static int run_recorded(Modes *modes) {
  memcpy(modes->trace, TRACE, sizeof TRACE);
  const int fd = mkostemp(modes->trace, O_CLOEXEC);
  if (fd < 0 || setenv("WXRECORD", modes->trace, 1))
    return wx_cli_fail(modes->bench->options->verb, "cannot make '%s': %s", modes->trace,
                       strerror(errno));
  (void)close(fd);
  const int status = run_programs(modes);
  (void)unlink(modes->trace);
  return status;
}

int wx_bench_modes(WxBench *bench) {
  Modes modes = {.bench = bench};
  const char *verb = bench->options->verb;
  int status = find_built(&modes);
  if (status)
    return status;
  WxRuntimes runtimes;
  if (wx_runtimes_find(&runtimes))
    return wx_cli_fail(verb, "cannot look for runtimes");
  modes.runtime = runtimes.count ? &runtimes.items[0] : NULL;
  status = modes.runtime
               ? run_recorded(&modes)
               : wx_cli_impossible(verb, "SKIP: no .NET runtime here; type: scripts/runtimes "
                                         "10.0.14 (needs a .NET SDK), or set DOTNET_ROOT=FOLDER");
  wx_runtimes_free(&runtimes);
  return status;
}
