/**
   @file model_run.h
   Runs a workload on the model of a runtime version, in a child process of its own, observed from
   outside exactly as the real runtime is.
*/
#ifndef WX_SCENARIO_MODEL_RUN_H
#define WX_SCENARIO_MODEL_RUN_H

#include "clr/workload.h"
#include "measure/sampling.h"
#include "scenario/parameters.h"

/// One run. Start with {0}, end with wx_model_run_free(). `result` borrows from the rest.
typedef struct {
  WxResult result;
  WxSampling sampling;
  WxClrCounts counts;            ///< Uses of the strategy by size.
  char problem[WX_PROBLEM_SIZE]; ///< Why there is no result, one line; "" where there is one.
} WxModelRun;

/// What to run; all borrowed.
typedef struct {
  const WxParameters *parameters; ///< Its scenario names the workload.
  const WxClrVersion *version;
  const WxStrategy *strategy;
} WxModelOrder;

/// The model of a real runtime's version ("10.0.14" is "net10"). Of a major version that is newer
/// than every model it is the newest one, and `*stands_in` becomes true. NULL where there is none.
const WxClrVersion *wx_model_of(const char *runtime_version, bool *stands_in);

/// Runs it. Returns 0 with the result filled but for its expectations, or a negative errno with the
/// problem set; -ENOTSUP where the workload has no model.
int wx_model_run(const WxModelOrder *order, WxModelRun *run);

void wx_model_run_free(WxModelRun *run);

#endif
