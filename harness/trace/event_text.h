/**
   @file event_text.h
   A trace as text, one event a line, for people and for tests.
*/
#ifndef WX_TRACE_EVENT_TEXT_H
#define WX_TRACE_EVENT_TEXT_H

#include "trace/trace_format.h"

#include <stdio.h>

/// Prints `TIME_NS THREAD KIND ...` with what the kind has: `at OFFSET size SIZE`, `protection
/// rwx`, `mark`, `grew BYTES`, `value N`, `extents OFFSET+SIZE,...`. Returns 0, or -EIO where the
/// stream has failed.
int wx_trace_print(const WxTraceEvent *event, FILE *stream);

#endif
