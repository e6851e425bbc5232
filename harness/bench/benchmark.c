#include "bench/benchmark.h"

#include <errno.h>
#include <string.h>

static const WxBenchmark benchmarks[] = {
#define ROW(NAME, SUMMARY) {#NAME, SUMMARY, wx_bench_##NAME},
    WX_BENCHMARKS(ROW)
#undef ROW
};

const WxBenchmark *wx_benchmark_at(size_t index) {
  return index < sizeof benchmarks / sizeof *benchmarks ? &benchmarks[index] : NULL;
}

const char *wx_benchmark_name(size_t index) {
  const WxBenchmark *benchmark = wx_benchmark_at(index);
  return benchmark ? benchmark->name : NULL;
}

const WxBenchmark *wx_benchmark_find(const char *name) {
  const WxBenchmark *benchmark;
  for (size_t i = 0; (benchmark = wx_benchmark_at(i)); ++i)
    if (strcmp(benchmark->name, name) == 0)
      return benchmark;
  return NULL;
}

bool wx_bench_wants(const WxBench *bench, const char *name) {
  return bench->parts.count == 0 || wx_names_have(&bench->parts, name);
}

int wx_bench_check_parts(WxBench *bench, const char *const *names, size_t count) {
  for (size_t i = 0; i < bench->parts.count; ++i) {
    bool found = false;
    for (size_t at = 0; at < count; ++at)
      found |= strcmp(bench->parts.items[i], names[at]) == 0;
    if (!found)
      return wx_problem_unknown(&bench->problem, "workload or part", bench->parts.items[i], names,
                                count);
  }
  return 0;
}

int wx_bench_no_times(WxBench *bench, const char *what, int error) {
  return wx_problem(&bench->problem, -EINVAL, "%s: %s", what,
                    error == -ENOMEM ? strerror(ENOMEM) : "no usable times");
}
