/**
   @file repeat.h
   What the modes of one workload, or of one command, take, measured in turns: `on` (or else the
   first of them that ran) twice a round, for the noise.
*/
#ifndef WX_SCENARIO_REPEAT_H
#define WX_SCENARIO_REPEAT_H

#include "scenario/run_turns.h"

/// The measurement. Start with {0}, end with wx_repeat_free().
typedef struct {
  WxTurns turns;
  size_t modes[WX_TURNS_VARIANTS]; ///< Of each variant: the index of its mode.
} WxRepeat;

enum { WX_REPEAT_BASE, WX_REPEAT_AGAIN, WX_REPEAT_NONE = WX_TURNS_VARIANTS };

/// Chooses all modes whose `results` did run to their end; none of them: repeat->turns.count is 0.
void wx_repeat_choose(WxRepeat *repeat, const WxResult results[], size_t count);

/// The variant that is compared of mode `mode`: of the base its second time. WX_REPEAT_NONE where
/// it takes no part.
size_t wx_repeat_variant(const WxRepeat *repeat, size_t mode);

void wx_repeat_free(WxRepeat *repeat);

#endif
