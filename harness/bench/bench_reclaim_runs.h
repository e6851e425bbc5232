/**
   @file bench_reclaim_runs.h
   The ways of giving memory back that are compared, and what is measured of each.
*/
#ifndef WX_BENCH_BENCH_RECLAIM_RUNS_H
#define WX_BENCH_BENCH_RECLAIM_RUNS_H

#include "bench/benchmark.h"
#include "bench/subject.h"
#include "reclaim/pauses.h"

#include <stddef.h>

/// What is done in every round, once each; what is compared with itself stands there twice.
typedef enum {
  WX_BENCH_LIVE,
  WX_BENCH_DIG,
  WX_BENCH_DIG_AGAIN,
  WX_BENCH_ALONE, ///< From here on nothing is given back.
  WX_BENCH_ALONE_AGAIN,
  WX_BENCH_VARIANTS
} WxBenchVariant;

/// The measurements of one variant of one case.
typedef struct {
  double *wall_ns; ///< Of a whole run, one a round.
  double *held_ns; ///< All pauses of a round together.
  WxPauseLog log;  ///< The pauses of all rounds.
  size_t gave_up;  ///< Rounds in which the target could not be stopped in time.
} WxMeasured;

typedef struct {
  const char *name;
  /// Adds its pauses to the log. Returns 0 or a negative errno, -ENOSYS where there is no such
  /// program.
  int (*run)(const WxBenchTarget *target, WxMeasured *measured);
} WxBenchRun;

extern const WxBenchRun wx_bench_variants[WX_BENCH_VARIANTS];

/// An empty table for the cases (bench_reclaim.c).
WxTable *wx_bench_reclaim_table(void);

/// Adds a row and a result for each variant of one case, and a note where it had to give up.
/// Returns 0, or a negative errno with a problem.
int wx_bench_reclaim_report(WxBench *bench, WxTable *table, size_t index,
                            const WxMeasured *measured, size_t rounds);

#endif
