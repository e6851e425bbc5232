#include "attribution/pe.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
  PAGE = 4096,
  WINDOW = 1024 * 1024,
  HEADERS = 8 * 1024, // Enough for e_lfanew and 96 sections.
  TEXT_AROUND = 4,
};

typedef struct {
  const WxMemory *memory;
  const WxPeVisitor *visitor;
  uint64_t start; // Of the window,
  size_t filled;  // and what it holds, at least HEADERS bytes more than is searched, if there are.
  unsigned char *window;
} Search;

static bool is_text(unsigned char character) {
  return character >= 0x20 && character < 0x7f;
}

// How many printable characters stand around the two letters, at most TEXT_AROUND each side.
static int text_around(const Search *search, size_t at) {
  int count = 0;
  for (size_t i = 1; i <= TEXT_AROUND; ++i) {
    count += at >= i && is_text(search->window[at - i]);
    count += at + 1 + i < search->filled && is_text(search->window[at + 1 + i]);
  }
  return count;
}

// Addresses of user space that heaps, stacks and libraries have.
static bool looks_like_pointer(uint64_t value) {
  return value >= UINT64_C(0x10000000000) && value < UINT64_C(0x800000000000);
}

static bool is_number(const Search *search, size_t at) {
  return (search->start + at) % 4 == 0 && at + 4 <= search->filled && search->window[at + 2] == 0 &&
         search->window[at + 3] == 0;
}

static bool is_in_pointer(const Search *search, size_t at, WxMzHit *hit) {
  const size_t into = (size_t)(hit->address % 8);
  uint64_t value;
  if (into > at || at - into + 8 > search->filled)
    return false;
  memcpy(&value, search->window + (at - into), sizeof value);
  // The letters may not be cut by the word's end; and no address has them as its upper half.
  if (!looks_like_pointer(value) || into == 7 || (into == 4 && is_number(search, at)))
    return false;
  hit->pointer = value;
  hit->byte = (unsigned)into;
  return true;
}

static WxMzHit explain(const Search *search, size_t at) {
  WxMzHit hit = {.address = search->start + at, .reason = WX_MZ_NO_HEADER};
  if (is_in_pointer(search, at, &hit))
    hit.reason = WX_MZ_POINTER;
  else if (is_number(search, at))
    hit.reason = WX_MZ_NUMBER;
  else if (text_around(search, at) >= TEXT_AROUND + 2)
    hit.reason = WX_MZ_TEXT;
  return hit;
}

static int look_at(const Search *search, size_t at) {
  WxPeImage image;
  if (wx_pe_read_headers(&image, search->start + at, search->window + at, search->filled - at)) {
    const int failed = wx_pe_read_metadata(&image, search->memory);
    return failed ? failed : search->visitor->image(&image, search->visitor->context);
  }
  const WxMzHit hit = explain(search, at);
  return search->visitor->letters(&hit, search->visitor->context);
}

// Searches the first `size` bytes of the window.
static int search_window(const Search *search, size_t size) {
  const unsigned char *at = search->window, *end = at + size;
  while (at < end && (at = memchr(at, 'M', (size_t)(end - at)))) {
    const size_t place = (size_t)(at - search->window);
    if (place + 1 < search->filled && at[1] == 'Z') {
      const int result = look_at(search, place);
      if (result)
        return result;
    }
    ++at;
  }
  return 0;
}

int wx_pe_search(const WxMemory *memory, uint64_t start, uint64_t end, const WxPeVisitor *visitor) {
  const uint64_t most = end > start ? end - start : 0;
  const size_t room = most < WINDOW + HEADERS ? (size_t)most : WINDOW + HEADERS;
  Search search = {.memory = memory, .visitor = visitor, .window = malloc(room + 1)};
  int result = search.window ? 0 : -ENOMEM;
  for (uint64_t at = start; !result && at < end;) {
    const uint64_t left = end - at;
    const size_t wanted = left < room ? (size_t)left : room;
    const ssize_t got = memory->read(memory->context, at, search.window, wanted);
    if (got <= 0) { // Not there: on to the next page.
      at = (at | (PAGE - 1)) + 1;
      if (!at)
        break;
      continue;
    }
    search.start = at;
    search.filled = (size_t)got;
    const size_t size = search.filled < WINDOW ? search.filled : WINDOW;
    result = search_window(&search, size);
    at += size;
  }
  free(search.window);
  return result;
}
