/**
   @file bench.h
   The benchmarks of `wxbench bench`: a table, a row each. A new one is a file bench_NAME.c, a
   prototype here and a row in bench.c.
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

/// One row. `run` returns 0, or an exit status after the one line is printed.
typedef struct {
  const char *name;
  const char *summary;
  int (*run)(WxBench *bench);
} WxBenchmark;

/// The `index`-th benchmark, NULL at the end.
const WxBenchmark *wx_benchmark_at(size_t index);

int wx_bench_audit(WxBench *bench);
int wx_bench_modes(WxBench *bench);
int wx_bench_reclaim(WxBench *bench);
int wx_bench_strategies(WxBench *bench);

#endif
