/**
   @file interleaved_heap.h
   Stubs that need no view to be patched: a page of identical code beside a page of data, stub i
   reading datum i. Code pages are written once, through a view that is not kept.

   Facts: dotnet/runtime PR 65738 (.NET 7: 4 KiB), PR 83632 (.NET 8: 16 KiB); the order of the two
   commits and how much of the data page is written at once are measured.
*/
#ifndef WX_CLR_INTERLEAVED_HEAP_H
#define WX_CLR_INTERLEAVED_HEAP_H

#include "clr/clr_space.h"
#include "clr/versions.h"

typedef struct {
  WxClrSpace *space;
  const WxClrVersion *version;
  WxClrBlock *owned; ///< Newest first, linked by `older`.
  WxClrPlace pair;   ///< The code page in use; its data page follows.
  size_t used;       ///< Stubs taken of it,
  size_t freed;      ///< and how many that were given back can be taken again.
  uint64_t pairs;    ///< Pairs made so far.
} WxInterleavedHeap;

/// Starts an empty heap. Its first block is reserved when the first stub is taken.
void wx_interleaved_heap_init(WxInterleavedHeap *heap, WxClrSpace *space,
                              const WxClrVersion *version);

/// Stubs that a page of code holds.
size_t wx_interleaved_heap_capacity(const WxInterleavedHeap *heap);

/// Takes `count` stubs, at most a page of them; they lie side by side, in the next pair where the
/// present one has too few left. A single stub that was given back is taken first.
int wx_interleaved_heap_take(WxInterleavedHeap *heap, size_t count);

/// Gives `count` stubs back. They are taken again one by one; their memory stays until the heap
/// ends.
void wx_interleaved_heap_give(WxInterleavedHeap *heap, size_t count);

/// Calls the first and last stub of the present pair and checks them. Returns 0 or -EILSEQ.
int wx_interleaved_heap_check(const WxInterleavedHeap *heap);

/// Releases all blocks, newest first. On failure what is left is released by another call.
int wx_interleaved_heap_destroy(WxInterleavedHeap *heap);

#endif
