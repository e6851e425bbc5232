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

enum { DIGIT_BITS = 11, DIGITS = 1 << DIGIT_BITS, WORTH_DIGITS = 1024 };

static size_t digit_of(uint64_t key, unsigned shift) {
  return (size_t)(key >> shift) & (DIGITS - 1);
}

// One pass of a sort by digits: stable, from one array to the other.
static void distribute(const WxExtent *from, WxExtent *to, size_t count, unsigned shift) {
  size_t places[DIGITS] = {0};
  for (size_t i = 0; i < count; ++i)
    ++places[digit_of(from[i].start, shift)];
  for (size_t digit = 0, next = 0; digit < DIGITS; ++digit) {
    const size_t here = places[digit];
    places[digit] = next;
    next += here;
  }
  for (size_t i = 0; i < count; ++i)
    to[places[digit_of(from[i].start, shift)]++] = from[i];
}

// Sorts by digits, without those in which no two starts differ: offsets of 60,000 mappings are
// sorted in two passes. False where there is no memory.
static bool sort_by_digits(WxExtents *extents) {
  WxExtent *spare = wx_large_alloc(extents->count * sizeof *spare), *from = extents->items,
           *to = spare;
  uint64_t differing = 0;
  if (!spare)
    return false;
  for (size_t i = 1; i < extents->count; ++i)
    differing |= from[i].start ^ from[0].start;
  for (unsigned shift = 0; shift < 64; shift += DIGIT_BITS) {
    if (!digit_of(differing, shift))
      continue;
    distribute(from, to, extents->count, shift);
    WxExtent *const sorted = to;
    to = from;
    from = sorted;
  }
  if (from != extents->items)
    memcpy(extents->items, from, extents->count * sizeof *from);
  free(spare);
  return true;
}

static void sort(WxExtents *extents) {
  if (extents->count < WORTH_DIGITS || !sort_by_digits(extents))
    qsort(extents->items, extents->count, sizeof *extents->items, by_start);
}

// A sort allocates; a list that needs none is common.
static bool is_sorted(const WxExtents *extents) {
  for (size_t i = 1; i < extents->count; ++i)
    if (extents->items[i].start < extents->items[i - 1].start)
      return false;
  return true;
}

void wx_extents_normalize(WxExtents *extents) {
  if (!is_sorted(extents))
    sort(extents);
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
