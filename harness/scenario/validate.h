/**
   @file validate.h
   Runs a workload on a real .NET runtime in one mode, observed from outside at each of its steps.
*/
#ifndef WX_SCENARIO_VALIDATE_H
#define WX_SCENARIO_VALIDATE_H

#include "scenario/mode.h"
#include "scenario/parameters.h"
#include "scenario/runtimes.h"
#include "scenario/sampling.h"

enum { WX_VERDICT_SIZE = 320 };

/// One workload on one runtime in one mode. Start with {0}, end with wx_validation_free(). `result`
/// borrows from the rest.
typedef struct {
  WxResult result;
  WxSampling sampling;
  WxText output; ///< What the program printed: must be the same in all modes.
  char verdict[WX_VERDICT_SIZE];
  char problem[WX_PROBLEM_SIZE]; ///< Why there is no result, one line; "" where there is one.
} WxValidation;

/// What to run; all borrowed.
typedef struct {
  const WxParameters *parameters; ///< Its scenario names the workload.
  const WxRuntime *runtime;
  const WxMode *mode;
  const char *program; ///< The workload program, a .dll.
  const char *preload; ///< libwxreclaim.so.
} WxValidationOrder;

/// Runs it. Returns 0 with the result filled but for its expectations, or a negative errno with the
/// problem set.
int wx_validate(const WxValidationOrder *order, WxValidation *validation);

void wx_validation_free(WxValidation *validation);

#endif
