#include "clr/interleaved_heap.h"

#include "clr/machine_code.h"
#include "os/os.h"

#include <errno.h>
#include <stdlib.h>

void wx_interleaved_heap_init(WxInterleavedHeap *heap, WxClrSpace *space,
                              const WxClrVersion *version) {
  *heap = (WxInterleavedHeap){.space = space, .version = version};
}

size_t wx_interleaved_heap_capacity(const WxInterleavedHeap *heap) {
  return heap->version->stub_page / WX_CLR_STUB;
}

static int add_block(WxInterleavedHeap *heap) {
  const size_t pair = 2 * heap->version->stub_page;
  WxClrBlock *block;
  const int result =
      wx_clr_space_reserve(heap->space, wx_round_up(pair, WX_CLR_GRANULARITY), &block);
  if (result)
    return result;
  block->older = heap->owned;
  heap->owned = block;
  return 0;
}

static int commit_pair(WxInterleavedHeap *heap, WxClrPlace code) {
  const size_t page = heap->version->stub_page;
  const WxClrPlace data = {code.block, code.offset + page};
  const bool data_first = heap->version->data_page_first;
  const int result = wx_clr_space_commit(heap->space, data_first ? data : code, page, !data_first);
  return result ? result
                : wx_clr_space_commit(heap->space, data_first ? code : data, page, data_first);
}

static int write_pair(WxInterleavedHeap *heap, WxClrPlace code) {
  const size_t page = heap->version->stub_page;
  unsigned char *stubs = malloc(page);
  if (!stubs)
    return -ENOMEM;
  const size_t capacity = wx_interleaved_heap_capacity(heap);
  for (size_t i = 0; i < capacity; ++i)
    wx_clr_machine_code_emit(stubs + i * WX_CLR_STUB, WX_CLR_STUB, i);
  const size_t rest = capacity * WX_CLR_STUB;
  wx_clr_machine_code_emit(stubs + rest, page - rest, capacity);
  const int result = wx_clr_space_write(heap->space, code, stubs, page, false);
  free(stubs);
  if (!result && heap->version->data_page_filled)
    wx_clr_space_fill(heap->space, (WxClrPlace){code.block, code.offset + page}, page);
  return result;
}

static WxClrPlace next_pair(const WxInterleavedHeap *heap) {
  if (!heap->pair.block)
    return (WxClrPlace){heap->owned, 0};
  const size_t pair = 2 * heap->version->stub_page;
  const WxClrPlace next = {heap->pair.block, heap->pair.offset + pair};
  // A newer block is there where making its first pair failed before.
  const bool full = next.offset + pair > next.block->size;
  return full ? (WxClrPlace){heap->owned == next.block ? NULL : heap->owned, 0} : next;
}

static int add_pair(WxInterleavedHeap *heap) {
  WxClrPlace code = next_pair(heap);
  int result = 0;
  if (!code.block) {
    result = add_block(heap);
    code.block = heap->owned;
  }
  if (!result)
    result = commit_pair(heap, code);
  if (!result)
    result = write_pair(heap, code);
  if (result)
    return result;
  heap->pair = code;
  heap->used = 0;
  ++heap->pairs;
  return 0;
}

int wx_interleaved_heap_take(WxInterleavedHeap *heap, size_t count) {
  if (count == 1 && heap->freed) {
    --heap->freed;
    return 0;
  }
  const size_t capacity = wx_interleaved_heap_capacity(heap);
  if (count > capacity)
    return -EINVAL;
  const bool fits = heap->pair.block && heap->used + count <= capacity;
  const int result = fits ? 0 : add_pair(heap);
  if (result)
    return result;
  const size_t data = heap->pair.offset + heap->version->stub_page + heap->used * WX_CLR_STUB;
  wx_clr_space_fill(heap->space, (WxClrPlace){heap->pair.block, data}, count * WX_CLR_STUB);
  heap->used += count;
  return 0;
}

void wx_interleaved_heap_give(WxInterleavedHeap *heap, size_t count) {
  heap->freed += count;
}

int wx_interleaved_heap_check(const WxInterleavedHeap *heap) {
  if (!heap->pair.block)
    return 0;
  const unsigned char *stubs = wx_clr_place_address(heap->pair);
  const size_t last = wx_interleaved_heap_capacity(heap) - 1;
  const int result = wx_clr_machine_code_check(stubs, WX_CLR_STUB, 0);
  return result ? result : wx_clr_machine_code_check(stubs + last * WX_CLR_STUB, WX_CLR_STUB, last);
}

int wx_interleaved_heap_destroy(WxInterleavedHeap *heap) {
  const int result = wx_clr_space_release_all(heap->space, &heap->owned);
  if (!result)
    wx_interleaved_heap_init(heap, heap->space, heap->version);
  return result;
}
