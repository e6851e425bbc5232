/**
   @file journal.h
   Adds events to a recorder's trace, one at a time, with thread, time and what the file has grown
   by. Private to the recorder.
*/
#ifndef WX_PRELOAD_JOURNAL_H
#define WX_PRELOAD_JOURNAL_H

#include "preload/recorder.h"

/// Adds an event; in a process that has no trace yet, begins one. Where that fails nothing is
/// recorded. A signal handler that comes here while its thread is in the recorder adds nothing.
void wx_journal_record(WxRecorder *recorder, WxRecorderThread *thread, WxTraceEvent *event);

/// The same for a caller that has just been told of the event's file, which is not asked again.
void wx_journal_record_now(WxRecorder *recorder, WxRecorderThread *thread, WxTraceEvent *event,
                           const WxRawFile *now);

#endif
