/**
   @file bench_reports.h
   What the benchmarks say, apart from where the figures come from: so that a test can write each
   from figures that it knows (tests/support/specimen.h). Each stands in the file of its benchmark
   or part. What may fail returns 0, or a negative errno with a problem.
*/
#ifndef WX_BENCH_BENCH_REPORTS_H
#define WX_BENCH_BENCH_REPORTS_H

#include "bench/bench_target.h"
#include "bench/benchmark.h"
#include "bench/contest.h"
#include "reclaim/freezer.h"
#include "reclaim/pauses.h"

#include <stddef.h>
#include <sys/types.h>

/* audit
 * -------------------------------------------------------------------------------------------------
 */

enum { WX_BENCH_AUDIT_ROWS = 9 };

/// The measurements of one row.
typedef struct {
  double *seconds; ///< One a round; owned by the caller.
  size_t count;    ///< 0 where the program is not installed.
  double peak_mib; ///< The most memory that it took.
} WxAuditTimes;

/// Adds the table, and a result for each row that was measured.
void wx_bench_audit_report(WxBench *bench, const WxAuditTimes times[WX_BENCH_AUDIT_ROWS]);

/* reclaim
 * -------------------------------------------------------------------------------------------------
 */

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

/* reclaim, part `freezers`: what freezing and thawing alone costs, the floor of every pause
 * -------------------------------------------------------------------------------------------------
 */

/// What freezing and thawing alone did.
typedef struct {
  WxPauseLog log;
  uint64_t real_time; ///< Freezes during which this tool ran at SCHED_FIFO, asked of the kernel.
  int result;
  WxProblem problem;
} WxFreezesAlone;

/// Freezes and thaws `pid` `count` times in a process of its own, and adds that to `alone`. Returns
/// 0 or a negative errno, with alone->reason set where there is more to say.
int wx_bench_freeze_alone(const WxFreezer *freezer, pid_t pid, unsigned count,
                          WxFreezesAlone *alone);

/// The part `freezers`: all of them side by side. Returns 0, or an exit status.
int wx_bench_freezers(WxBench *bench);

/// How a target is frozen,
typedef struct {
  const char *name;
  const WxFreezer *freezer;
  int version; ///< Of the control group that the target is put into; 0: none.
} WxFreezeWay;

/// and what it does meanwhile.
typedef struct {
  const char *name;
  WxTargetLoad load;
} WxFreezeLoad;

/// An empty table for it.
WxTable *wx_bench_freezers_table(void);

/// Adds a row and a result; `interrupted` system calls of the target ended with EINTR.
void wx_bench_freezers_report(WxBench *bench, WxTable *table, const WxFreezeWay *way,
                              const WxFreezeLoad *load, const WxFreezesAlone *alone,
                              uint64_t interrupted);

/* reclaim, part `service`: what a client of a loaded service sees
 * -------------------------------------------------------------------------------------------------
 */

/// Latencies in nanoseconds of a service, round by round; each round's are sorted by whoever reads.
typedef struct {
  const char *mode;  ///< How often its sidecar looks.
  double *base;      ///< Without a sidecar, in the same rounds.
  double *latencies; ///< May be the base itself.
  size_t rounds;
  size_t each; ///< In a round.
} WxServed;

/// Adds a table: latency of a service that releases memory all the time, without and with a sidecar
/// that looks once or 50 times a second, in turns. Returns an exit status.
int wx_bench_service(WxBench *bench);

/// An empty table for it.
WxTable *wx_bench_service_table(void);

/// Adds a row and a result. Returns 0, or a negative errno where nothing was added.
int wx_bench_service_report(WxBench *bench, WxTable *table, const WxServed *served);

/* strategies
 * -------------------------------------------------------------------------------------------------
 */

/// Adds a table and a result for each contender; a note for each that took no part or did not end
/// well.
void wx_bench_strategies_report(WxBench *bench, const WxContest *contest);

#endif
