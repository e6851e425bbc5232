#include "support/explained.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE = WX_TRACE_PAGE, READ_WRITE = 6 };
enum { FILLED = 1, VIEWED = 2, DATA = 4, SEEN = 8 };

static void make_room(WxExplained *explained, size_t pages) {
  if (pages <= explained->count)
    return;
  explained->pages = realloc(explained->pages, pages);
  ck_assert_ptr_nonnull(explained->pages);
  memset(explained->pages + explained->count, 0, pages - explained->count);
  explained->count = pages;
}

static void mark(WxExplained *explained, uint64_t offset, uint64_t size, int set, int clear) {
  const size_t end = (size_t)((offset + size) / PAGE);
  make_room(explained, end);
  for (size_t page = (size_t)(offset / PAGE); page < end; ++page)
    explained->pages[page] = (uint8_t)((explained->pages[page] & ~clear) | set);
}

void wx_explained_add(WxExplained *explained, const WxTraceEvent *event) {
  ck_assert_uint_eq(event->file, 0);
  explained->grown += (uint64_t)event->growth;
  const bool data = event->protection == READ_WRITE;
  switch (event->kind) {
  case WX_TRACE_COMMIT:
    mark(explained, event->offset, event->size, data ? DATA : 0, data ? 0 : DATA);
    break;
  case WX_TRACE_MAP_RW:
    mark(explained, event->offset, event->size, VIEWED, 0);
    break;
  case WX_TRACE_RELEASE:
    mark(explained, event->offset, event->size, event->mark ? FILLED : 0, DATA);
    break;
  case WX_TRACE_EXTENTS:
    for (uint32_t i = 0; i < event->extent_count; ++i)
      mark(explained, event->extents[i].offset, event->extents[i].size, SEEN, 0);
    break;
  default:
    break;
  }
}

static WxExplanation explanation_of(const WxExplained *explained, size_t page) {
  const int marks = page < explained->count ? explained->pages[page] : 0;
  return marks & FILLED   ? WX_BY_RELEASE
         : marks & VIEWED ? WX_BY_VIEW
         : marks & DATA   ? WX_BY_DATA
                          : WX_BY_NOTHING;
}

// Of the pages [first, last), those that ought to be allocated.
static uint64_t expected_between(const WxExplained *explained, size_t first, size_t last) {
  uint64_t bytes = 0;
  for (size_t page = first; page < last && page < explained->count; ++page)
    if (explained->pages[page] & (FILLED | SEEN))
      bytes += PAGE;
  return bytes;
}

uint64_t wx_explained_compare(const WxExplained *explained, const WxExtents *held,
                              uint64_t bytes[WX_EXPLANATIONS]) {
  uint64_t missing = 0;
  size_t next = 0;
  memset(bytes, 0, WX_EXPLANATIONS * sizeof *bytes);
  for (size_t i = 0; i < held->count; ++i) {
    const size_t start = (size_t)(held->items[i].start / PAGE);
    const size_t end = (size_t)(held->items[i].end / PAGE);
    missing += expected_between(explained, next, start);
    for (size_t page = start; page < end; ++page)
      bytes[explanation_of(explained, page)] += PAGE;
    next = end;
  }
  return missing + expected_between(explained, next, explained->count);
}

void wx_explained_free(WxExplained *explained) {
  free(explained->pages);
  *explained = (WxExplained){0};
}
