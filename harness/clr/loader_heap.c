#include "clr/loader_heap.h"

#include "clr/versions.h"
#include "os/os.h"

#include <errno.h>

enum { WORD = 8 };

void wx_loader_heap_init(WxLoaderHeap *heap, WxClrSpace *space, size_t reserve, bool executable) {
  *heap = (WxLoaderHeap){.space = space, .reserve = reserve, .executable = executable};
}

void wx_loader_heap_adopt(WxLoaderHeap *heap, WxClrPlace start, size_t size) {
  heap->next = start;
  heap->committed = start.offset;
  heap->end = start.offset + size;
}

size_t wx_loader_heap_room(const WxLoaderHeap *heap) {
  return heap->end - heap->next.offset;
}

// What is left of the present block is lost, its committed part too: the runtime keeps a committed
// rest only if it is larger than a page of stubs, which such a rest never is.
static int add_block(WxLoaderHeap *heap, size_t needed) {
  const size_t wanted = needed > heap->reserve ? needed : heap->reserve;
  WxClrBlock *block;
  const int result =
      wx_clr_space_reserve(heap->space, wx_round_up(wanted, WX_CLR_GRANULARITY), &block);
  if (result)
    return result;
  block->older = heap->owned;
  heap->owned = block;
  wx_loader_heap_adopt(heap, (WxClrPlace){block, 0}, block->size);
  return 0;
}

static int commit_up_to(WxLoaderHeap *heap, size_t offset) {
  if (offset <= heap->committed)
    return 0;
  const size_t size = wx_round_up(offset - heap->committed, wx_os_page_size());
  const WxClrPlace start = {heap->next.block, heap->committed};
  const int result = wx_clr_space_commit(heap->space, start, size, heap->executable);
  if (!result)
    heap->committed += size;
  return result;
}

int wx_loader_heap_take(WxLoaderHeap *heap, size_t header, size_t size, size_t alignment, bool grow,
                        WxClrPlace *taken) {
  const size_t needed = header + size + alignment - 1;
  int result = 0;
  if (needed > wx_loader_heap_room(heap))
    result = grow ? add_block(heap, needed) : -ENOSPC;
  if (!result)
    result = commit_up_to(heap, heap->next.offset + needed);
  if (result)
    return result;
  taken->block = heap->next.block;
  taken->offset = wx_round_up(heap->next.offset + header, alignment);
  heap->next.offset = taken->offset + size;
  return 0;
}

int wx_loader_heap_allocate(WxLoaderHeap *heap, size_t size) {
  WxClrPlace place;
  size = wx_round_up(size, WORD);
  const int result = wx_loader_heap_take(heap, 0, size, 1, true, &place);
  if (!result)
    wx_clr_space_fill(heap->space, place, size);
  return result;
}

int wx_loader_heap_destroy(WxLoaderHeap *heap) {
  const int result = wx_clr_space_release_all(heap->space, &heap->owned);
  if (!result)
    wx_loader_heap_init(heap, heap->space, heap->reserve, heap->executable);
  return result;
}
