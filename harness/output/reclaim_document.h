/**
   @file reclaim_document.h
   The results of a live reclaim as a document.
*/
#ifndef WX_OUTPUT_RECLAIM_DOCUMENT_H
#define WX_OUTPUT_RECLAIM_DOCUMENT_H

#include "output/document.h"
#include "reclaim/headroom.h"
#include "reclaim/reclaim.h"

#include <stdbool.h>

void wx_reclaim_document_init(WxDocument *document);

/// Adds one memfd's result. The most recent 4096 are kept.
void wx_reclaim_document_add(WxDocument *document, const WxReclaim *result, bool dry_run);

/// Makes the table of the results.
void wx_reclaim_document_finish(WxDocument *document, bool dry_run);

/// Notes what a reclaim of all left out; `memfd` is the name that was asked for, NULL for the
/// runtime's.
void wx_reclaim_document_note_all(WxDocument *document, const char *memfd, const WxAllDone *done);

/// Notes it where as much again as came back would have passed the limit of the process's group,
/// since what comes back does not last then.
void wx_reclaim_document_advise(WxDocument *document, const WxHeadroom *before,
                                const WxReclaim *result);

/// One result as in the contract.
json_t *wx_reclaim_json(const WxReclaim *result, bool dry_run);

#endif
