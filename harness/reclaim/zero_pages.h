/**
   @file zero_pages.h
   Finds pages that hold only zeros, while the target runs. pread() copies out of the file: unlike
   a read through a mapping it never allocates a page.
*/
#ifndef WX_RECLAIM_ZERO_PAGES_H
#define WX_RECLAIM_ZERO_PAGES_H

#include "measure/extents.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Whether all `size` bytes at `start` are zero. `start` is aligned to 8 bytes and `size` a
/// multiple of 256.
bool wx_zero(const void *start, size_t size);

/// The length in bytes of the run of whole pages at the front of [start, start + size) that are all
/// zero (`zero` true) or are not (`zero` false); `size` is a multiple of `page`.
size_t wx_zero_run(const void *start, size_t size, size_t page, bool zero);

/// Bytes that are read at once: few calls, and the copy stays in the processor's cache.
enum { WX_SCAN_CHUNK = 256 * 1024 };

/// Where a scan has got to.
typedef struct {
  int fd;
  size_t page;            ///< The system's page size; larger units (huge pages) are not assumed.
  const WxExtents *where; ///< Normal; what is to be looked through.
  size_t at;              ///< Index in it.
  uint64_t offset;        ///< In the file: everything before was looked at.
  char *buffer;           ///< WX_SCAN_CHUNK bytes, aligned to a page.
} WxScan;

/// Starts at the first byte of `where` that is not below `from`. -ENOMEM.
int wx_scan_open(WxScan *scan, int fd, const WxExtents *where, uint64_t from);

/// Appends extents of whole zero pages to `found` until it holds `wanted` bytes more, or its
/// capacity is used up, or the end is reached. Returns the bytes that were added, 0 at the end, or
/// a negative errno. Never grows `found`.
int64_t wx_scan_next(WxScan *scan, WxExtents *found, uint64_t wanted);

void wx_scan_close(WxScan *scan);

#endif
