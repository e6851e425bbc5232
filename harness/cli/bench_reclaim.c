// What a live reclaim costs: its pauses beside freezing and thawing alone, its time beside
// `fallocate -d` of the stopped process, and the freezers side by side.
#include "cli/bench.h"
#include "cli/bench_freezers.h"
#include "cli/bench_service.h"
#include "cli/bench_target.h"
#include "cli/say.h"
#include "os/control.h"
#include "os/os.h"
#include "os/process.h"
#include "reclaim/find.h"
#include "reclaim/pauses.h"
#include "reclaim/reclaim.h"
#include "stats/interval.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ROUNDS = 5, FREEZES = 100, MIB = 1024 * 1024 };

#define FREEZERS "freezers"
#define SERVICE  "service"

static const struct {
  const char *part;
  const char *name;
  uint64_t bytes;
  WxTargetLoad load;
} cases[] = {
    {"200MiB-idle", "200 MiB, idle", (uint64_t)200 * MIB, WX_TARGET_IDLE},
    {"200MiB-busy", "200 MiB, 8 busy threads", (uint64_t)200 * MIB, WX_TARGET_BUSY},
    {"2GiB-idle", "2 GiB, idle", (uint64_t)2048 * MIB, WX_TARGET_IDLE},
    {"2GiB-busy", "2 GiB, 8 busy threads", (uint64_t)2048 * MIB, WX_TARGET_BUSY},
};

/// What is done in every round, once each; what is compared with itself stands there twice.
typedef enum { LIVE, DIG, DIG_AGAIN, ALONE, ALONE_AGAIN, VARIANTS } Variant;

static const char *const variants[VARIANTS] = {
    [LIVE] = "live",
    [DIG] = "fallocate -d",
    [DIG_AGAIN] = "fallocate -d, again",
    [ALONE] = "freeze and thaw alone",
    [ALONE_AGAIN] = "freeze and thaw alone, again",
};

enum { CASES = sizeof cases / sizeof *cases };

/// The measurements of one variant of one case.
typedef struct {
  double *wall_ns; ///< Of a whole run, one a round.
  double *held_ns; ///< All pauses of a round together.
  WxPauseLog log;  ///< The pauses of all rounds.
  size_t gave_up;  ///< Rounds in which the target could not be stopped in time.
} Measured;

static int fail(const WxBench *bench, int error, const char *what) {
  return wx_cli_fail(bench->options->verb, "%s: %s", what, strerror(-error));
}

static int find_path(pid_t pid, char *path, size_t size) {
  WxMaps maps = {0};
  WxMemfds memfds = {0};
  const int failed = wx_reclaim_find(&memfds, pid, &maps, NULL);
  if (!failed)
    (void)snprintf(path, size, "/proc/%d/fd/%d", (int)pid, memfds.items[0].number);
  wx_memfds_free(&memfds);
  wx_maps_free(&maps);
  return failed;
}

// SIGSTOP, `fallocate -d` on the memfd, SIGCONT, as one would by hand.
static int dig_holes(const WxBenchTarget *target, Measured *measured) {
  char path[64];
  int failed = find_path(target->pid, path, sizeof path);
  if (failed)
    return failed;
  char *arguments[] = {"fallocate", "-d", path, NULL};
  const uint64_t began = wx_os_now_ns();
  failed = wx_os_kill(target->pid, SIGSTOP);
  const pid_t child = failed ? failed : wx_os_fork();
  if (child == 0) {
    (void)wx_os_exec(arguments, environ);
    _exit(127);
  }
  int status = 1;
  if (child > 0)
    (void)wx_os_wait(child, 0, &status, NULL);
  (void)wx_os_kill(target->pid, SIGCONT);
  wx_pauses_add(&measured->log, wx_os_now_ns() - began);
  return child < 0 ? child : status ? -ENOSYS : 0;
}

// Not in time on a machine that is busy with something else: its time counts, and it is said.
static int reclaim(const WxBenchTarget *target, Measured *measured) {
  const WxReclaimOptions options = {.log = &measured->log};
  WxReclaim result;
  const int failed = wx_reclaim_once(target->pid, &options, &result, NULL);
  measured->gave_up += failed == -ETIMEDOUT;
  return failed == -ETIMEDOUT ? 0 : failed;
}

static int freeze_alone(const WxBenchTarget *target, Measured *measured) {
  WxFreezesAlone alone = {.log = measured->log};
  const int failed = wx_bench_freeze_alone(wx_freezer_at(0), target->pid, FREEZES, &alone);
  measured->log = alone.log;
  return failed;
}

static int (*const runs[VARIANTS])(const WxBenchTarget *target, Measured *measured) = {
    [LIVE] = reclaim,
    [DIG] = dig_holes,
    [DIG_AGAIN] = dig_holes,
    [ALONE] = freeze_alone,
    [ALONE_AGAIN] = freeze_alone,
};

static int run_variant(WxBenchTarget *target, Variant variant, size_t round, Measured *measured) {
  int failed = wx_bench_target_fill(target); // Each begins from the same state.
  if (failed)
    return failed;
  const uint64_t held = measured->log.total_ns;
  const uint64_t began = wx_os_now_ns();
  failed = runs[variant](target, measured);
  measured->wall_ns[round] = (double)(wx_os_now_ns() - began);
  measured->held_ns[round] = (double)(measured->log.total_ns - held);
  return failed;
}

// In every round each variant once, in rotated order.
static int measure_rounds(WxBench *bench, size_t index, Measured *measured, size_t rounds) {
  WxBenchTarget target;
  int failed = wx_bench_target_start(&target, cases[index].bytes, cases[index].load);
  if (failed)
    return fail(bench, failed, cases[index].name);
  for (size_t round = 0; round < rounds && !failed; ++round) {
    wx_progress_show(&bench->progress, "%s: round %zu of %zu", cases[index].name, round + 1,
                     rounds);
    for (size_t turn = 0; turn < VARIANTS && !failed; ++turn) {
      const Variant variant = (Variant)((round + turn) % VARIANTS);
      failed = run_variant(&target, variant, round, &measured[variant]);
    }
  }
  wx_bench_target_end(&target);
  if (failed == -ENOSYS)
    return wx_cli_impossible(bench->options->verb, "SKIP: no `fallocate -d` (util-linux) here");
  return failed ? fail(bench, failed, cases[index].name) : 0;
}

// A row of the table. Freezing alone has no time that could be compared with digging.
static int report_variant(WxBench *bench, WxTable *table, size_t index, const Measured *measured,
                          Variant variant, size_t rounds) {
  const Measured *own = &measured[variant];
  const double *base = measured[DIG].wall_ns;
  WxInterval wall, held, ratio, held_ratio;
  if (wx_interval_ratio(base, own->wall_ns, rounds, bench->seed, &ratio) ||
      wx_interval_ratio(base, own->held_ns, rounds, bench->seed, &held_ratio) ||
      wx_interval_median(own->wall_ns, rounds, bench->seed, &wall) ||
      wx_interval_median(own->held_ns, rounds, bench->seed, &held))
    return wx_cli_fail(bench->options->verb, "%s: no usable times", cases[index].name);
  if (variant >= ALONE)
    ratio = held_ratio = (WxInterval){NAN, NAN, NAN, 0};
  const WxPauses pauses = wx_pauses_summary(&own->log);
  wx_table_add(table,
               (WxCell[]){wx_text(cases[index].name), wx_text(variants[variant]),
                          wx_figure((WxFigure)pauses.count), wx_figure((WxFigure)pauses.p50_ns),
                          wx_figure((WxFigure)pauses.p99_ns), wx_figure((WxFigure)pauses.max_ns),
                          wx_figure((WxFigure)pauses.abandoned),
                          wx_figure((WxFigure)llround(held.median)), wx_ratio(held_ratio.median),
                          wx_figure((WxFigure)llround(wall.median)), wx_ratio(ratio.median),
                          wx_ratio(ratio.low), wx_ratio(ratio.high)});
  json_t *result = json_pack(
      "{s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "benchmark", "reclaim", "case",
      cases[index].name, "variant", variants[variant], "pauses", (json_int_t)pauses.count, "p50_ns",
      (json_int_t)pauses.p50_ns, "p99_ns", (json_int_t)pauses.p99_ns, "max_ns",
      (json_int_t)pauses.max_ns, "abandoned", (json_int_t)pauses.abandoned, "held_ns",
      (json_int_t)llround(held.median), "wall_ns", (json_int_t)llround(wall.median));
  if (result && variant < ALONE) {
    json_t *ratios = json_pack("{s:f, s:f, s:f, s:f}", "held_ratio", held_ratio.median, "ratio",
                               ratio.median, "ci_low", ratio.low, "ci_high", ratio.high);
    (void)json_object_update_new(result, ratios);
  }
  wx_document_add_result(bench->document, result);
  return 0;
}

static int report_case(WxBench *bench, WxTable *table, size_t index, const Measured *measured,
                       size_t rounds) {
  int status = 0;
  for (Variant variant = 0; variant < VARIANTS && !status; ++variant)
    status = report_variant(bench, table, index, measured, variant, rounds);
  if (!status && measured[LIVE].gave_up)
    wx_document_note(bench->document,
                     "%s: in %zu of %zu rounds it could not be stopped in time and was left alone: "
                     "something else keeps the processors busy.",
                     cases[index].name, measured[LIVE].gave_up, rounds);
  return status;
}

// Twice what the target takes has to be free.
static bool has_memory(uint64_t bytes) {
  return (uint64_t)sysconf(_SC_AVPHYS_PAGES) * wx_os_page_size() > 2 * bytes;
}

static int run_case(WxBench *bench, WxTable *table, size_t index) {
  if (!has_memory(cases[index].bytes)) {
    wx_document_note(bench->document, "%s: SKIP: not enough free memory.", cases[index].name);
    return 0;
  }
  const size_t rounds = bench->rounds ? (size_t)bench->rounds : ROUNDS;
  Measured *measured = calloc(VARIANTS, sizeof *measured);
  double *times = calloc(2 * VARIANTS * rounds, sizeof *times);
  int status = measured && times ? 0 : wx_cli_fail(bench->options->verb, "out of memory");
  for (size_t i = 0; i < VARIANTS && !status; ++i) {
    measured[i].wall_ns = times + 2 * i * rounds;
    measured[i].held_ns = times + (2 * i + 1) * rounds;
  }
  if (!status)
    status = measure_rounds(bench, index, measured, rounds);
  if (!status)
    status = report_case(bench, table, index, measured, rounds);
  free(times);
  free(measured);
  return status;
}

static int run_cases(WxBench *bench) {
  static const WxColumn columns[] = {
      {"retained", WX_TEXT},
      {"what", WX_TEXT},
      {"pauses", WX_COUNT},
      {"median", WX_NS},
      {"p99", WX_NS},
      {"longest", WX_NS},
      {"abandoned", WX_COUNT},
      {"held in all", WX_NS},
      {"/ fallocate -d", WX_RATIO},
      {"whole time", WX_NS},
      {"/ fallocate -d", WX_RATIO},
      {"95 % low", WX_RATIO},
      {"high", WX_RATIO},
  };
  WxTable *table = wx_table_new("live reclaim beside one `fallocate -d` of the stopped process",
                                columns, sizeof columns / sizeof *columns);
  int status = 0;
  bool any = false;
  for (size_t i = 0; i < CASES && !status; ++i)
    if (wx_bench_wants(bench, cases[i].part)) {
      any = true;
      status = run_case(bench, table, i);
    }
  if (!any) {
    wx_table_free(table);
    return status;
  }
  wx_document_add_table(bench->document, table);
  wx_document_note(bench->document,
                   "Budget 2 ms a pause, from before the first interrupt to after the last detach; "
                   "the quantiles are over the pauses of all rounds. An attempt that is abandoned "
                   "holds the process for 1.4 ms at most and is not among them.");
  wx_document_note(bench->document,
                   "`held in all` is the sum of a round's pauses. `whole time` is a whole reclaim, "
                   "from finding the memfd to the last page, of which the process runs at least "
                   "half; `fallocate -d` holds it all the time.");
  return status;
}

int wx_bench_reclaim(WxBench *bench) {
  const char *names[CASES + 2] = {FREEZERS, SERVICE};
  for (size_t i = 0; i < CASES; ++i)
    names[i + 2] = cases[i].part;
  int status = wx_bench_check_parts(bench, names, CASES + 2);
  if (!status && wx_bench_wants(bench, FREEZERS))
    status = wx_bench_freezers(bench);
  if (!status && wx_bench_wants(bench, SERVICE))
    status = wx_bench_service(bench);
  return status ? status : run_cases(bench);
}
