/**
   @file fidelity_runs.h
   Proof that the model is the runtime: the same workload recorded on a real runtime, several times,
   and run on the model of its version, compared number by number (clr/fidelity.h). Each recording
   is replayed, too, and has to come out as it was recorded.
*/
#ifndef WX_SCENARIO_FIDELITY_RUNS_H
#define WX_SCENARIO_FIDELITY_RUNS_H

#include "clr/fidelity.h"
#include "scenario/model_run.h"
#include "scenario/parameters.h"
#include "scenario/validation.h"
#include "trace/replay_run.h"

/* Recordings of one workload, each replayed on the runtime's own path
 * -------------------------------------------------------------------------------------------------
 */

/// What was checked of each replay (trace/replay_run.h), and of how many it held. Start with {0}.
typedef struct {
  const char *names[WX_REPLAY_CHECKS];
  int64_t held[WX_REPLAY_CHECKS];
  size_t count;
} WxFidelityReplays;

/// Replays the trace at `path`, for at most `time_limit_ns`, and takes in what came of it. Returns
/// 0, or a negative errno with `problem` set: -EINTR where it was interrupted, -EIO where it did
/// not run to its end.
int wx_fidelity_replay(WxFidelityReplays *replays, const char *path, uint64_t time_limit_ns,
                       char problem[WX_PROBLEM_SIZE]);

/// The row of the `index`-th check, below `count`: it has to hold of all `runs`.
WxFidelityRow wx_fidelity_replays_row(const WxFidelityReplays *replays, size_t index, size_t runs);

/* The comparison
 * -------------------------------------------------------------------------------------------------
 */

/// What to compare; all borrowed.
typedef struct {
  const WxParameters *parameters; ///< Its scenario names the workload.
  const WxInstalledRuntime *runtime;
  const char *program;    ///< The workload program, a .dll.
  const char *recorder;   ///< libwxrecord.so.
  size_t runs;            ///< Real runs, at least one.
  uint64_t time_limit_ns; ///< Of each of them; 0: none.
} WxFidelityOrder;

/// A comparison. Start with {0}, end with wx_fidelity_free().
typedef struct {
  WxValidation real; ///< The last real run.
  WxModelRun model;
  bool stands_in; ///< It is the newest model, since none knows the runtime's major version.
  bool no_model;  ///< The workload has none: the rows are those of the replays alone.
  WxFidelityRow *rows;
  size_t row_count;
  char problem[WX_PROBLEM_SIZE]; ///< Why there is none, one line; "" where there is one.
} WxFidelity;

/// Makes the comparison. Returns 0, or a negative errno with the problem set; -ENOTSUP where the
/// version has no model.
int wx_fidelity(const WxFidelityOrder *order, WxFidelity *fidelity);

void wx_fidelity_free(WxFidelity *fidelity);

/// Counts what the trace at `path` holds. Returns 0, -EBADMSG where it is damaged or lost events,
/// or the failure of reading it.
int wx_fidelity_count_trace(const char *path, WxClrCounts *counts);

#endif
