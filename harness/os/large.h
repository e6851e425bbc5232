/**
   @file large.h
   Arrays that may grow to megabytes: on huge pages where the kernel has them, since touching a page
   for the first time costs more than filling it (14 us a page in some virtual machines).
*/
#ifndef WX_OS_LARGE_H
#define WX_OS_LARGE_H

#include <stddef.h>

/// As wx_grown() in grow.h, with address space for 16 MiB where it is more than a little and that
/// can be had; to be released with free(), too.
void *wx_large_grown(void *items, size_t *capacity, size_t count, size_t item_size);

/// As malloc().
void *wx_large_alloc(size_t size);

#endif
