/**
   @file grow.h
   Room for one more in an array that grows.
*/
#ifndef WX_OS_GROW_H
#define WX_OS_GROW_H

#include <stddef.h>
#include <stdlib.h>

/// Makes room for item number `count` of an array allocated by malloc (NULL with capacity 0),
/// doubling it when it is full. Returns where the array is now; or NULL, with array and capacity as
/// they were, where there is no memory.
static inline void *wx_grown(void *items, size_t *capacity, size_t count, size_t item_size) {
  if (count < *capacity)
    return items;
  const size_t wanted = *capacity ? *capacity * 2 : 64;
  void *grown = reallocarray(items, wanted, item_size);
  if (grown)
    *capacity = wanted;
  return grown;
}

#endif
