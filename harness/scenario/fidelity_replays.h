/**
   @file fidelity_replays.h
   Recordings of one workload, each replayed on the runtime's own path.
*/
#ifndef WX_SCENARIO_FIDELITY_REPLAYS_H
#define WX_SCENARIO_FIDELITY_REPLAYS_H

#include "clr/fidelity.h"
#include "scenario/parameters.h"
#include "trace/replay_run.h"

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

#endif
