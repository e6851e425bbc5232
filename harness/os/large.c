#include "os/large.h"

#include "os/grow.h"
#include "os/os.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
  HUGE_PAGE = 2 * 1024 * 1024,
  WORTH_IT = 128 * 1024,
  FIRST_SIZE = 16 * 1024 * 1024, // What is not used is only address space; copying costs time.
};

void *wx_large_alloc(size_t size) {
  if (size < WORTH_IT)
    return malloc(size);
  const size_t rounded = wx_round_up(size, HUGE_PAGE);
  void *place = rounded ? aligned_alloc(HUGE_PAGE, rounded) : NULL;
  if (place)
    (void)wx_os_madvise(place, rounded, MADV_HUGEPAGE); // Without it all is only slower.
  return place;
}

void *wx_large_grown(void *items, size_t *capacity, size_t count, size_t item_size) {
  const size_t wanted = *capacity * 2;
  size_t bytes;
  if (count < *capacity)
    return items;
  if (__builtin_mul_overflow(wanted, item_size, &bytes))
    return NULL;
  if (bytes < WORTH_IT)
    return wx_grown(items, capacity, count, item_size);
  const size_t least = wx_round_up(bytes, HUGE_PAGE);
  bytes = least < FIRST_SIZE ? FIRST_SIZE : least;
  void *grown = wx_large_alloc(bytes);
  if (!grown && bytes > least) // Address space is bounded here.
    grown = wx_large_alloc(bytes = least);
  if (!grown)
    return NULL;
  if (count) // NULL with 0 is allowed.
    memcpy(grown, items, count * item_size);
  free(items);
  *capacity = bytes / item_size;
  return grown;
}
