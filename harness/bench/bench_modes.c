// Whole programs on the newest runtime here, from start to end: each mode against W^X on, and on
// against itself.
#include "bench/benchmark.h"
#include "os/interrupt.h"
#include "os/process.h"
#include "output/paired_table.h"
#include "output/result_json.h"
#include "scenario/built.h"
#include "scenario/loaded.h"
#include "scenario/run_turns.h"
#include "scenario/runtimes.h"

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
    {"asm", {{"count", "200"}}, 1},
    {"dyn", {{"rounds", "2"}, {"size", "1000"}, {"drift", "1000"}}, 3},
    {"regex", {{0}}, 0},
    {"expr", {{0}}, 0},
};

enum {
  VARIANTS = sizeof variants / sizeof *variants,
  PROGRAMS = sizeof programs / sizeof *programs,
  LEAST_ROUNDS = 10, // Each variant at each place twice.
};

// Without --rounds a program is measured until its intervals are this narrow, or for so long.
static const double wanted_width = 0.02;
static const uint64_t longest_ns = 60000000000U;

// What is compared of a run, a table each.
static const struct {
  WxTurnsMetric metric;
  const char *title;
} metrics[] = {
    {WX_WALL, "time of whole programs"},
    {WX_PROCESSOR, "processor time of whole programs, user and system"},
};

enum { METRICS = sizeof metrics / sizeof *metrics };

typedef struct {
  WxBench *bench;
  const WxInstalledRuntime *runtime;
  const WxLoadedScenario *loaded; ///< The program that is measured now.
  char program[PATH_MAX];
  char preload[VARIANTS][PATH_MAX];
  char trace[sizeof TRACE]; ///< Where a recording goes, made anew each time.
  WxTable *tables[METRICS];
} Modes;

// One run of one variant.
static int run_variant(void *context, size_t variant, WxValidation *run) {
  const Modes *modes = context;
  const WxValidationOrder order = {
      .parameters = &modes->loaded->parameters,
      .runtime = modes->runtime,
      .mode = wx_mode_find(variants[variant].mode),
      .program = modes->program,
      .preload = modes->preload[variant],
      .time_limit_ns = WX_USUAL_LIMIT_NS,
      .unsampled = true,
  };
  (void)unlink(modes->trace);
  return wx_validate(&order, run)
             ? wx_problem(&modes->bench->problem, -EINVAL, "%s, %s: %s",
                          modes->loaded->scenario->name, variants[variant].name, run->problem)
             : 0;
}

static bool is_narrow(const WxTurns *turns, size_t variant) {
  WxPaired paired;
  return turns->variants[variant].left || (!wx_turns_compare(turns, variant, WX_WALL, &paired) &&
                                           paired.ratio.high - paired.ratio.low <= wanted_width);
}

// Whether the wall times are compared well enough. The width is looked at, not where the interval
// lies, so that ending early favours no result.
static bool is_enough(const Modes *modes, const WxTurns *turns, uint64_t began) {
  if (!wx_turns_go_on(turns))
    return true;
  if (modes->bench->rounds)
    return turns->rounds == modes->bench->rounds;
  if (wx_os_now_ns() - began > longest_ns)
    return true;
  bool enough = turns->rounds >= LEAST_ROUNDS;
  for (size_t variant = 1; variant < VARIANTS && enough; ++variant)
    enough = is_narrow(turns, variant);
  return enough;
}

static int run_rounds(Modes *modes, WxTurns *turns) {
  const uint64_t began = wx_os_now_ns();
  int status = 0;
  while (status == 0 && !is_enough(modes, turns, began)) {
    wx_progress_show(&modes->bench->progress, "%s: round %zu", modes->loaded->scenario->name,
                     turns->rounds + 1);
    status = wx_turns_round(turns);
  }
  return status;
}

// Adds the names of a row to its numbers, or to how it ended, and the row to the document.
static void add_result(const Modes *modes, const char *mode, json_t *row) {
  const int lost =
      !row || json_object_set_new(row, "benchmark", json_string("modes")) ||
      json_object_set_new(row, "workload", json_string(modes->loaded->scenario->name)) ||
      json_object_set_new(row, "mode", json_string(mode)) ||
      json_object_set_new(row, "runtime", json_string(modes->runtime->version));
  modes->bench->document->lost |= lost;
  wx_document_add_result(modes->bench->document, row);
}

static void report_left(const Modes *modes, const WxTurnsVariant *variant) {
  json_t *row = json_pack("{s:o}", "ended", wx_ended_json(&variant->ended));
  if (row)
    add_result(modes, variant->name, json_incref(row));
  wx_result_note(modes->bench->document, row);
  json_decref(row);
  modes->bench->failed = true;
}

static void report_compared(const Modes *modes, const WxTurns *turns, size_t variant) {
  const char *name = turns->variants[variant].name;
  for (size_t i = 0; i < METRICS; ++i) {
    WxPaired paired;
    if (wx_turns_compare(turns, variant, metrics[i].metric, &paired))
      continue;
    wx_paired_table_add(modes->tables[i], modes->loaded->scenario->name, name,
                        modes->runtime->version, &paired);
    json_t *row = wx_paired_json(&paired);
    if (row)
      modes->bench->document->lost |=
          json_object_set_new(row, "time", json_string(wx_turns_metric_name(metrics[i].metric)));
    add_result(modes, name, row);
  }
}

static int measure_program(Modes *modes) {
  WxTurns turns = {.count = VARIANTS, .start = run_variant, .context = modes};
  for (size_t i = 0; i < VARIANTS; ++i)
    turns.variants[i].name = variants[i].name;
  const int failed = wx_turns_begin(&turns);
  int status = failed ? wx_problem(&modes->bench->problem, -EINVAL, "%s", strerror(-failed))
                      : run_rounds(modes, &turns);
  for (size_t i = 0; i < VARIANTS && status == 0; ++i) {
    if (turns.variants[i].left)
      report_left(modes, &turns.variants[i]);
    else if (i > 0)
      report_compared(modes, &turns, i);
  }
  wx_turns_free(&turns);
  return status;
}

static int run_program(Modes *modes, size_t index) {
  const WxScenarioAsked asked = {"workload", "scenarios/workloads", programs[index].workload,
                                 programs[index].settings, programs[index].setting_count};
  WxLoadedScenario loaded;
  int status = wx_loaded_scenario(&asked, &loaded, &modes->bench->problem);
  if (status)
    return status;
  modes->loaded = &loaded;
  status = measure_program(modes);
  modes->loaded = NULL;
  wx_loaded_free(&loaded);
  return status;
}

static int run_programs(Modes *modes) {
  for (size_t i = 0; i < METRICS; ++i)
    modes->tables[i] = wx_paired_table(metrics[i].title, variants[0].name);
  int status = 0;
  for (size_t i = 0; i < PROGRAMS && status == 0 && !wx_os_interrupted(); ++i)
    if (wx_bench_wants(modes->bench, programs[i].workload))
      status = run_program(modes, i);
  for (size_t i = 0; i < METRICS; ++i)
    wx_document_add_table(modes->bench->document, modes->tables[i]);
  wx_document_note(
      modes->bench->document,
      "The second `on` is the noise floor: a difference smaller than `noise` is none. Without "
      "--rounds a program runs at least %d rounds, until the intervals of its times are at most "
      "%.2f wide or a minute is over.",
      LEAST_ROUNDS, wanted_width);
  return status;
}

static int find_built(Modes *modes) {
  WxProblem *problem = &modes->bench->problem;
  int status = wx_built_workload(modes->program, problem);
  for (size_t i = 0; i < VARIANTS && status == 0; ++i)
    if (variants[i].library)
      status = wx_built_preload(variants[i].library, modes->preload[i], problem);
  return status;
}

// Recordings go to a file that is made here and removed at the end.
static int run_recorded(Modes *modes) {
  memcpy(modes->trace, TRACE, sizeof TRACE);
  const int fd = mkostemp(modes->trace, O_CLOEXEC);
  if (fd < 0 || setenv("WXRECORD", modes->trace, 1))
    return wx_problem(&modes->bench->problem, -EINVAL, "cannot make '%s': %s", modes->trace,
                      strerror(errno));
  (void)close(fd);
  const int status = run_programs(modes);
  (void)unlink(modes->trace);
  return status;
}

int wx_bench_modes(WxBench *bench) {
  Modes modes = {.bench = bench};
  const char *names[PROGRAMS];
  for (size_t i = 0; i < PROGRAMS; ++i)
    names[i] = programs[i].workload;
  int status = wx_bench_check_parts(bench, names, PROGRAMS);
  if (!status)
    status = find_built(&modes);
  if (status)
    return status;
  (void)wx_os_interrupt_begin();
  WxRuntimes runtimes;
  if (wx_runtimes_find(&runtimes))
    return wx_problem(&bench->problem, -EINVAL, "cannot look for runtimes");
  modes.runtime = runtimes.count ? &runtimes.items[0] : NULL;
  status = modes.runtime ? run_recorded(&modes) : wx_no_runtime(NULL, &bench->problem);
  wx_runtimes_free(&runtimes);
  return status;
}
