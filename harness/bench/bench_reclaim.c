// What a live reclaim costs: its pauses beside freezing and thawing alone, its time beside
// `fallocate -d` of the stopped process, and the freezers side by side.
#include "bench/bench_reports.h"

#include "bench/bench_target.h"
#include "os/os.h"
#include "os/process.h"
#include "output/json.h"
#include "reclaim/find.h"
#include "reclaim/reclaim.h"
#include "stats/interval.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
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

enum { CASES = sizeof cases / sizeof *cases };

/* The ways of giving memory back
 * -------------------------------------------------------------------------------------------------
 */

static int find_path(pid_t pid, char *path, size_t size) {
  WxMaps maps = {0};
  WxMemfds memfds = {0};
  const int failed = wx_reclaim_find(&memfds, pid, &maps, WX_DOUBLEMAPPER_NAME, NULL);
  if (!failed)
    (void)snprintf(path, size, "/proc/%d/fd/%d", (int)pid, memfds.items[0].number);
  wx_memfds_free(&memfds);
  wx_maps_free(&maps);
  return failed;
}

// SIGSTOP, `fallocate -d` on the memfd, SIGCONT, as one would by hand.
static int dig_holes(const WxBenchTarget *target, WxMeasured *measured) {
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
static int reclaim(const WxBenchTarget *target, WxMeasured *measured) {
  const WxReclaimOptions options = {.log = &measured->log, .memfd = WX_DOUBLEMAPPER_NAME};
  WxReclaim result;
  const int failed = wx_reclaim_once(target->pid, &options, &result, NULL);
  measured->gave_up += failed == -ETIMEDOUT;
  return failed == -ETIMEDOUT ? 0 : failed;
}

static int freeze_alone(const WxBenchTarget *target, WxMeasured *measured) {
  WxFreezesAlone alone = {.log = measured->log};
  const int failed = wx_bench_freeze_alone(wx_freezer_at(0), target->pid, FREEZES, &alone);
  measured->log = alone.log;
  return failed;
}

const WxBenchRun wx_bench_variants[WX_BENCH_VARIANTS] = {
    [WX_BENCH_LIVE] = {"live", reclaim},
    [WX_BENCH_DIG] = {"fallocate -d", dig_holes},
    [WX_BENCH_DIG_AGAIN] = {"fallocate -d, again", dig_holes},
    [WX_BENCH_ALONE] = {"freeze and thaw alone", freeze_alone},
    [WX_BENCH_ALONE_AGAIN] = {"freeze and thaw alone, again", freeze_alone},
};

/* Rounds and cases
 * -------------------------------------------------------------------------------------------------
 */

static int fail(WxBench *bench, int error, const char *what) {
  return wx_problem(&bench->problem, -EINVAL, "%s: %s", what, strerror(-error));
}

static int run_variant(WxBenchTarget *target, WxBenchVariant variant, size_t round,
                       WxMeasured *measured) {
  int failed = wx_bench_target_fill(target); // Each begins from the same state.
  if (failed)
    return failed;
  const uint64_t held = measured->log.total_ns;
  const uint64_t began = wx_os_now_ns();
  failed = wx_bench_variants[variant].run(target, measured);
  measured->wall_ns[round] = (double)(wx_os_now_ns() - began);
  measured->held_ns[round] = (double)(measured->log.total_ns - held);
  return failed;
}

// In every round each variant once, in rotated order.
static int measure_rounds(WxBench *bench, size_t index, WxMeasured *measured, size_t rounds) {
  WxBenchTarget target;
  int failed = wx_bench_target_start(&target, cases[index].bytes, cases[index].load);
  if (failed)
    return fail(bench, failed, cases[index].name);
  for (size_t round = 0; round < rounds && !failed; ++round) {
    wx_progress_show(&bench->progress, "%s: round %zu of %zu", cases[index].name, round + 1,
                     rounds);
    for (size_t turn = 0; turn < WX_BENCH_VARIANTS && !failed; ++turn) {
      const WxBenchVariant variant = (WxBenchVariant)((round + turn) % WX_BENCH_VARIANTS);
      failed = run_variant(&target, variant, round, &measured[variant]);
    }
  }
  wx_bench_target_end(&target);
  if (failed == -ENOSYS)
    return wx_problem(&bench->problem, -ENOTSUP, "SKIP: no `fallocate -d` (util-linux) here");
  return failed ? fail(bench, failed, cases[index].name) : 0;
}

// A row of the table. Freezing alone has no time that could be compared with digging.
static int report_variant(WxBench *bench, WxTable *table, size_t index, const WxMeasured *measured,
                          WxBenchVariant variant, size_t rounds) {
  const WxMeasured *own = &measured[variant];
  const double *base = measured[WX_BENCH_DIG].wall_ns;
  WxInterval wall, held, ratio, held_ratio;
  int failed = wx_interval_ratio(base, own->wall_ns, rounds, bench->seed, &ratio);
  if (!failed)
    failed = wx_interval_ratio(base, own->held_ns, rounds, bench->seed, &held_ratio);
  if (!failed)
    failed = wx_interval_median(own->wall_ns, rounds, bench->seed, &wall);
  if (!failed)
    failed = wx_interval_median(own->held_ns, rounds, bench->seed, &held);
  if (failed)
    return wx_bench_no_times(bench, cases[index].name, failed);
  if (variant >= WX_BENCH_ALONE)
    ratio = held_ratio = (WxInterval){NAN, NAN, NAN, 0};
  const WxPauses pauses = wx_pauses_summary(&own->log);
  wx_table_add(table,
               (WxCell[]){wx_text(cases[index].name), wx_text(wx_bench_variants[variant].name),
                          wx_figure((WxFigure)pauses.count),
                          wx_figure(wx_pauses_length(&pauses, pauses.p50_ns)),
                          wx_figure(wx_pauses_length(&pauses, pauses.p99_ns)),
                          wx_figure(wx_pauses_length(&pauses, pauses.max_ns)),
                          wx_figure((WxFigure)pauses.abandoned),
                          wx_figure((WxFigure)llround(held.median)), wx_ratio(held_ratio.median),
                          wx_figure((WxFigure)llround(wall.median)), wx_ratio(ratio.median),
                          wx_ratio(ratio.low), wx_ratio(ratio.high)});
  json_t *result = json_pack(
      "{s:s, s:s, s:s, s:I, s:o, s:o, s:o, s:I, s:I, s:I}", "benchmark", "reclaim", "case",
      cases[index].name, "variant", wx_bench_variants[variant].name, "pauses",
      (json_int_t)pauses.count, "p50_ns", wx_json_figure(wx_pauses_length(&pauses, pauses.p50_ns)),
      "p99_ns", wx_json_figure(wx_pauses_length(&pauses, pauses.p99_ns)), "max_ns",
      wx_json_figure(wx_pauses_length(&pauses, pauses.max_ns)), "abandoned",
      (json_int_t)pauses.abandoned, "held_ns", (json_int_t)llround(held.median), "wall_ns",
      (json_int_t)llround(wall.median));
  if (result && variant < WX_BENCH_ALONE) {
    json_t *ratios = json_pack("{s:f, s:f, s:f, s:f}", "held_ratio", held_ratio.median, "ratio",
                               ratio.median, "ci_low", ratio.low, "ci_high", ratio.high);
    if (json_object_update_new(result, ratios))
      bench->document->lost = true;
  }
  wx_document_add_result(bench->document, result);
  return 0;
}

int wx_bench_reclaim_report(WxBench *bench, WxTable *table, size_t index,
                            const WxMeasured *measured, size_t rounds) {
  int status = 0;
  for (WxBenchVariant variant = 0; variant < WX_BENCH_VARIANTS && !status; ++variant)
    status = report_variant(bench, table, index, measured, variant, rounds);
  if (!status && measured[WX_BENCH_LIVE].gave_up)
    wx_document_note(bench->document,
                     "%s: in %zu of %zu rounds it could not be stopped in time and was left alone: "
                     "something else keeps the processors busy.",
                     cases[index].name, measured[WX_BENCH_LIVE].gave_up, rounds);
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
  WxMeasured *measured = calloc(WX_BENCH_VARIANTS, sizeof *measured);
  double *times = calloc(2 * WX_BENCH_VARIANTS * rounds, sizeof *times);
  int status = 0;
  if (measured && times) {
    for (size_t i = 0; i < WX_BENCH_VARIANTS; ++i) {
      measured[i].wall_ns = times + 2 * i * rounds;
      measured[i].held_ns = times + (2 * i + 1) * rounds;
    }
    status = measure_rounds(bench, index, measured, rounds);
  } else {
    status = wx_problem(&bench->problem, -EINVAL, "out of memory");
  }
  if (!status && measured && times)
    status = wx_bench_reclaim_report(bench, table, index, measured, rounds);
  free(times);
  free(measured);
  return status;
}

WxTable *wx_bench_reclaim_table(void) {
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
  return wx_table_new("live reclaim beside one `fallocate -d` of the stopped process", columns,
                      sizeof columns / sizeof *columns);
}

static int run_cases(WxBench *bench) {
  WxTable *table = wx_bench_reclaim_table();
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
