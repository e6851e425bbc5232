/**
   @file run.h
   Plays a scenario on a strategy in a child process of its own, observed from outside.
*/
#ifndef WX_SCENARIO_RUN_H
#define WX_SCENARIO_RUN_H

#include "measure/sampling.h"
#include "scenario/play.h"

/// One scenario on one strategy. Start with {0}, end with wx_run_free(). `result` borrows from the
/// rest.
typedef struct {
  WxResult result;
  WxSampling sampling;
  WxPlayReport report;
  WxOperationTime times[WX_OPERATIONS];
  char problem[WX_PROBLEM_SIZE]; ///< Why there is no result, one line; "" where there is one.
} WxRun;

/// Plays the scenario of `parameters` on `strategy`, with the caches, quirks and heaps of
/// `asked`; NULL: of the scenario's own `model`, if any. Returns 0 with `run->result` filled but
/// for its expectations, or a negative errno with `run->problem` set.
int wx_run_scenario(const WxParameters *parameters, const WxStrategy *strategy,
                    const WxClrVersion *asked, WxRun *run);

void wx_run_free(WxRun *run);

#endif
