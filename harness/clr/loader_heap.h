/**
   @file loader_heap.h
   The runtime's plain loader heap: memory is taken from a block from its start to its end, a page
   is committed when it is reached, and nothing is given back before the heap ends.

   Data heaps are mapped writable and written in place; the heap under JIT code is executable and
   written through views by its owner. Facts: dotnet/runtime's LoaderHeap, .NET 6 to 11.
*/
#ifndef WX_CLR_LOADER_HEAP_H
#define WX_CLR_LOADER_HEAP_H

#include "clr/clr_space.h"

typedef struct {
  WxClrSpace *space;
  size_t reserve; ///< Least bytes of a new block; rounded up to 64 KiB.
  bool executable;
  WxClrBlock *owned; ///< Newest first, linked by `older`.
  WxClrPlace next;   ///< Where the next allocation begins.
  size_t committed;  ///< Up to where in next.block memory is committed,
  size_t end;        ///< and up to where it is this heap's.
} WxLoaderHeap;

/// Starts an empty heap. Its first block is reserved when it is first needed.
void wx_loader_heap_init(WxLoaderHeap *heap, WxClrSpace *space, size_t reserve, bool executable);

/// Gives a fresh heap `size` bytes of a block to use first. The block stays its owner's: the heap
/// will not release it.
void wx_loader_heap_adopt(WxLoaderHeap *heap, WxClrPlace start, size_t size);

/// Bytes of the present block that are not handed out yet.
size_t wx_loader_heap_room(const WxLoaderHeap *heap);

/// Takes `size` bytes (rounded up to 8) of a data heap and fills them.
int wx_loader_heap_allocate(WxLoaderHeap *heap, size_t size);

/// Takes `size` bytes that begin at a multiple of `alignment`, `header` bytes or more after what
/// was taken before. Commits for the worst case of alignment, as the runtime does. The caller
/// writes them. -ENOSPC where `grow` is false and the present block is too small.
int wx_loader_heap_take(WxLoaderHeap *heap, size_t header, size_t size, size_t alignment, bool grow,
                        WxClrPlace *taken);

/// Releases the heap's own blocks, newest first. On failure what is left is released by another
/// call; after success the heap is empty and a call does nothing.
int wx_loader_heap_destroy(WxLoaderHeap *heap);

#endif
