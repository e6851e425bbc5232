/**
   @file play.h
   A scenario played on a strategy, round by round.
*/
#ifndef WX_SCENARIO_PLAY_H
#define WX_SCENARIO_PLAY_H

#include "scenario/stage.h"

/// What is to be played.
typedef struct {
  const WxParameters *parameters;
  const WxStrategy *strategy;
  WxStrategyOptions options;
  const WxClrVersion *version; ///< Of the runtime that actions on a model get.
  WxPlayReport *report;
  const WxSteady *steady; ///< Of this process; NULL where it was not made steady.
} WxPlayOrder;

/// Plays all rounds: says step `start`, opens the strategy, does the rounds, releases what is live
/// unless the scenario keeps it, says step `end`, closes. Returns 0 or a negative errno; `report`
/// says what failed.
int wx_play(const WxPlayOrder *order, WxStepChannel channel);

#endif
