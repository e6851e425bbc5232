/**
   @file replay_document.h
   What a replay has to say, as a result of the document.
*/
#ifndef WX_OUTPUT_REPLAY_DOCUMENT_H
#define WX_OUTPUT_REPLAY_DOCUMENT_H

#include "output/result_json.h"
#include "trace/overhead.h"
#include "trace/replay_run.h"

/// Adds a replay, with what the trace says of the recorded process as its member `recorded`, and
/// notes for people. One that did not run to its end is a row with its reason.
void wx_replay_document_add(WxDocument *document, const WxReplayRun *run);

/// Adds what the replay of the trace `path` itself costs.
void wx_replay_document_add_overhead(WxDocument *document, const char *path,
                                     const WxOverhead *measured);

#endif
