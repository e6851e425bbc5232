/**
   @file zero.h
   Which pages of a buffer hold only zeros.
*/
#ifndef WX_RECLAIM_ZERO_H
#define WX_RECLAIM_ZERO_H

#include <stdbool.h>
#include <stddef.h>

/// Whether all `size` bytes at `start` are zero. `start` is aligned to 8 bytes and `size` a
/// multiple of 256.
bool wx_zero(const void *start, size_t size);

/// The length in bytes of the run of whole pages at the front of [start, start + size) that are all
/// zero (`zero` true) or are not (`zero` false); `size` is a multiple of `page`.
size_t wx_zero_run(const void *start, size_t size, size_t page, bool zero);

#endif
