/**
   @file bench_audit.h
   What `wxbench bench audit` measures, and how it is shown.
*/
#ifndef WX_BENCH_BENCH_AUDIT_H
#define WX_BENCH_BENCH_AUDIT_H

#include "bench/benchmark.h"

#include <stddef.h>

enum { WX_BENCH_AUDIT_ROWS = 9 };

/// The measurements of one row.
typedef struct {
  double *seconds; ///< One a round; owned by the caller.
  size_t count;    ///< 0 where the program is not installed.
  double peak_mib; ///< The most memory that it took.
} WxAuditTimes;

/// Adds the table, and a result for each row that was measured.
void wx_bench_audit_report(WxBench *bench, const WxAuditTimes times[WX_BENCH_AUDIT_ROWS]);

#endif
