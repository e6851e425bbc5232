// What a live reclaim costs: its pauses beside freezing and thawing alone, its time beside
// `fallocate -d` of the stopped process, and the freezers side by side.
#include "cli/bench.h"
#include "cli/bench_service.h"
#include "cli/bench_target.h"
#include "cli/say.h"
#include "os/control.h"
#include "os/os.h"
#include "os/process.h"
#include "reclaim/find.h"
#include "reclaim/freeze.h"
#include "reclaim/pauses.h"
#include "reclaim/reclaim.h"
#include "stats/interval.h"
#include "stats/summary.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROUNDS = 5, FREEZES = 300, MIB = 1024 * 1024, VARIANTS = 3 };

static const uint64_t freeze_limit_ns = 100000000;

static const struct {
  const char *name;
  uint64_t bytes;
  WxTargetLoad load;
} cases[] = {
    {"200 MiB, idle", (uint64_t)200 * MIB, WX_TARGET_IDLE},
    {"200 MiB, 8 busy threads", (uint64_t)200 * MIB, WX_TARGET_BUSY},
    {"2 GiB, idle", (uint64_t)2048 * MIB, WX_TARGET_IDLE},
    {"2 GiB, 8 busy threads", (uint64_t)2048 * MIB, WX_TARGET_BUSY},
};

enum { CASES = sizeof cases / sizeof *cases };

/// The measurements of one case.
typedef struct {
  double *live_ns; ///< Wall time, a round each.
  double *fallocate_ns;
  double *again_ns; ///< `fallocate -d` once more: the noise.
  size_t gave_up;   ///< Rounds in which the target could not be stopped in time.
  WxPauses worst;   ///< Quantiles over all rounds: the largest of each.
} Measured;

static int fail(const WxBench *bench, int error, const char *what) {
  return wx_cli_fail(bench->options->verb, "%s: %s", what, strerror(-error));
}

// SIGSTOP, `fallocate -d` on the memfd, SIGCONT, as one would by hand.
static int dig_holes(const WxBenchTarget *target, double *ns) {
  WxMaps maps = {0};
  WxMemfds memfds = {0};
  char path[64];
  int failed = wx_reclaim_find(&memfds, target->pid, &maps, NULL);
  if (!failed)
    (void)snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)target->pid, memfds.items[0].number);
  wx_memfds_free(&memfds);
  wx_maps_free(&maps);
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
  *ns = (double)(wx_os_now_ns() - began);
  return child < 0 ? child : status ? -ENOSYS : 0;
}

static uint64_t larger(uint64_t a, uint64_t b) {
  return a > b ? a : b;
}

static int reclaim(const WxBenchTarget *target, Measured *measured, double *ns) {
  const WxReclaimOptions options = {0};
  WxReclaim result;
  const int failed = wx_reclaim_once(target->pid, &options, &result, NULL);
  WxPauses *worst = &measured->worst;
  const WxPauses *pauses = &result.pauses;
  *ns = (double)(result.wall_ns + 1);
  worst->count += pauses->count;
  worst->abandoned += pauses->abandoned;
  worst->total_ns += pauses->total_ns;
  worst->p50_ns = larger(worst->p50_ns, pauses->p50_ns);
  worst->p99_ns = larger(worst->p99_ns, pauses->p99_ns);
  worst->max_ns = larger(worst->max_ns, pauses->max_ns);
  // Not in time on a machine that is busy with something else: its time counts, and it is said.
  measured->gave_up += failed == -ETIMEDOUT;
  return failed == -ETIMEDOUT ? 0 : failed;
}

// In every round each variant once, each time from the same state, in rotated order.
static int measure_rounds(WxBench *bench, size_t index, Measured *measured, size_t rounds) {
  WxBenchTarget target;
  int failed = wx_bench_target_start(&target, cases[index].bytes, cases[index].load);
  if (failed)
    return fail(bench, failed, cases[index].name);
  for (size_t round = 0; round < rounds && !failed; ++round) {
    wx_progress_show(&bench->progress, "%s: round %zu of %zu", cases[index].name, round + 1,
                     rounds);
    for (size_t turn = 0; turn < VARIANTS && !failed; ++turn) {
      const size_t variant = (round + turn) % VARIANTS;
      failed = wx_bench_target_fill(&target);
      if (!failed && variant == 0)
        failed = reclaim(&target, measured, &measured->live_ns[round]);
      else if (!failed)
        failed = dig_holes(&target, variant == 1 ? &measured->fallocate_ns[round]
                                                 : &measured->again_ns[round]);
    }
  }
  wx_bench_target_end(&target);
  if (failed == -ENOSYS)
    return wx_cli_impossible(bench->options->verb, "SKIP: no `fallocate -d` (util-linux) here");
  return failed ? fail(bench, failed, cases[index].name) : 0;
}

static int report_case(WxBench *bench, WxTable *table, size_t index, const Measured *measured,
                       size_t rounds) {
  WxInterval ratio;
  WxInterval same;
  WxInterval live;
  WxInterval by_hand;
  if (wx_interval_ratio(measured->fallocate_ns, measured->live_ns, rounds, bench->seed, &ratio) ||
      wx_interval_ratio(measured->fallocate_ns, measured->again_ns, rounds, bench->seed, &same) ||
      wx_interval_median(measured->live_ns, rounds, bench->seed, &live) ||
      wx_interval_median(measured->fallocate_ns, rounds, bench->seed, &by_hand))
    return wx_cli_fail(bench->options->verb, "%s: no usable times", cases[index].name);
  const WxPauses *pauses = &measured->worst;
  const double noise = wx_interval_noise(&same);
  if (measured->gave_up)
    wx_document_note(bench->document,
                     "%s: in %zu of %zu rounds it could not be stopped in time and was left alone: "
                     "something else keeps the processors busy.",
                     cases[index].name, measured->gave_up, rounds);
  wx_table_add(
      table, (WxCell[]){wx_text(cases[index].name), wx_figure((WxFigure)pauses->count),
                        wx_figure((WxFigure)pauses->p50_ns), wx_figure((WxFigure)pauses->p99_ns),
                        wx_figure((WxFigure)pauses->max_ns), wx_figure((WxFigure)pauses->abandoned),
                        wx_figure((WxFigure)llround(live.median)),
                        wx_figure((WxFigure)llround(by_hand.median)), wx_ratio(ratio.median),
                        wx_ratio(ratio.low), wx_ratio(ratio.high), wx_ratio(noise)});
  wx_document_add_result(
      bench->document,
      json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:f, s:f, s:f}", "benchmark",
                "reclaim", "case", cases[index].name, "pauses", (json_int_t)pauses->count, "p50_ns",
                (json_int_t)pauses->p50_ns, "p99_ns", (json_int_t)pauses->p99_ns, "max_ns",
                (json_int_t)pauses->max_ns, "abandoned", (json_int_t)pauses->abandoned, "live_ns",
                (json_int_t)llround(live.median), "fallocate_ns",
                (json_int_t)llround(by_hand.median), "ratio", ratio.median, "ci_low", ratio.low,
                "ci_high", ratio.high, "noise", noise));
  return 0;
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
  double *times = calloc(VARIANTS * rounds, sizeof *times);
  if (!times)
    return wx_cli_fail(bench->options->verb, "out of memory");
  Measured measured = {
      .live_ns = times, .fallocate_ns = times + rounds, .again_ns = times + 2 * rounds};
  int status = measure_rounds(bench, index, &measured, rounds);
  if (!status)
    status = report_case(bench, table, index, &measured, rounds);
  free(times);
  return status;
}

static int run_cases(WxBench *bench) {
  static const WxColumn columns[] = {
      {"retained", WX_TEXT},  {"pauses", WX_COUNT},    {"median", WX_NS},
      {"p99", WX_NS},         {"longest", WX_NS},      {"abandoned", WX_COUNT},
      {"live, whole", WX_NS}, {"fallocate -d", WX_NS}, {"ratio", WX_RATIO},
      {"95 % low", WX_RATIO}, {"high", WX_RATIO},      {"noise", WX_RATIO},
  };
  WxTable *table = wx_table_new("live reclaim beside one `fallocate -d` of the stopped process",
                                columns, sizeof columns / sizeof *columns);
  int status = 0;
  for (size_t i = 0; i < CASES && !status; ++i)
    status = run_case(bench, table, i);
  wx_document_add_table(bench->document, table);
  return status;
}

/// What freezing and thawing alone did, in memory that the child that does it shares.
typedef struct {
  WxPauseLog log;
  int result;
  WxReason reason;
} Alone;

static void freeze_often(const WxFreezer *freezer, pid_t pid, Alone *alone) {
  WxMaps maps = {0};
  WxMemfds memfds = {0};
  WxHerd herd;
  int failed = wx_reclaim_find(&memfds, pid, &maps, &alone->reason);
  if (!failed)
    failed = wx_herd_open(&herd, pid, &memfds.items[0], &alone->reason);
  WxFreeze freeze = {.freezer = freezer, .herd = &herd};
  for (int i = 0; i < FREEZES && !failed; ++i) {
    uint64_t length;
    failed = wx_herd_refresh(&herd, &alone->reason);
    if (!failed)
      failed = wx_freeze(&freeze, freeze_limit_ns, &alone->reason);
    if (!failed)
      failed = wx_thaw(&freeze, &length);
    if (!failed)
      wx_pauses_add(&alone->log, length);
    if (!failed)
      failed = wx_os_sleep_ns(length);
  }
  alone->result = failed;
}

static int freeze_alone(const WxFreezer *freezer, pid_t pid, Alone *alone) {
  const pid_t child = wx_os_fork();
  if (child == 0) {
    (void)wx_os_set_nice(-20);
    freeze_often(freezer, pid, alone);
    _exit(0);
  }
  int status = 0;
  if (child > 0)
    (void)wx_os_wait(child, 0, &status, NULL);
  return child < 0 ? child : status ? -ECHILD : alone->result;
}

// One freezer against one load, on a target of its own.
static int run_freezer(WxBench *bench, WxTable *table, const WxFreezer *freezer, WxTargetLoad load,
                       const char *name) {
  WxBenchTarget target;
  void *memory;
  int failed = wx_os_mmap(NULL, sizeof(Alone), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                          -1, 0, &memory);
  if (!failed)
    failed = wx_bench_target_start(&target, MIB, load);
  if (failed)
    return fail(bench, failed, freezer->name);
  Alone *alone = memory;
  wx_progress_show(&bench->progress, "%s, %s", freezer->name, name);
  failed = freeze_alone(freezer, target.pid, alone);
  const WxPauses pauses = wx_pauses_summary(&alone->log);
  const uint64_t interrupted = target.state->interrupted;
  const double per_pause = load == WX_TARGET_WAITING && pauses.count
                               ? (double)interrupted / (double)pauses.count / WX_BENCH_THREADS
                               : NAN;
  if (failed) {
    wx_document_note(bench->document, "%s, %s: SKIP: %s.", freezer->name, name,
                     alone->reason.text[0] ? alone->reason.text : strerror(-failed));
  } else {
    wx_table_add(
        table, (WxCell[]){wx_text(freezer->name), wx_text(name), wx_figure((WxFigure)pauses.count),
                          wx_figure((WxFigure)pauses.p50_ns), wx_figure((WxFigure)pauses.p99_ns),
                          wx_figure((WxFigure)pauses.max_ns), wx_ratio(per_pause)});
    wx_document_add_result(bench->document,
                           json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I}", "benchmark",
                                     "freezers", "freezer", freezer->name, "load", name, "pauses",
                                     (json_int_t)pauses.count, "p50_ns", (json_int_t)pauses.p50_ns,
                                     "p99_ns", (json_int_t)pauses.p99_ns, "max_ns",
                                     (json_int_t)pauses.max_ns, "eintr", (json_int_t)interrupted));
  }
  wx_bench_target_end(&target);
  (void)wx_os_munmap(memory, sizeof(Alone));
  return 0;
}

static int run_freezers(WxBench *bench) {
  static const WxColumn columns[] = {
      {"freezer", WX_TEXT},
      {"target", WX_TEXT},
      {"pauses", WX_COUNT},
      {"median", WX_NS},
      {"p99", WX_NS},
      {"longest", WX_NS},
      {"EINTR a pause and thread", WX_RATIO},
  };
  static const struct {
    WxTargetLoad load;
    const char *name;
  } loads[] = {{WX_TARGET_IDLE, "idle"},
               {WX_TARGET_BUSY, "8 busy threads"},
               {WX_TARGET_WAITING, "8 threads in epoll_wait"}};
  WxTable *table =
      wx_table_new("freezing and thawing alone", columns, sizeof columns / sizeof *columns);
  int status = 0;
  for (size_t i = 0; wx_freezer_at(i) && !status; ++i)
    for (size_t at = 0; at < sizeof loads / sizeof *loads && !status; ++at)
      status = run_freezer(bench, table, wx_freezer_at(i), loads[at].load, loads[at].name);
  wx_document_add_table(bench->document, table);
  return status;
}

int wx_bench_reclaim(WxBench *bench) {
  int status = run_freezers(bench);
  if (!status)
    status = wx_bench_service(bench);
  if (!status)
    status = run_cases(bench);
  wx_document_note(
      bench->document,
      "The quantiles of the live pauses are the worst of all rounds; budget 2 ms, from "
      "before the first interrupt to after the last detach.");
  wx_document_note(
      bench->document,
      "`fallocate -d` holds the process all the time that stands there. `noise` is how "
      "far its ratio to itself strays from 1.");
  return status;
}
