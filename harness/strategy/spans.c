#include "strategy/spans.h"

#include <stddef.h>
#include <stdlib.h>

// A key of pages of 4 KiB: 32 bits of size (16 TiB) above 32 bits of place.
enum { UNIT_BITS = 12, PLACE_BITS = 32 };

static uint64_t size_key(uint64_t size, uint64_t start) {
  return size >> UNIT_BITS << PLACE_BITS | start >> UNIT_BITS;
}

static WxSpan *of_size(WxRankedNode *node) {
  return node ? (WxSpan *)(void *)((char *)node - offsetof(WxSpan, by_size)) : NULL;
}

static void insert(WxSpans *spans, WxSpan *span, uint64_t start, uint64_t size) {
  span->size = size;
  wx_ranked_insert(&spans->by_place, &span->by_place, start);
  wx_ranked_insert(&spans->by_size, &span->by_size, size_key(size, start));
  spans->bytes += size;
}

void wx_spans_take(WxSpans *spans, WxSpan *span) {
  wx_ranked_remove(&spans->by_place, &span->by_place);
  wx_ranked_remove(&spans->by_size, &span->by_size);
  spans->bytes -= span->size;
}

// Takes out and frees the span that begins at `start` or ends there.
static uint64_t absorb(WxSpans *spans, WxSpan *span) {
  const uint64_t size = span->size;
  wx_spans_take(spans, span);
  free(span);
  return size;
}

void wx_spans_give(WxSpans *spans, WxSpan *span, uint64_t start, uint64_t size) {
  WxSpan *before = (WxSpan *)wx_ranked_floor(&spans->by_place, start);
  WxSpan *after = (WxSpan *)wx_ranked_ceiling(&spans->by_place, start);
  if (after && wx_span_start(after) == start + size)
    size += absorb(spans, after);
  if (before && wx_span_start(before) + before->size == start) {
    const uint64_t more = absorb(spans, before);
    start -= more;
    size += more;
  }
  insert(spans, span, start, size);
}

WxSpan *wx_spans_fit(const WxSpans *spans, uint64_t size) {
  return of_size(wx_ranked_ceiling(&spans->by_size, size_key(size, 0)));
}

WxSpan *wx_spans_next(const WxSpans *spans, const WxSpan *span) {
  return of_size(wx_ranked_ceiling(&spans->by_size, span->by_size.key + 1));
}

WxSpan *wx_spans_largest(const WxSpans *spans) {
  return of_size(wx_ranked_floor(&spans->by_size, UINT64_MAX));
}

WxSpan *wx_spans_cut(WxSpans *spans, WxSpan *span, uint64_t start, uint64_t size, WxSpan *spare) {
  const uint64_t first = wx_span_start(span);
  const uint64_t end = first + span->size;
  WxSpan *unused = span;
  wx_spans_take(spans, span);
  if (start > first) {
    insert(spans, span, first, start - first);
    unused = NULL;
  }
  if (end > start + size) {
    insert(spans, unused ? unused : spare, start + size, end - start - size);
    return unused ? spare : NULL;
  }
  if (!unused)
    return spare;
  free(span);
  return spare;
}

void wx_spans_clear(WxSpans *spans) {
  for (WxSpan *span; (span = wx_spans_largest(spans));)
    (void)absorb(spans, span);
}
