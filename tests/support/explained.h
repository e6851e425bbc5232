/**
   @file explained.h
   What the events of a trace say of each page of the runtime's file, against the pages that the
   file really holds.
*/
#ifndef TESTS_SUPPORT_EXPLAINED_H
#define TESTS_SUPPORT_EXPLAINED_H

#include "measure/extents.h"
#include "trace/trace_format.h"

/// Why a page is allocated: the first that applies.
typedef enum {
  WX_BY_RELEASE, ///< It was filled when its block was released.
  WX_BY_VIEW,    ///< It was written through a view.
  WX_BY_DATA,    ///< It is committed for writing, and was written in place.
  WX_BY_NOTHING, ///< No event explains it.
  WX_EXPLANATIONS
} WxExplanation;

/// Start with {0}, end with wx_explained_free().
typedef struct {
  uint8_t *pages; ///< Of each page of the file, what happened to it.
  size_t count;
  uint64_t grown; ///< Sum of what the events say that the file has grown by, bytes.
} WxExplained;

/// Takes one event into account; of a process with one file.
void wx_explained_add(WxExplained *explained, const WxTraceEvent *event);

/// Compares with the extents that the file holds: bytes for each explanation. Returns the bytes
/// that ought to be allocated, since they were filled by a release or seen allocated by the
/// recorder, and are not.
uint64_t wx_explained_compare(const WxExplained *explained, const WxExtents *held,
                              uint64_t bytes[WX_EXPLANATIONS]);

void wx_explained_free(WxExplained *explained);

#endif
