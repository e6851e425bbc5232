/**
   @file compare_against.h
   This program's strategies against those of another wxbench, both run in turns: the only way in
   which a difference in time can be told from a busy machine.
*/
#ifndef WX_BENCH_COMPARE_AGAINST_H
#define WX_BENCH_COMPARE_AGAINST_H

#include "output/comparison.h"
#include "stats/problem.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct {
  const char *program; ///< The other one.
  WxNames strategies;  ///< As of `bench strategies`: none is all.
  WxNames workloads;
  uint64_t rounds; ///< 0: as many as are usual.
  bool quick;
  bool quiet;
  WxRatios ratios;
} WxAgainst;

/// Measures and fills `comparison`, the caller's to free; base is the other program. Returns 0, or
/// a negative errno with a problem.
int wx_compare_against(const WxAgainst *against, WxComparison *comparison, WxProblem *problem);

#endif
