/**
   @file spans.h
   Free parts of a file: the smallest that is large enough is found first, neighbours merge.

   Not thread-safe. Nothing here makes a system call. Whole pages only.
*/
#ifndef WX_STRATEGY_SPANS_H
#define WX_STRATEGY_SPANS_H

#include "strategy/ranked.h"

#include <stdbool.h>
#include <stdint.h>

/// One part; allocated by malloc().
typedef struct {
  WxRankedNode by_place; ///< Key: where it begins.
  WxRankedNode by_size;  ///< Key: its size, then where it begins, in pages.
  uint64_t size;         ///< Bytes.
} WxSpan;

/// {0} is empty.
typedef struct {
  WxRanked by_place;
  WxRanked by_size;
  uint64_t bytes; ///< Of all of them.
} WxSpans;

static inline uint64_t wx_span_start(const WxSpan *span) {
  return span->by_place.key;
}

/// Adds [start, start + size), which is in no span. Takes `span` over, and what it merges with is
/// freed.
void wx_spans_give(WxSpans *spans, WxSpan *span, uint64_t start, uint64_t size);

/// The smallest of at least `size` bytes, the first in the file of those; NULL where there is none.
WxSpan *wx_spans_fit(const WxSpans *spans, uint64_t size);

/// The next one after `span` in that order.
WxSpan *wx_spans_next(const WxSpans *spans, const WxSpan *span);

/// A largest one, NULL where there is none.
WxSpan *wx_spans_largest(const WxSpans *spans);

/// Takes `span` out; it is the caller's to free.
void wx_spans_take(WxSpans *spans, WxSpan *span);

/// Takes [start, start + size) out of `span`, of which up to two parts are left. `spare` is for the
/// second of them. Returns the span that is not needed, the caller's to free; NULL where both are.
WxSpan *wx_spans_cut(WxSpans *spans, WxSpan *span, uint64_t start, uint64_t size, WxSpan *spare);

/// Frees all of them.
void wx_spans_clear(WxSpans *spans);

#endif
