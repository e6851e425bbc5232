/**
   @file verdict_text.h
   The sentences of a verdict. Private to verdict.c.
*/
#ifndef WX_ATTRIBUTION_VERDICT_TEXT_H
#define WX_ATTRIBUTION_VERDICT_TEXT_H

#include "attribution/verdict.h"

/// Writes verdict->text for verdict->code.
void wx_verdict_write(WxVerdict *verdict, const WxVerdictFacts *facts);

#endif
