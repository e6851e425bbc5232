/**
   @file replay_play.h
   The child's part of replay_run.h: reads the trace, drives the strategy, says the steps.
*/
#ifndef WX_TRACE_REPLAY_PLAY_H
#define WX_TRACE_REPLAY_PLAY_H

#include "measure/steps.h"
#include "trace/replay_run.h"

/// Replays all rounds and fills the report. Returns 0, or a negative errno that the report
/// explains.
int wx_replay_play(const WxReplayOrder *order, WxReplayReport *report, WxStepChannel channel);

#endif
