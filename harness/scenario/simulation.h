/**
   @file simulation.h
   Plays a scenario on a strategy in a child process of its own, observed from outside.
*/
#ifndef WX_SCENARIO_SIMULATION_H
#define WX_SCENARIO_SIMULATION_H

#include "measure/sampling.h"
#include "scenario/play.h"

/// One scenario on one strategy. Start with {0}, end with wx_run_free(). `result` borrows from the
/// rest.
typedef struct {
  WxResult result;
  WxSampling sampling;
  WxPlayReport report;
  WxOperationTime times[WX_OPERATIONS];
  WxEnded ended;                 ///< How it ended; `result.ended` where that was not well.
  char problem[WX_PROBLEM_SIZE]; ///< Why it was not run, one line; "" where it was.
} WxRun;

/// Plays the scenario of `parameters` on `strategy`, with the caches, quirks and heaps of
/// `asked`; NULL: of the scenario's own `model`, if any. A child that takes longer than
/// `time_limit_ns` (0: for ever) is killed. Returns 0 with `run->result` filled but for its
/// expectations, whatever became of the child; or a negative errno with `run->problem` set where
/// the parameters cannot be used.
int wx_run_scenario(const WxParameters *parameters, const WxStrategy *strategy,
                    const WxClrVersion *asked, uint64_t time_limit_ns, WxRun *run);

void wx_run_free(WxRun *run);

#endif
