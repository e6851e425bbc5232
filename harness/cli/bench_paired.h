/**
   @file bench_paired.h
   Variants of a program that were measured in turns, beside the first of them.
*/
#ifndef WX_CLI_BENCH_PAIRED_H
#define WX_CLI_BENCH_PAIRED_H

#include "cli/bench.h"

#include <stddef.h>

enum { WX_PAIRED_VARIANTS = 8, WX_PAIRED_ROUNDS = 1000 };

/// What was measured; all borrowed.
typedef struct {
  const char *workload;
  const char *runtime;
  const char *metric; ///< For machines: which time.
  size_t count;       ///< Of variants. The second one is the first one again: the noise.
  const char *modes[WX_PAIRED_VARIANTS];
  const double *seconds[WX_PAIRED_VARIANTS]; ///< One a round.
  size_t rounds;                             ///< WX_PAIRED_ROUNDS at most.
} WxPaired;

/// An empty table for it.
WxTable *wx_bench_paired_table(const char *title);

/// Adds a row and a result for each variant but the first. Returns 0, or an exit status after the
/// one line is printed.
int wx_bench_paired_report(WxBench *bench, WxTable *table, const WxPaired *paired);

#endif
