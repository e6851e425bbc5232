/**
   @file verdict_text.h
   The sentences of a verdict. Private to verdict.c and oom_verdict.c.
*/
#ifndef WX_ATTRIBUTION_VERDICT_TEXT_H
#define WX_ATTRIBUTION_VERDICT_TEXT_H

#include "attribution/verdict.h"

/// Adds to verdict->text, as far as it has room.
void wx_verdict_say(WxVerdict *verdict, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/// Writes verdict->text for verdict->code.
void wx_verdict_write(WxVerdict *verdict, const WxVerdictFacts *facts);

#endif
