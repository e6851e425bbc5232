/**
   @file loader_allocator.h
   All memory of one unit of unloading: the global one of the process, or one of a collectible
   assembly or load context. It begins with an initial block of 64 KiB that its heaps share, and
   ends in two steps: its code goes first, its data later.

   Facts: dotnet/runtime's LoaderAllocator, .NET 6 to 11; the layout of the block and the order of
   releases are measured.
*/
#ifndef WX_CLR_LOADER_ALLOCATOR_H
#define WX_CLR_LOADER_ALLOCATOR_H

#include "clr/code_heap.h"
#include "clr/host_code_heap.h"
#include "clr/interleaved_heap.h"
#include "clr/loader_heap.h"

typedef struct {
  WxClrSpace *space; ///< NULL before it is opened and after it is closed.
  const WxClrVersion *version;
  WxClrBlock *initial;        ///< The initial block.
  WxLoaderHeap low;           ///< Rarely touched data (the global allocator only),
  WxLoaderHeap high;          ///< and data that is often touched.
  WxLoaderHeap stubs;         ///< Stubs of the stub linker; without interleaved heaps precodes too.
  WxLoaderHeap cells;         ///< Cells of virtual calls.
  WxInterleavedHeap precodes; ///< Of methods (fixups),
  WxInterleavedHeap stub_precodes; ///< and of other things.
  WxInterleavedHeap call_counts;   ///< Stubs that count calls.
  WxCodeHeaps code;
  WxHostCodeHeaps dynamic;
  uint64_t recyclable; ///< Descriptors of freed dynamic methods, to be used again.
} WxLoaderAllocator;

/// Opens an allocator with its initial block. On success the caller ends with
/// wx_loader_allocator_close() and must not move it.
int wx_loader_allocator_open(WxLoaderAllocator *allocator, WxClrSpace *space,
                             const WxClrVersion *version, bool collectible);

/// Takes `size` bytes of often touched data, in many small pieces.
int wx_loader_allocator_add_data(WxLoaderAllocator *allocator, size_t size);

/// Makes `count` precodes that lie together.
int wx_loader_allocator_add_precodes(WxLoaderAllocator *allocator, size_t count);

/// Writes a stub of the stub linker.
int wx_loader_allocator_add_stub(WxLoaderAllocator *allocator, size_t size);

/// Creates a type of `methods` methods.
int wx_loader_allocator_add_type(WxLoaderAllocator *allocator, unsigned methods);

/// Compiles a method for the first time: its precode, if it has none yet, and its code.
int wx_loader_allocator_compile(WxLoaderAllocator *allocator, size_t size);

/// Compiles a dynamic method, with a new descriptor or that of one freed before.
int wx_loader_allocator_compile_dynamic(WxLoaderAllocator *allocator, size_t size,
                                        WxDynamicMethod **method);

/// Calls all code and checks it. Returns 0 or -EILSEQ.
int wx_loader_allocator_check(const WxLoaderAllocator *allocator);

/// The first step of the end: releases all code heaps. Can be repeated.
int wx_loader_allocator_end_code(WxLoaderAllocator *allocator);

/// The second step: releases all else, the initial block last. Can be repeated.
int wx_loader_allocator_close(WxLoaderAllocator *allocator);

#endif
