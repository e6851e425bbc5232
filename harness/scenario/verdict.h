/**
   @file verdict.h
   What a validated run shows, in a code and in words.
*/
#ifndef WX_SCENARIO_VERDICT_H
#define WX_SCENARIO_VERDICT_H

#include "stats/result.h"

#include <stddef.h>

/// The code for the figures of a run: `not-affected` without a memfd, `retained`, `live`, `clean`
/// or `unknown`. Writes two sentences at most to `text`.
const char *wx_verdict(const WxMetrics *metrics, WxFigure allocated_at_end, char *text,
                       size_t size);

#endif
