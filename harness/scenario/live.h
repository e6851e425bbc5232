/**
   @file live.h
   Mode `live`: a reclaim from outside, beside the program.
*/
#ifndef WX_SCENARIO_LIVE_H
#define WX_SCENARIO_LIVE_H

#include "reclaim/reclaim.h"
#include "reclaim/sidecar.h"
#include "scenario/validation.h"

#include <stdbool.h>

/// The reclaim of one run. Start with {0}.
typedef struct {
  WxSidecar *sidecar;
  bool ran; ///< `result` is there.
  WxReclaim result;
} WxLive;

/// What goes on beside the program (validation.h); `live` must outlive it.
WxBeside wx_live_beside(WxLive *live);

/// Whether a run was ended because the observer may not do what it was about to.
bool wx_live_was_refused(const WxEnded *ended);

#endif
