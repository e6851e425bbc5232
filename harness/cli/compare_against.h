/**
   @file compare_against.h
   This program's strategies against those of another wxbench, both run in turns: the only way in
   which a difference in time can be told from a busy machine.
*/
#ifndef WX_CLI_COMPARE_AGAINST_H
#define WX_CLI_COMPARE_AGAINST_H

#include "cli/options.h"
#include "output/compare.h"

typedef struct {
  const char *verb;
  const char *program; ///< The other one.
  WxNames strategies;  ///< As of `bench strategies`: none is all.
  WxNames workloads;
  uint64_t rounds; ///< 0: as many as are usual.
  bool quick;
  bool quiet;
  WxRatios ratios;
} WxAgainst;

/// Measures and fills `comparison`, the caller's to free; base is the other program. Returns 0, or
/// an exit status after the one line is printed.
int wx_compare_against(const WxAgainst *against, WxComparison *comparison);

#endif
