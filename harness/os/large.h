/**
   @file large.h
   Arrays of megabytes: on huge pages where the kernel has them, since touching a page for the first
   time costs more than filling it.
*/
#ifndef WX_OS_LARGE_H
#define WX_OS_LARGE_H

#include <stddef.h>

/// Moves an array from malloc() or this function (NULL with 0) to room for `wanted` bytes, more
/// than before; its first `used` bytes are kept. Returns where it is now, for free() to release; or
/// NULL, with the array as it was, where there is no memory.
void *wx_large_grow(void *items, size_t used, size_t wanted);

#endif
