/**
   @file bench_service.h
   What a client of a loaded service sees of a live reclaim.
*/
#ifndef WX_BENCH_BENCH_SERVICE_H
#define WX_BENCH_BENCH_SERVICE_H

#include "bench/benchmark.h"

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

#endif
