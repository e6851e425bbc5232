/**
   @file counts.h
   How often each verb was used, per size of what it was used on: the table that a model and a
   recording of a real process are compared by.
*/
#ifndef WX_CLR_COUNTS_H
#define WX_CLR_COUNTS_H

#include <stddef.h>
#include <stdint.h>

/// What is counted: system calls as seen from outside the runtime.
typedef enum {
  WX_CLR_RESERVES,      ///< Blocks reserved, by the size of the block.
  WX_CLR_RELEASES,      ///< Blocks released, by the size of the block.
  WX_CLR_COMMITS,       ///< Ranges committed, by their size.
  WX_CLR_RW_MAPS,       ///< Writable views mapped (misses of the view cache), by their size.
  WX_CLR_RELEASED_MAPS, ///< Those of blocks that were released afterwards, by the size of the
                        ///< block.
  WX_CLR_COUNTED,
} WxClrCounted;

/// The name of a row: "reserves", "releases", "commits", "RW maps", "RW maps of released blocks".
const char *wx_clr_counted_name(WxClrCounted what);

enum {
  WX_CLR_LARGEST_CLASS = 1024, ///< In pages; all that is larger is counted together with it.
};

/// Counts by size in pages, index 0 unused.
typedef struct {
  uint64_t of[WX_CLR_COUNTED][WX_CLR_LARGEST_CLASS + 1];
} WxClrCounts;

/// Counts one use on `size` bytes; a part of a page counts as a page.
void wx_clr_counts_add(WxClrCounts *counts, WxClrCounted what, size_t size);

/// Counts it so many times.
void wx_clr_counts_add_times(WxClrCounts *counts, WxClrCounted what, size_t size, uint64_t times);

/// The sum of a row.
uint64_t wx_clr_counts_total(const WxClrCounts *counts, WxClrCounted what);

/// The number for blocks or ranges of exactly `size` bytes.
uint64_t wx_clr_counts_of(const WxClrCounts *counts, WxClrCounted what, size_t size);

#endif
