/**
   @file bench.h
   The benchmarks of `wxbench bench`: a table, a row each. A new one is a file bench_NAME.c that
   defines wx_bench_NAME(), and a row here.
*/
#ifndef WX_CLI_BENCH_H
#define WX_CLI_BENCH_H

#include "cli/options.h"
#include "cli/progress.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// What every benchmark gets.
typedef struct {
  const WxOptions *options;
  WxDocument *document; ///< To be filled with results and a table.
  WxProgress progress;
  uint64_t rounds;    ///< 0: the benchmark's own number.
  uint64_t seed;      ///< Of intervals.
  const char **parts; ///< Parts of the benchmark that are wanted; all where there are none.
  size_t part_count;
  WxNames strategies; ///< Of `strategies`: those that are wanted; all where there are none.
  WxNames peers;      ///< The same of peers; none where only strategies were named.
  uint64_t limit_ns;  ///< Of `strategies`: the most that one run may take.
  bool quick;         ///< Of `strategies`: in less than a minute, less exact.
  bool failed;        ///< Something that was begun did not run to its end, and is a row of its own.
} WxBench;

/// Whether the part `name` is wanted.
bool wx_bench_wants(const WxBench *bench, const char *name);

/// 0 where each wanted part is one of `names`, else an exit status after the one line is printed.
int wx_bench_check_parts(const WxBench *bench, const char *const *names, size_t count);

/// Says why the times of `what` cannot be summarised. Returns the exit status.
int wx_bench_no_times(const WxBench *bench, const char *what, int error);

/// Name, and what it measures.
#define WX_BENCHMARKS(ROW)                                                                         \
  ROW(audit, "an audit beside cat, pmap and gdb on 60,000 mappings and a 6 GB core")               \
  ROW(modes, "whole programs on the real runtime: W^X on, off, with the preload, recorded")        \
  ROW(reclaim, "pauses and time of a live reclaim, and the ways of freezing")                      \
  ROW(strategies, "every strategy at every kind of work, beside the runtime's own")

/// One row. `run` returns 0, or an exit status after the one line is printed.
typedef struct {
  const char *name;
  const char *summary;
  int (*run)(WxBench *bench);
} WxBenchmark;

/// The `index`-th benchmark, NULL at the end.
const WxBenchmark *wx_benchmark_at(size_t index);

#define WX_BENCHMARK_DECLARED(NAME, SUMMARY) int wx_bench_##NAME(WxBench *bench);
WX_BENCHMARKS(WX_BENCHMARK_DECLARED)
#undef WX_BENCHMARK_DECLARED

#endif
