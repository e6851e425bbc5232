// Whole programs on the newest runtime here, from start to end: each mode against W^X on, and on
// against itself.
#include "cli/bench.h"
#include "cli/bench_paired.h"
#include "cli/built.h"
#include "cli/say.h"
#include "cli/scenarios.h"
#include "os/process.h"
#include "scenario/validate.h"
#include "stats/interval.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
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
  LEAST_ROUNDS = 9,
  MOST_ROUNDS = WX_PAIRED_ROUNDS,
};

// Without --rounds a program is measured until its intervals are this narrow, or for so long.
static const double wanted_width = 0.02;
static const uint64_t longest_ns = 60000000000U;

/// What is measured of a run.
typedef enum { WALL, PROCESSOR, METRICS } Metric;

static const struct {
  const char *name;
  const char *title;
} metrics[METRICS] = {
    [WALL] = {"wall", "time of whole programs"},
    [PROCESSOR] = {"processor", "processor time of whole programs, user and system"},
};

typedef struct {
  WxBench *bench;
  const WxRuntime *runtime;
  char program[PATH_MAX];
  char preload[VARIANTS][PATH_MAX];
  char trace[sizeof TRACE]; ///< Where a recording goes, made anew each time.
  WxTable *tables[METRICS];
} Modes;

/// Seconds that one program took.
typedef struct {
  double seconds[METRICS][VARIANTS][MOST_ROUNDS];
  size_t rounds;
} Times;

// One run of one variant. Returns an exit status.
static int time_one(Modes *modes, const WxLoadedScenario *loaded, size_t variant, Times *times) {
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
  if (!failed) {
    times->seconds[WALL][variant][times->rounds] = (double)run.result.metrics.wall_ns / 1e9;
    times->seconds[PROCESSOR][variant][times->rounds] = (double)run.cpu_ns / 1e9;
  }
  wx_validation_free(&run);
  return status;
}

// Whether the wall times are compared well enough. The width is looked at, not where the interval
// lies, so that ending early favours no result.
static bool is_enough(const Modes *modes, const Times *times, uint64_t began) {
  if (modes->bench->rounds)
    return times->rounds == modes->bench->rounds;
  if (times->rounds == MOST_ROUNDS || wx_os_now_ns() - began > longest_ns)
    return true;
  bool enough = times->rounds >= LEAST_ROUNDS;
  for (size_t variant = 1; variant < VARIANTS && enough; ++variant) {
    WxInterval ratio;
    enough = !wx_interval_ratio(times->seconds[WALL][0], times->seconds[WALL][variant],
                                times->rounds, modes->bench->seed, &ratio) &&
             ratio.high - ratio.low <= wanted_width;
  }
  return enough;
}

// Every variant once a round, each round beginning with another one.
static int time_all(Modes *modes, const WxLoadedScenario *loaded, Times *times) {
  const uint64_t began = wx_os_now_ns();
  for (; !is_enough(modes, times, began); ++times->rounds) {
    wx_progress_show(&modes->bench->progress, "%s: round %zu", loaded->scenario->name,
                     times->rounds + 1);
    for (size_t turn = 0; turn < VARIANTS; ++turn) {
      const size_t variant = (times->rounds + turn) % VARIANTS;
      const int status = time_one(modes, loaded, variant, times);
      if (status)
        return status;
    }
  }
  return 0;
}

static int report(Modes *modes, const char *workload, const Times *times, Metric metric) {
  WxPaired paired = {.workload = workload,
                     .runtime = modes->runtime->version,
                     .metric = metrics[metric].name,
                     .count = VARIANTS,
                     .rounds = times->rounds};
  for (size_t variant = 0; variant < VARIANTS; ++variant) {
    paired.modes[variant] = variants[variant].name;
    paired.seconds[variant] = times->seconds[metric][variant];
  }
  return wx_bench_paired_report(modes->bench, modes->tables[metric], &paired);
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
  Times *times = calloc(1, sizeof *times);
  status = times ? time_all(modes, &loaded, times) : wx_cli_fail(verb, "out of memory");
  for (Metric metric = 0; times && metric < METRICS && status == 0; ++metric)
    status = report(modes, programs[index].workload, times, metric);
  free(times);
  wx_cli_loaded_free(&loaded);
  return status;
}

static int run_programs(Modes *modes) {
  for (Metric metric = 0; metric < METRICS; ++metric)
    modes->tables[metric] = wx_bench_paired_table(metrics[metric].title);
  int status = 0;
  for (size_t i = 0; i < PROGRAMS && status == 0; ++i)
    if (wx_bench_wants(modes->bench, programs[i].workload))
      status = run_program(modes, i);
  for (Metric metric = 0; metric < METRICS; ++metric)
    wx_document_add_table(modes->bench->document, modes->tables[metric]);
  wx_document_note(
      modes->bench->document,
      "The second `on` is the noise floor: a difference smaller than `noise` is none. Without "
      "--rounds a program runs at least %d rounds, until the intervals of its times are at most "
      "%.2f wide or a minute is over.",
      LEAST_ROUNDS, wanted_width);
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
  const char *names[PROGRAMS];
  for (size_t i = 0; i < PROGRAMS; ++i)
    names[i] = programs[i].workload;
  int status = wx_bench_check_parts(bench, names, PROGRAMS);
  if (!status)
    status = find_built(&modes);
  if (status)
    return status;
  WxRuntimes runtimes;
  if (wx_runtimes_find(&runtimes))
    return wx_cli_fail(verb, "cannot look for runtimes");
  modes.runtime = runtimes.count ? &runtimes.items[0] : NULL;
  status =
      modes.runtime
          ? run_recorded(&modes)
          : wx_cli_impossible(verb, "SKIP: no .NET runtime here; type: scripts/runtimes " WX_RUNTIME
                                    " (needs a .NET SDK), or set DOTNET_ROOT=FOLDER");
  wx_runtimes_free(&runtimes);
  return status;
}
