#include "clr/range_list.h"

#include "os/grow.h"
#include "os/os.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { WORD = 8 };

void wx_range_list_init(WxRangeList *list, WxClrSpace *space, WxClrBlock *block) {
  *list = (WxRangeList){.space = space, .block = block, .largest = block->size};
}

void wx_range_list_clear(WxRangeList *list) {
  free(list->spans);
  list->spans = NULL;
}

size_t wx_range_list_content(WxSpan span, size_t header, size_t alignment) {
  return wx_round_up(span.offset + WX_CLR_RECORD + header, alignment);
}

static int write_record(WxRangeList *list, WxSpan span, uint64_t next) {
  const uint64_t record[2] = {next, span.size};
  _Static_assert(sizeof record == WX_CLR_RECORD, "a record is two words");
  return wx_clr_space_write(list->space, (WxClrPlace){list->block, span.offset}, record,
                            sizeof record, true);
}

static uint64_t offset_at(const WxRangeList *list, size_t index) {
  return index < list->count ? list->spans[index].offset : 0;
}

static bool adjoin(WxSpan lower, WxSpan upper) {
  return lower.offset + lower.size == upper.offset;
}

// Writes the records that change, the span's own first; then the list.
static int insert(WxRangeList *list, WxSpan span) {
  WxSpan *spans = wx_grown(list->spans, &list->capacity, list->count, sizeof *spans);
  if (!spans)
    return -ENOMEM;
  list->spans = spans;
  size_t at = 0;
  while (at < list->count && spans[at].offset < span.offset)
    ++at;
  const bool joins_next = at < list->count && adjoin(span, spans[at]);
  const bool joins_previous = at > 0 && adjoin(spans[at - 1], span);
  if (joins_next)
    span.size += spans[at].size;
  int result = write_record(list, span, offset_at(list, joins_next ? at + 1 : at));
  if (!result && at > 0) {
    WxSpan previous = spans[at - 1];
    previous.size += joins_previous ? span.size : 0;
    result = write_record(list, previous,
                          joins_previous ? offset_at(list, joins_next ? at + 1 : at) : span.offset);
  }
  if (result)
    return result;
  if (joins_previous) {
    spans[at - 1].size += span.size;
    if (joins_next)
      memmove(&spans[at], &spans[at + 1], (--list->count - at) * sizeof *spans);
  } else if (joins_next) {
    spans[at] = span;
  } else {
    memmove(&spans[at + 1], &spans[at], (list->count++ - at) * sizeof *spans);
    spans[at] = span;
  }
  return 0;
}

static size_t size_in(WxSpan span, size_t header, size_t size, size_t alignment) {
  const size_t end = wx_range_list_content(span, header, alignment) + size;
  return wx_round_up(end, WORD) - span.offset;
}

static size_t first_fit(const WxRangeList *list, size_t header, size_t size, size_t alignment) {
  size_t i = 0;
  while (i < list->count && list->spans[i].size < size_in(list->spans[i], header, size, alignment))
    ++i;
  return i;
}

// Commits what `total` bytes need beyond a free span at the end.
static int extend(WxRangeList *list, size_t total) {
  const WxSpan last = list->count ? list->spans[list->count - 1] : (WxSpan){0};
  const size_t tail = last.offset + last.size == list->committed ? last.size : 0;
  const size_t size = wx_round_up(total > tail ? total - tail : 0, wx_os_page_size());
  if (list->committed + size > list->block->size) {
    list->largest = total - 1;
    return -ENOSPC;
  }
  const WxClrPlace start = {list->block, list->committed};
  const int result = size ? wx_clr_space_commit(list->space, start, size, true) : 0;
  if (result)
    return result;
  const WxSpan added = {list->committed, size};
  const int inserted = size ? insert(list, added) : 0;
  if (!inserted)
    list->committed += size;
  return inserted;
}

static int take_at(WxRangeList *list, size_t at, size_t wanted, WxSpan *taken) {
  WxSpan span = list->spans[at];
  const size_t rest = span.size - wanted;
  const bool split = rest >= WX_CLR_LEAST_REST;
  const WxSpan left = {span.offset + wanted, rest};
  int result = split ? write_record(list, left, offset_at(list, at + 1)) : 0;
  if (!result && at > 0)
    result = write_record(list, list->spans[at - 1], split ? left.offset : offset_at(list, at + 1));
  if (split)
    span.size = wanted;
  if (!result)
    result = write_record(list, span, (uintptr_t)list->block->base);
  if (result)
    return result;
  if (split)
    list->spans[at] = left;
  else
    memmove(&list->spans[at], &list->spans[at + 1], (--list->count - at) * sizeof *list->spans);
  *taken = span;
  return 0;
}

int wx_range_list_take(WxRangeList *list, size_t header, size_t size, size_t alignment,
                       WxSpan *taken) {
  const size_t total = wx_round_up(WX_CLR_RECORD + header + size + alignment - 1, WORD);
  if (total > list->largest)
    return -ENOSPC;
  size_t at = first_fit(list, header, size, alignment);
  if (at == list->count) {
    const int result = extend(list, total);
    if (result)
      return result;
    at = first_fit(list, header, size, alignment);
    if (at == list->count)
      return -ENOSPC;
  }
  return take_at(list, at, size_in(list->spans[at], header, size, alignment), taken);
}

int wx_range_list_give(WxRangeList *list, WxSpan span) {
  const int result = insert(list, span);
  if (!result)
    list->largest += span.size;
  return result;
}
