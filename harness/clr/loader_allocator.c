#include "clr/loader_allocator.h"

#include "os/os.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
  PIECE = 128, // what describes types and methods is allocated in pieces of about this size
  DYNAMIC_DESCRIPTOR = 64, // bytes of data of a dynamic method, used again after it; measured
};

static size_t pages_of(WxClrParts parts) {
  return parts.low + parts.code + parts.virtual_calls + parts.high + parts.stub;
}

// Hands the next `pages` of the initial block to a heap.
static void slice(WxLoaderHeap *heap, WxClrPlace *at, unsigned pages) {
  const size_t size = pages * wx_os_page_size();
  if (size)
    wx_loader_heap_adopt(heap, *at, size);
  at->offset += size;
}

static void divide(WxLoaderAllocator *allocator, WxClrParts parts, bool collectible) {
  WxClrPlace at = {allocator->initial, 0};
  slice(&allocator->low, &at, parts.low);
  if (collectible)
    wx_code_heaps_adopt(&allocator->code, at, parts.code * wx_os_page_size());
  at.offset += parts.code * wx_os_page_size();
  slice(&allocator->cells, &at, parts.virtual_calls);
  slice(&allocator->high, &at, parts.high);
  slice(&allocator->stubs, &at, parts.stub);
}

int wx_loader_allocator_open(WxLoaderAllocator *allocator, WxClrSpace *space,
                             const WxClrVersion *version, bool collectible) {
  const WxClrParts parts = collectible ? version->collectible : version->global;
  *allocator = (WxLoaderAllocator){.version = version};
  const size_t size = wx_round_up(pages_of(parts) * wx_os_page_size(), WX_CLR_GRANULARITY);
  const int result = wx_clr_space_reserve(space, size, &allocator->initial);
  if (result)
    return result;
  allocator->space = space;
  wx_loader_heap_init(&allocator->low, space, 0, false);
  wx_loader_heap_init(&allocator->high, space, 0, false);
  wx_loader_heap_init(&allocator->stubs, space, 0, true);
  wx_loader_heap_init(&allocator->cells, space, 0, false);
  wx_interleaved_heap_init(&allocator->precodes, space, version);
  wx_interleaved_heap_init(&allocator->stub_precodes, space, version);
  wx_interleaved_heap_init(&allocator->call_counts, space, version);
  WxLoaderHeap *data = collectible ? &allocator->high : &allocator->low;
  wx_code_heaps_init(&allocator->code, space, version, data);
  wx_host_code_heaps_init(&allocator->dynamic, space, version);
  divide(allocator, parts, collectible);
  return 0;
}

int wx_loader_allocator_add_data(WxLoaderAllocator *allocator, size_t size) {
  int result = 0;
  for (size_t done = 0; !result && done < size; done += PIECE) {
    const size_t left = size - done;
    result = wx_loader_heap_allocate(&allocator->high, left < PIECE ? left : PIECE);
  }
  return result;
}

static int write_stub(WxLoaderAllocator *allocator, size_t size) {
  WxClrPlace place;
  int result = wx_loader_heap_take(&allocator->stubs, 0, size, WX_CLR_STUB / 3, true, &place);
  if (result)
    return result;
  unsigned char *bytes = malloc(size);
  if (!bytes)
    return -ENOMEM;
  memset(bytes, 0xcc, size);
  result = wx_clr_space_write(allocator->space, place, bytes, size, true);
  free(bytes);
  return result;
}

int wx_loader_allocator_add_precodes(WxLoaderAllocator *allocator, size_t count) {
  if (!allocator->version->stub_page) // .NET 6: written where they are, one view for all.
    return count ? write_stub(allocator, count * WX_CLR_STUB) : 0;
  const size_t most = wx_interleaved_heap_capacity(&allocator->precodes);
  while (count) {
    const size_t now = count < most ? count : most;
    const int result = wx_interleaved_heap_take(&allocator->precodes, now);
    if (result)
      return result;
    count -= now;
  }
  return 0;
}

int wx_loader_allocator_add_stub(WxLoaderAllocator *allocator, size_t size) {
  return write_stub(allocator, size);
}

int wx_loader_allocator_add_type(WxLoaderAllocator *allocator, unsigned methods) {
  const WxClrCosts *costs = &allocator->version->costs;
  const size_t size = costs->type + (size_t)methods * costs->method;
  const int result = wx_loader_allocator_add_data(allocator, size);
  if (result || !costs->precode_at_type)
    return result;
  return wx_loader_allocator_add_precodes(allocator, methods);
}

int wx_loader_allocator_compile(WxLoaderAllocator *allocator, size_t size) {
  const bool needs_precode = !allocator->version->costs.precode_at_type;
  const int result = needs_precode ? wx_loader_allocator_add_precodes(allocator, 1) : 0;
  return result ? result : wx_code_heaps_compile(&allocator->code, size);
}

int wx_loader_allocator_compile_dynamic(WxLoaderAllocator *allocator, size_t size,
                                        WxDynamicMethod **method) {
  if (allocator->recyclable) {
    const int result = wx_host_code_heaps_compile(&allocator->dynamic, size, method);
    allocator->recyclable -= !result;
    return result;
  }
  int result = wx_loader_heap_allocate(&allocator->high, DYNAMIC_DESCRIPTOR);
  if (!result)
    result = wx_loader_allocator_add_precodes(allocator, 1);
  return result ? result : wx_host_code_heaps_compile(&allocator->dynamic, size, method);
}

int wx_loader_allocator_check(const WxLoaderAllocator *allocator) {
  int result = wx_code_heaps_check(&allocator->code);
  if (!result)
    result = wx_host_code_heaps_check(&allocator->dynamic);
  if (!result)
    result = wx_interleaved_heap_check(&allocator->precodes);
  if (!result)
    result = wx_interleaved_heap_check(&allocator->stub_precodes);
  if (!result)
    result = wx_interleaved_heap_check(&allocator->call_counts);
  return result;
}

int wx_loader_allocator_end_code(WxLoaderAllocator *allocator) {
  const int result = wx_code_heaps_destroy(&allocator->code);
  return result ? result : wx_host_code_heaps_destroy(&allocator->dynamic);
}

int wx_loader_allocator_close(WxLoaderAllocator *allocator) {
  if (!allocator->space)
    return 0;
  int result = wx_loader_allocator_end_code(allocator);
  if (!result)
    result = wx_loader_heap_destroy(&allocator->low);
  if (!result)
    result = wx_loader_heap_destroy(&allocator->high);
  if (!result)
    result = wx_loader_heap_destroy(&allocator->cells);
  if (!result)
    result = wx_loader_heap_destroy(&allocator->stubs);
  if (!result)
    result = wx_interleaved_heap_destroy(&allocator->call_counts);
  if (!result)
    result = wx_interleaved_heap_destroy(&allocator->stub_precodes);
  if (!result)
    result = wx_interleaved_heap_destroy(&allocator->precodes);
  if (!result)
    result = wx_clr_space_release(allocator->space, allocator->initial);
  if (!result)
    allocator->space = NULL;
  return result;
}
