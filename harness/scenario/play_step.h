/**
   @file play_step.h
   A step of a play: what the observer is told, and what the report shows at that moment.
*/
#ifndef WX_SCENARIO_PLAY_STEP_H
#define WX_SCENARIO_PLAY_STEP_H

#include "scenario/stage.h"

/// Says a step, with the figures of this moment in the report.
int wx_play_step(WxPlay *play, const char *name);

#endif
