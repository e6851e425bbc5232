/**
   @file clr_space.h
   The blocks that the heaps of one simulated process obtain from a strategy, with what an observer
   would count: uses by size, bytes reserved, and pages written in blocks that are still live.

   Not thread-safe: a simulated process is one thread. Errors: negative errno; a failed call leaves
   the block as it was and can be repeated.
*/
#ifndef WX_CLR_CLR_SPACE_H
#define WX_CLR_CLR_SPACE_H

#include "clr/counts.h"
#include "strategy/strategy.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct WxClrSpace WxClrSpace;

/// A reserved block. The heap that reserved it owns it until it is released.
typedef struct WxClrBlock {
  unsigned char *base;
  size_t size;
  struct WxClrBlock *older;           ///< For the owner: the block that it had before this one.
  struct WxClrBlock *previous, *next; ///< The space's own list.
  size_t pages_written;
  uint64_t views;     ///< Writable views of it that were mapped.
  uint64_t written[]; ///< One bit a page.
} WxClrBlock;

/// Where something lies in a block.
typedef struct {
  WxClrBlock *block;
  size_t offset;
} WxClrPlace;

/// The address that is read and executed.
static inline unsigned char *wx_clr_place_address(WxClrPlace place) {
  return place.block->base + place.offset;
}

/// Opens a space over `allocator`, which stays the caller's and must outlive it.
int wx_clr_space_open(WxAllocator *allocator, WxClrSpace **opened);

/// Releases every block that is left, then frees the space; NULL is fine. On failure the space
/// stays open and the call can be repeated.
int wx_clr_space_close(WxClrSpace *space);

/// Reserves `size` bytes rounded up to whole pages.
int wx_clr_space_reserve(WxClrSpace *space, size_t size, WxClrBlock **reserved);

/// Makes whole pages of `place` usable, executable or writable.
int wx_clr_space_commit(WxClrSpace *space, WxClrPlace place, size_t size, bool executable);

/// Copies `size` bytes into committed code through a writable view. `cacheable` permits the
/// strategy to keep the view.
int wx_clr_space_write(WxClrSpace *space, WxClrPlace place, const void *bytes, size_t size,
                       bool cacheable);

/// Overwrites committed data, which its owner may write in place, so that its pages are in use.
void wx_clr_space_fill(WxClrSpace *space, WxClrPlace place, size_t size);

/// Releases a block and frees its descriptor. On failure the block stays live.
int wx_clr_space_release(WxClrSpace *space, WxClrBlock *block);

/// Releases a list of blocks linked by `older`, newest first. On failure `*newest` is what is left.
int wx_clr_space_release_all(WxClrSpace *space, WxClrBlock **newest);

/// What an observer would see.
typedef struct {
  uint64_t blocks;         ///< Live blocks.
  uint64_t reserved_bytes; ///< Bytes of live blocks.
  uint64_t live_bytes;     ///< Bytes of pages of live blocks that were written.
} WxClrUsage;

WxClrUsage wx_clr_space_usage(const WxClrSpace *space);

/// Uses by size since the space was opened.
const WxClrCounts *wx_clr_space_counts(const WxClrSpace *space);

#endif
