/**
   @file validation.h
   Runs a workload on a real .NET runtime in one mode, observed from outside at each of its steps.
*/
#ifndef WX_SCENARIO_VALIDATION_H
#define WX_SCENARIO_VALIDATION_H

#include "measure/sampling.h"
#include "scenario/confined.h"
#include "scenario/mode.h"
#include "scenario/parameters.h"
#include "scenario/runtimes.h"

enum { WX_VERDICT_SIZE = 320 };

/// One workload on one runtime in one mode. Start with {0}, end with wx_validation_free(). `result`
/// borrows from the rest.
typedef struct {
  WxResult result;
  WxSampling sampling;
  WxText output;       ///< What the program printed: must be the same in all modes.
  WxText errors;       ///< What it wrote to its standard error.
  uint64_t user_ns;    ///< Processor time of the program in user mode,
  uint64_t system_ns;  ///< and in the kernel.
  WxConfined confined; ///< Of a run in a memory group.
  WxModeSeen ran;      ///< As what it ran.
  char verdict[WX_VERDICT_SIZE];
  WxEnded ended;                 ///< How it ended; `result.ended` where that was not well.
  char problem[WX_PROBLEM_SIZE]; ///< Why it was not run, or what failed beside it; else "".
} WxValidation;

/// Something that goes on beside the program, as a reclaim from outside. Each is called while the
/// program waits at a step. Return 0, or a negative errno that ends the run.
typedef struct {
  int (*start)(void *context, pid_t pid); ///< After the sample of step `start`.
  /// Before the samples of steps `collected` and `end`. -ETIMEDOUT where it is not done in time,
  /// -EPERM where that is for want of a right; then `problem` says what keeps it.
  int (*settle)(void *context, char problem[WX_PROBLEM_SIZE]);
  /// After the sample of step `end`, or once the program has ended without it; only after `start`.
  /// Where it returns an error, `problem` says why.
  int (*stop)(void *context, char problem[WX_PROBLEM_SIZE]);
  void *context;
} WxBeside;

/// What to run; all borrowed.
typedef struct {
  const WxParameters *parameters; ///< Its scenario names the workload.
  const WxInstalledRuntime *runtime;
  const WxMode *mode;
  const char *program;    ///< The workload program, a .dll.
  const char *preload;    ///< libwxreclaim.so.
  const WxBeside *beside; ///< NULL: nothing.
  uint64_t time_limit_ns; ///< The program is killed after this time; 0: never.
  uint64_t memory_limit;  ///< It runs in a memory group with this limit in bytes, or
                          ///< WX_UNCONFINED; 0: in that of this process.
  bool unsampled;         ///< Times only: the program passes its steps without being looked at.
  const char *recorder;   ///< libwxrecord.so; then the mode must have no preload. NULL: none.
  const char *trace;      ///< Where it records to.
} WxValidationOrder;

/// Runs it. Returns 0 with the result filled but for its expectations, whatever became of the
/// program; or a negative errno with the problem set where the parameters cannot be used.
int wx_validate(const WxValidationOrder *order, WxValidation *validation);

/// Fills the result from its samples and from what was observed of a program that ran to its end.
void wx_validation_fill(WxValidation *validation, const WxObserved *observed);

/// The end of every observed program, well or not: says of a kill for want of memory, keeps what
/// its samples were, takes over what it printed and frees the rest of `observed`.
void wx_validation_end(WxValidation *validation, WxObserved *observed);

void wx_validation_free(WxValidation *validation);

/// The code for the figures of a run: `not-affected` without a memfd, `retained`, `live`, `clean`
/// or `unknown`. Writes two sentences at most to `text`.
const char *wx_validation_verdict(const WxMetrics *metrics, WxFigure allocated_at_end, char *text,
                                  size_t size);

#endif
