/**
   @file oom_document.h
   Kills for want of memory, from what is left after them.
*/
#ifndef WX_OUTPUT_OOM_DOCUMENT_H
#define WX_OUTPUT_OOM_DOCUMENT_H

#include "attribution/oom.h"
#include "output/document.h"

#include <jansson.h>
#include <stddef.h>

/// One kill for want of memory as JSON: also what `validate --memory-limit` says of a program that
/// was killed. NULL where memory ran out.
json_t *wx_oom_json(const WxOomReport *report);

/// Adds what is left of each kill, and whose memory it was.
void wx_oom_document_add(WxDocument *document, const WxOomReport reports[], size_t count);

#endif
