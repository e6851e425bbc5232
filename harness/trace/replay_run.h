/**
   @file replay_run.h
   A whole trace on one strategy, in a child process of its own, observed from outside; and whether
   what came of it is what was recorded.

   The samples: step `start`; `generated`, wherever the recorder had looked at the whole file (the
   live size was at a height then) and some more in between; `collected`, where the recorded program
   ended; `end`, after what was live then is released. Peaks are those of the recorded program, so
   without `end`; what is retained is what is mapped nowhere at `collected`: what the recorded
   program kept, before the replay's own teardown.
*/
#ifndef WX_TRACE_REPLAY_RUN_H
#define WX_TRACE_REPLAY_RUN_H

#include "measure/sampling.h"
#include "strategy/verb_figures.h"
#include "trace/reader.h"
#include "trace/replay_events.h"

enum { WX_REPLAY_TEXT = 200, WX_REPLAY_CHECKS = 8 };

/// What is to be replayed. Zero is a good value for all but the first two.
typedef struct {
  const char *path;
  const WxStrategy *strategy;
  uint64_t rounds; ///< How often; 0: once.
  bool walks;      ///< Charge the runtime's linear list walks in time.
  bool paced;      ///< Not before the time at which it was recorded; else as fast as it goes.
  bool unobserved; ///< No samples: for measuring time.
  uint64_t time_limit_ns; ///< A replay that takes longer is killed; 0: none.
} WxReplayOrder;

/// What the child reports; lies in memory that both map.
typedef struct {
  WxReplayTally tally; ///< Of the last round.
  uint64_t done[WX_OPERATIONS];
  WxCost cost;
  WxVerbDurations durations;
  WxTraceHeader header;
  WxTraceDamage damage; ///< Up to which the trace was replayed.
  int64_t mappings;     ///< The strategy's own, at the last step.
  int64_t wx_pages;
  uint64_t minor_faults;
  uint64_t replaying_ns;       ///< Without opening and waiting at steps.
  char path[WX_STRATEGY_NAME]; ///< The strategy that ran; another one after a fall-back.
  int error;
  char problem[WX_REPLAY_TEXT];
} WxReplayReport;

/// One replay. Start with {0}, end with wx_replay_run_free(). `result` borrows from the rest.
typedef struct {
  WxResult result;
  WxSampling sampling;
  WxReplayReport report;
  WxOperationTime times[WX_OPERATIONS];
  WxExpectationResult checks[WX_REPLAY_CHECKS];
  char texts[WX_REPLAY_CHECKS][2][64];
  WxEnded ended; ///< How it ended; `result.ended` where that was not well.
} WxReplayRun;

/// Replays. Returns 0 with `run->result` filled, whatever became of the child, or -ENOMEM. On the
/// runtime's own path (`coreclr`) the result has expectations: each call, the memory at the end
/// and at the peak as recorded. Where the recorded memory was given back (wx_replay_giver()), they
/// are about the calls alone; of a recording beside libwxreclaim.so `coreclr+punch` has those about
/// memory.
int wx_replay_run(const WxReplayOrder *order, WxReplayRun *run);

void wx_replay_run_free(WxReplayRun *run);

#endif
