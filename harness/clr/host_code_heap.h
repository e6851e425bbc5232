/**
   @file host_code_heap.h
   Heaps of dynamic methods (DynamicMethod), which come and go one by one: free ranges are kept in
   an address-ordered list inside the code pages, each free or taken range begins with a record of
   16 bytes, and every change of a record is a write through a view. One live method keeps its whole
   heap.

   Facts: dotnet/runtime's HostCodeHeap, .NET 6 to 11; the sizes of heaps are measured.
*/
#ifndef WX_CLR_HOST_CODE_HEAP_H
#define WX_CLR_HOST_CODE_HEAP_H

#include "clr/clr_space.h"
#include "clr/versions.h"

typedef struct WxHostCodeHeap WxHostCodeHeap;

/// A dynamic method. Valid until it is freed.
typedef struct WxDynamicMethod WxDynamicMethod;

typedef struct {
  WxClrSpace *space;
  const WxClrVersion *version;
  WxHostCodeHeap *newest;  ///< All heaps, newest first.
  WxHostCodeHeap *current; ///< The one that was used last.
  WxHostCodeHeap *emptied; ///< Heaps whose last method was freed, the last one first.
  size_t count;
  uint64_t methods; ///< Methods made so far; the identity of the next one.
} WxHostCodeHeaps;

/// Starts without a heap.
void wx_host_code_heaps_init(WxHostCodeHeaps *heaps, WxClrSpace *space,
                             const WxClrVersion *version);

/// Compiles a dynamic method of `size` bytes: real code that is called and checked. -EILSEQ where
/// it is not what was written. After a failure its room is free again.
int wx_host_code_heaps_compile(WxHostCodeHeaps *heaps, size_t size, WxDynamicMethod **compiled);

/// Frees a method, as its finalizer does: its range is joined with its free neighbours. On failure
/// the method stays.
int wx_host_code_heaps_free(WxHostCodeHeaps *heaps, WxDynamicMethod *method);

/// Releases the heaps that have been emptied and not used again, as a garbage collection does. On
/// failure what is left is released by another call.
int wx_host_code_heaps_collect(WxHostCodeHeaps *heaps);

/// Calls every live method and checks it. Returns 0 or -EILSEQ.
int wx_host_code_heaps_check(const WxHostCodeHeaps *heaps);

/// Releases all heaps with their methods. On failure what is left is released by another call.
int wx_host_code_heaps_destroy(WxHostCodeHeaps *heaps);

#endif
