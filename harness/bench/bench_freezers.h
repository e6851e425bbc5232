/**
   @file bench_freezers.h
   What freezing and thawing alone costs: the floor of every pause.
*/
#ifndef WX_BENCH_BENCH_FREEZERS_H
#define WX_BENCH_BENCH_FREEZERS_H

#include "bench/benchmark.h"
#include "bench/subject.h"
#include "reclaim/freezer.h"
#include "reclaim/pauses.h"

#include <sys/types.h>

/// What freezing and thawing alone did.
typedef struct {
  WxPauseLog log;
  uint64_t real_time; ///< Freezes during which this tool ran at SCHED_FIFO, asked of the kernel.
  int result;
  WxReason reason;
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

#endif
