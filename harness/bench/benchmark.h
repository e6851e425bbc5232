/**
   @file benchmark.h
   The benchmarks of `wxbench bench`: a table, a row each. A new one is a file bench_NAME.c that
   defines wx_bench_NAME(), and a row here.
*/
#ifndef WX_BENCH_BENCHMARK_H
#define WX_BENCH_BENCHMARK_H

#include "output/document.h"
#include "output/progress.h"
#include "stats/problem.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// What every benchmark gets.
typedef struct {
  WxDocument *document; ///< To be filled with results and a table.
  WxProgress progress;
  uint64_t rounds;    ///< 0: the benchmark's own number.
  uint64_t seed;      ///< Of intervals.
  WxNames parts;      ///< Parts of the benchmark that are wanted; all where there are none.
  WxNames strategies; ///< Of `strategies`: those that are wanted; all where there are none.
  WxNames peers;      ///< The same of peers; none where only strategies were named.
  uint64_t limit_ns;  ///< Of `strategies`: the most that one run may take.
  bool quick;         ///< Of `strategies`: in less than a minute, less exact.
  bool failed;        ///< Something that was begun did not run to its end, and is a row of its own.
  WxProblem problem;  ///< Why it cannot be had, where it returns that.
} WxBench;

/// Whether the part `name` is wanted.
bool wx_bench_wants(const WxBench *bench, const char *name);

/// 0 where each wanted part is one of `names`, else a negative errno with a problem.
int wx_bench_check_parts(WxBench *bench, const char *const *names, size_t count);

/// Says why the times of `what` cannot be summarised. Returns a negative errno.
int wx_bench_no_times(WxBench *bench, const char *what, int error);

/// Name, and what it measures.
#define WX_BENCHMARKS(ROW)                                                                         \
  ROW(audit, "an audit beside cat, pmap and gdb on 60,000 mappings and a 6 GB core")               \
  ROW(modes, "whole programs on the real runtime: W^X on, off, with the preload, recorded")        \
  ROW(reclaim, "pauses and time of a live reclaim, and the ways of freezing")                      \
  ROW(strategies, "every strategy at every kind of work, beside the runtime's own")

/// One row. `run` returns 0, or a negative errno with a problem; what it has added by then stays.
typedef struct {
  const char *name;
  const char *summary;
  int (*run)(WxBench *bench);
} WxBenchmark;

/// The `index`-th benchmark and its name, NULL at the end.
const WxBenchmark *wx_benchmark_at(size_t index);
const char *wx_benchmark_name(size_t index);

/// The benchmark of that name, NULL where there is none.
const WxBenchmark *wx_benchmark_find(const char *name);

#define WX_BENCHMARK_DECLARED(NAME, SUMMARY) int wx_bench_##NAME(WxBench *bench);
WX_BENCHMARKS(WX_BENCHMARK_DECLARED)
#undef WX_BENCHMARK_DECLARED

#endif
