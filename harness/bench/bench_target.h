/**
   @file bench_target.h
   A process to reclaim from, for benchmarks: it retains memory in the runtime's manner, and then
   idles, computes, or waits for events.
*/
#ifndef WX_BENCH_BENCH_TARGET_H
#define WX_BENCH_BENCH_TARGET_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { WX_BENCH_THREADS = 8 };

/// What its threads do between fills.
typedef enum {
  WX_TARGET_IDLE,    ///< Nothing: they are not there.
  WX_TARGET_BUSY,    ///< Compute, all WX_BENCH_THREADS.
  WX_TARGET_WAITING, ///< Wait for events that never come; `interrupted` counts EINTR.
} WxTargetLoad;

/// Memory shared with the process.
typedef struct {
  _Atomic uint64_t fills;       ///< Done so far.
  _Atomic uint64_t wanted;      ///< Fills that are wanted.
  _Atomic uint64_t interrupted; ///< EINTR seen by threads that wait.
  _Atomic bool computing;       ///< Busy threads compute.
  _Atomic int error;
} WxTargetState;

typedef struct {
  pid_t pid;
  WxTargetState *state;
} WxBenchTarget;

/// Starts a process that can retain `bytes`. It ends with wx_bench_target_end(), or with its
/// parent.
int wx_bench_target_start(WxBenchTarget *target, uint64_t bytes, WxTargetLoad load);

/// Has it reserve and release all its blocks, so that `bytes` are retained; busy threads rest
/// meanwhile.
int wx_bench_target_fill(WxBenchTarget *target);

void wx_bench_target_end(WxBenchTarget *target);

#endif
