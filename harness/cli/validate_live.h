/**
   @file validate_live.h
   Mode `live` of `wxbench validate`: a reclaim from outside, beside the program.
*/
#ifndef WX_CLI_VALIDATE_LIVE_H
#define WX_CLI_VALIDATE_LIVE_H

#include "reclaim/reclaim.h"
#include "scenario/validate.h"

#include <jansson.h>
#include <stdbool.h>

/// The reclaim of one run. Start with {0}.
typedef struct {
  WxSidecar *sidecar;
  bool ran; ///< `result` is there, or `kept`:
  WxReclaim result;
  json_t *kept; ///< the same of an earlier run, as JSON; borrowed.
} WxLive;

/// What scenario/validate.h needs to run it; `live` must outlive it.
WxBeside wx_validate_live(WxLive *live);

/// Whether a run was ended because the observer may not do what it was about to.
bool wx_validate_live_refused(const WxEnded *ended);

/// What was done, as in the contract. NULL where memory ran out.
json_t *wx_validate_live_json(const WxLive *live);

#endif
