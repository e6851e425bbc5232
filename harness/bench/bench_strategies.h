/**
   @file bench_strategies.h
   What `wxbench bench strategies` says of one kind of work.
*/
#ifndef WX_BENCH_BENCH_STRATEGIES_H
#define WX_BENCH_BENCH_STRATEGIES_H

#include "bench/benchmark.h"
#include "bench/contest.h"

/// Adds a table and a result for each contender; a note for each that took no part or did not end
/// well.
void wx_bench_strategies_report(WxBench *bench, const WxContest *contest);

#endif
