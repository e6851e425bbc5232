#include "measure/extents.h"

#include "os/large.h"
#include "os/os.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SMALLEST_CLASS = 4096 };

int wx_extents_add(WxExtents *extents, uint64_t start, uint64_t end) {
  WxExtent *items =
      wx_large_grown(extents->items, &extents->capacity, extents->count, sizeof *items);
  if (!items)
    return -ENOMEM;
  extents->items = items;
  items[extents->count++] = (WxExtent){start, end};
  return 0;
}

static int by_start(const void *left, const void *right) {
  const WxExtent *a = left;
  const WxExtent *b = right;
  return (a->start > b->start) - (a->start < b->start);
}

// A page is a bit: the offsets of 60,000 mappings, in any order but dense, are in order as soon as
// their bits are set.
enum { PAGE = 4096, WORD_BITS = 64, WORTH_BITS = 1024, PAGES_PER_ITEM = 64 };

// How many bits it takes; 0 where a list is short, or so sparse that a sort is cheaper.
static uint64_t count_bits(const WxExtents *extents) {
  uint64_t together = 0, last = 0, sum = 0;
  for (size_t i = 0; i < extents->count; ++i) {
    const WxExtent item = extents->items[i];
    together |= item.start | item.end;
    if (item.end <= item.start || item.end - item.start > (uint64_t)PAGE << 32)
      return 0;
    last = item.end > last ? item.end : last;
    sum += (item.end - item.start) / PAGE;
  }
  const uint64_t most = (uint64_t)extents->count * PAGES_PER_ITEM;
  return extents->count >= WORTH_BITS && !(together % PAGE) && last / PAGE <= most && sum <= most
             ? last / PAGE
             : 0;
}

static void set_bits(uint64_t *words, uint64_t from, uint64_t end) {
  while (from < end) {
    const uint64_t into = from % WORD_BITS, left = WORD_BITS - into;
    const uint64_t here = end - from < left ? end - from : left;
    words[from / WORD_BITS] |= (~UINT64_C(0) >> (WORD_BITS - here)) << into;
    from += here;
  }
}

// The first bit from `at` on that is as wanted; `count` where there is none.
static uint64_t find_bit(const uint64_t *words, uint64_t at, uint64_t count, bool wanted) {
  while (at < count) {
    const uint64_t word = words[at / WORD_BITS];
    const uint64_t rest = (wanted ? word : ~word) >> at % WORD_BITS;
    if (rest)
      return at + (uint64_t)__builtin_ctzll(rest) < count ? at + (uint64_t)__builtin_ctzll(rest)
                                                          : count;
    at += WORD_BITS - at % WORD_BITS;
  }
  return count;
}

// Makes a list normal by its bits. False where it is not worth it, or without memory.
static bool normalize_by_bits(WxExtents *extents) {
  const uint64_t count = count_bits(extents);
  uint64_t *words = count ? calloc(count / WORD_BITS + 1, sizeof *words) : NULL;
  if (!words)
    return false;
  for (size_t i = 0; i < extents->count; ++i)
    set_bits(words, extents->items[i].start / PAGE, extents->items[i].end / PAGE);
  extents->count = 0; // No more runs than there were items.
  for (uint64_t at = find_bit(words, 0, count, true); at < count;) {
    const uint64_t end = find_bit(words, at, count, false);
    extents->items[extents->count++] = (WxExtent){at * PAGE, end * PAGE};
    at = find_bit(words, end, count, true);
  }
  free(words);
  return true;
}

// A sort allocates; a list that needs none is common.
static bool is_sorted(const WxExtents *extents) {
  for (size_t i = 1; i < extents->count; ++i)
    if (extents->items[i].start < extents->items[i - 1].start)
      return false;
  return true;
}

void wx_extents_normalize(WxExtents *extents) {
  if (!is_sorted(extents)) {
    if (normalize_by_bits(extents))
      return;
    qsort(extents->items, extents->count, sizeof *extents->items, by_start);
  }
  size_t kept = 0;
  for (size_t i = 0; i < extents->count; ++i) {
    const WxExtent next = extents->items[i];
    if (next.end <= next.start)
      continue;
    WxExtent *last = kept ? &extents->items[kept - 1] : NULL;
    if (!last || next.start > last->end)
      extents->items[kept++] = next;
    else if (next.end > last->end)
      last->end = next.end;
  }
  extents->count = kept;
}

// Appends to an ascending list, joining what touches.
static int append(WxExtents *extents, uint64_t start, uint64_t end) {
  WxExtent *last = extents->count ? &extents->items[extents->count - 1] : NULL;
  if (!last || last->end < start)
    return wx_extents_add(extents, start, end);
  last->end = end;
  return 0;
}

// Moves `*at` up to the first byte from there on that no extent holds, and returns where the next
// extent begins. `*next` is the first extent that may end above `*at`.
static uint64_t leave(const WxExtents *extents, size_t *next, uint64_t *at) {
  while (*next < extents->count && extents->items[*next].start <= *at) {
    if (extents->items[*next].end > *at)
      *at = extents->items[*next].end;
    ++*next;
  }
  return *next < extents->count ? extents->items[*next].start : UINT64_MAX;
}

int wx_extents_read_outside(WxExtents *extents, int fd, const WxExtents *inside) {
  extents->count = 0;
  uint64_t at = 0;
  for (size_t next = 0;;) {
    leave(inside, &next, &at);
    const int64_t data = wx_os_seek(fd, at, SEEK_DATA);
    uint64_t start = data < 0 ? at : (uint64_t)data;
    const uint64_t stop = leave(inside, &next, &start);
    at = start;
    if (data >= 0 && start != (uint64_t)data) // That data lies inside.
      continue;
    const int64_t hole = data < 0 ? data : wx_os_seek(fd, start, SEEK_HOLE);
    if (hole == -ENXIO) // No data above, or none any more.
      return 0;
    if (hole < 0)
      return (int)hole;
    if (hole == data) { // Punched between the two calls: look again behind it.
      at = start + wx_os_page_size();
      continue;
    }
    at = (uint64_t)hole < stop ? (uint64_t)hole : stop;
    const int result = append(extents, start, at);
    if (result)
      return result;
  }
}

int wx_extents_read(WxExtents *extents, int fd) {
  const WxExtents nothing = {0};
  return wx_extents_read_outside(extents, fd, &nothing);
}

int wx_extents_subtract(WxExtents *difference, const WxExtents *left, const WxExtents *right) {
  difference->count = 0;
  size_t next = 0;
  for (size_t i = 0; i < left->count; ++i) {
    uint64_t start = left->items[i].start;
    const uint64_t end = left->items[i].end;
    while (next < right->count && right->items[next].end <= start)
      ++next;
    for (size_t j = next; start < end; ++j) {
      const uint64_t stop =
          j < right->count && right->items[j].start < end ? right->items[j].start : end;
      if (stop > start && wx_extents_add(difference, start, stop))
        return -ENOMEM;
      start = stop == end ? end : right->items[j].end;
    }
  }
  return 0;
}

uint64_t wx_extents_bytes(const WxExtents *extents) {
  uint64_t bytes = 0;
  for (size_t i = 0; i < extents->count; ++i)
    bytes += extents->items[i].end - extents->items[i].start;
  return bytes;
}

static size_t size_class(uint64_t size) {
  size_t found = 0;
  while (found + 1 < WX_SIZE_CLASSES && size >= (uint64_t)SMALLEST_CLASS << (found + 1))
    ++found;
  return found;
}

WxHistogram wx_extents_histogram(const WxExtents *extents) {
  WxHistogram histogram = {0};
  for (size_t i = 0; i < extents->count; ++i) {
    const uint64_t size = extents->items[i].end - extents->items[i].start;
    const size_t found = size_class(size);
    ++histogram.count[found];
    histogram.bytes[found] += size;
  }
  return histogram;
}

void wx_extents_free(WxExtents *extents) {
  free(extents->items);
  *extents = (WxExtents){0};
}
