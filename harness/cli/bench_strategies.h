/**
   @file bench_strategies.h
   What `wxbench bench strategies` says of one kind of work.
*/
#ifndef WX_CLI_BENCH_STRATEGIES_H
#define WX_CLI_BENCH_STRATEGIES_H

#include "bench/contest.h"
#include "cli/bench.h"

/// Adds a table and a result for each contender; a note for each that took no part or did not end
/// well.
void wx_bench_strategies_report(WxBench *bench, const WxContest *contest);

#endif
