/**
   @file bench_service.h
   What a client of a loaded service sees of a live reclaim.
*/
#ifndef WX_CLI_BENCH_SERVICE_H
#define WX_CLI_BENCH_SERVICE_H

#include "cli/bench.h"

/// Adds a table: latency of a service that releases memory all the time, with and without a sidecar
/// that looks 50 times a second, in turns. Returns an exit status.
int wx_bench_service(WxBench *bench);

/// An empty table for it.
WxTable *wx_bench_service_table(void);

/// Adds a row and a result: `count` latencies in nanoseconds, which are sorted here.
void wx_bench_service_report(WxBench *bench, WxTable *table, const char *mode, double *latencies,
                             size_t count);

#endif
