/**
   @file code_heap.h
   The JIT's code heaps of one loader allocator: methods are laid one after another, each in a
   bucket of its own of the heap's nibble map, and written through one view when they are finished.

   Facts: dotnet/runtime's LoaderCodeHeap; the sizes and the order of commits are measured.
*/
#ifndef WX_CLR_CODE_HEAP_H
#define WX_CLR_CODE_HEAP_H

#include "clr/loader_heap.h"
#include "clr/versions.h"

typedef struct WxCodeHeap WxCodeHeap;

typedef struct {
  WxClrSpace *space;
  const WxClrVersion *version;
  WxLoaderHeap *data;  ///< Where nibble maps and the headers of methods go; not owned.
  WxClrPlace slice;    ///< Part of an initial block that becomes the first heap.
  size_t slice_size;   ///< Its bytes, 0 once it is used or where there is none.
  WxCodeHeap *newest;  ///< All heaps, newest first.
  WxCodeHeap *current; ///< The one that was used last.
  size_t count;
  WxClrPlace fragment; ///< The rest of a piece that small stubs are cut from.
  size_t fragment_room;
  uint64_t methods; ///< Methods and stubs written so far; the identity of the next one.
} WxCodeHeaps;

/// Starts without a heap. `data` must outlive the heaps.
void wx_code_heaps_init(WxCodeHeaps *heaps, WxClrSpace *space, const WxClrVersion *version,
                        WxLoaderHeap *data);

/// Makes `size` bytes at `slice` the first heap, once one is needed. Their block is not released.
void wx_code_heaps_adopt(WxCodeHeaps *heaps, WxClrPlace slice, size_t size);

/// Compiles a method of `size` bytes: takes room for it, stores its header and data, writes real
/// code, calls it and checks the result. After a failure the room that it took is lost, as after a
/// failed compilation in the runtime. -EILSEQ where the code is not what was written.
int wx_code_heaps_compile(WxCodeHeaps *heaps, size_t size);

/// Writes a stub of `size` bytes. Stubs below 256 bytes share pieces of 1 KiB.
int wx_code_heaps_add_stub(WxCodeHeaps *heaps, size_t size);

/// Calls every method and stub and checks it. Returns 0 or -EILSEQ.
int wx_code_heaps_check(const WxCodeHeaps *heaps);

/// Releases all heaps. On failure what is left is released by another call.
int wx_code_heaps_destroy(WxCodeHeaps *heaps);

#endif
