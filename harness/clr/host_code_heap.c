#include "clr/host_code_heap.h"

#include "clr/machine_code.h"
#include "clr/range_list.h"
#include "os/os.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
  CODE_HEADER = 8,  // the pointer before each method,
  BACK_POINTER = 8, // and the one before that, to the record
  REAL_HEADER = 48, // header and unwind entry, behind the code so that they go with it
  CODE_ALIGNMENT = 16,
  WORD = 8,
  JUMP = 12,           // the jump to the personality routine, the first range of a heap
  HEAP_OVERHEAD = 348, // what the runtime adds to a request that needs a heap of its own
};

struct WxDynamicMethod {
  WxHostCodeHeap *heap;
  WxSpan span;
  size_t code, size;
  uint64_t identity;
  WxDynamicMethod *previous, *next;
};

struct WxHostCodeHeap {
  WxClrBlock *block;
  WxRangeList ranges;
  WxDynamicMethod *methods;
  WxHostCodeHeap *older;
  WxHostCodeHeap *emptied_before;
  bool is_emptied; // in the list of emptied heaps
};

void wx_host_code_heaps_init(WxHostCodeHeaps *heaps, WxClrSpace *space,
                             const WxClrVersion *version) {
  *heaps = (WxHostCodeHeaps){.space = space, .version = version};
}

static void link_method(WxHostCodeHeap *heap, WxDynamicMethod *method) {
  method->heap = heap;
  method->next = heap->methods;
  if (heap->methods)
    heap->methods->previous = method;
  heap->methods = method;
}

static void unlink_method(WxDynamicMethod *method) {
  if (method->previous)
    method->previous->next = method->next;
  else
    method->heap->methods = method->next;
  if (method->next)
    method->next->previous = method->previous;
}

static int write_jump(WxHostCodeHeaps *heaps, WxHostCodeHeap *heap) {
  static const unsigned char jump[JUMP] = {0x48, 0xb8, [10] = 0xff, 0xe0};
  WxSpan span;
  const int result = wx_range_list_take(&heap->ranges, 0, JUMP, WORD, &span);
  if (result)
    return result;
  const WxClrPlace place = {heap->block, wx_range_list_content(span, 0, WORD)};
  return wx_clr_space_write(heaps->space, place, jump, sizeof jump, true);
}

static void free_heap(WxHostCodeHeap *heap) {
  while (heap->methods) {
    WxDynamicMethod *method = heap->methods;
    heap->methods = method->next;
    free(method);
  }
  wx_range_list_clear(&heap->ranges);
  free(heap);
}

static void note_emptied(WxHostCodeHeaps *heaps, WxHostCodeHeap *heap) {
  if (heap->methods || heap->is_emptied)
    return;
  heap->is_emptied = true;
  heap->emptied_before = heaps->emptied;
  heaps->emptied = heap;
}

static int add_heap(WxHostCodeHeaps *heaps, size_t request, WxHostCodeHeap **added) {
  const WxClrVersion *version = heaps->version;
  const size_t least =
      heaps->count > version->long_heaps ? version->dynamic_heap_large : version->dynamic_heap;
  const size_t wanted = wx_round_up(request + HEAP_OVERHEAD, WX_CLR_GRANULARITY);
  WxHostCodeHeap *heap = calloc(1, sizeof *heap);
  if (!heap)
    return -ENOMEM;
  int result = wx_clr_space_reserve(heaps->space, wanted > least ? wanted : least, &heap->block);
  if (result) {
    free(heap);
    return result;
  }
  wx_range_list_init(&heap->ranges, heaps->space, heap->block);
  heap->older = heaps->newest;
  heaps->newest = heap;
  ++heaps->count;
  result = write_jump(heaps, heap);
  if (result)
    note_emptied(heaps, heap); // The next collection releases it.
  *added = heap;
  return result;
}

// Bytes behind the header: the code and, so that it goes with it, what describes it.
static size_t content_size(size_t size) {
  return wx_round_up(size, WORD) + REAL_HEADER;
}

static int take_in(WxHostCodeHeap *heap, size_t size, WxSpan *span) {
  return wx_range_list_take(&heap->ranges, CODE_HEADER + BACK_POINTER, content_size(size),
                            CODE_ALIGNMENT, span);
}

// The heap used last, else the first that has room, else a new one.
static int take(WxHostCodeHeaps *heaps, size_t size, WxSpan *span) {
  int result = heaps->current ? take_in(heaps->current, size, span) : -ENOSPC;
  for (WxHostCodeHeap *heap = heaps->newest; result == -ENOSPC && heap; heap = heap->older) {
    result = take_in(heap, size, span);
    if (!result)
      heaps->current = heap;
  }
  if (result != -ENOSPC)
    return result;
  WxHostCodeHeap *added;
  result = add_heap(heaps, content_size(size), &added);
  if (!result)
    result = take_in(added, size, span);
  if (!result)
    heaps->current = added;
  return result;
}

static int write_method(WxHostCodeHeaps *heaps, WxDynamicMethod *method) {
  WxHostCodeHeap *heap = method->heap;
  const size_t whole = CODE_HEADER + content_size(method->size);
  unsigned char *bytes = calloc(1, whole);
  if (!bytes)
    return -ENOMEM;
  wx_clr_machine_code_emit(bytes + CODE_HEADER, method->size, method->identity);
  const WxClrPlace start = {heap->block, method->code - CODE_HEADER};
  const WxClrPlace back = {heap->block, start.offset - BACK_POINTER};
  const uint64_t record = (uintptr_t)heap->block->base + method->span.offset;
  int result = wx_clr_space_write(heaps->space, back, &record, sizeof record, true);
  if (!result)
    result = wx_clr_space_write(heaps->space, start, bytes, whole, true);
  free(bytes);
  return result;
}

static int check_method(const WxDynamicMethod *method) {
  return wx_clr_machine_code_check(method->heap->block->base + method->code, method->size,
                                   method->identity);
}

int wx_host_code_heaps_compile(WxHostCodeHeaps *heaps, size_t size, WxDynamicMethod **compiled) {
  WxDynamicMethod *method = calloc(1, sizeof *method);
  if (!method)
    return -ENOMEM;
  int result = take(heaps, size, &method->span);
  if (result) {
    free(method);
    return result;
  }
  method->size = size;
  method->identity = heaps->methods++;
  method->code = wx_range_list_content(method->span, CODE_HEADER + BACK_POINTER, CODE_ALIGNMENT);
  link_method(heaps->current, method);
  result = write_method(heaps, method);
  if (!result)
    result = check_method(method);
  if (!result) {
    *compiled = method;
    return 0;
  }
  // Where its range cannot be given back either, the heap keeps it until it ends.
  if (wx_host_code_heaps_free(heaps, method)) {
    unlink_method(method);
    note_emptied(heaps, method->heap);
    free(method);
  }
  return result;
}

int wx_host_code_heaps_free(WxHostCodeHeaps *heaps, WxDynamicMethod *method) {
  WxHostCodeHeap *heap = method->heap;
  const int result = wx_range_list_give(&heap->ranges, method->span);
  if (result)
    return result;
  unlink_method(method);
  free(method);
  note_emptied(heaps, heap);
  return 0;
}

static void unlink_heap(WxHostCodeHeaps *heaps, WxHostCodeHeap *heap) {
  WxHostCodeHeap **link = &heaps->newest;
  while (*link != heap)
    link = &(*link)->older;
  *link = heap->older;
  --heaps->count;
  if (heaps->current == heap)
    heaps->current = NULL;
}

int wx_host_code_heaps_collect(WxHostCodeHeaps *heaps) {
  while (heaps->emptied) {
    WxHostCodeHeap *heap = heaps->emptied;
    WxHostCodeHeap *before = heap->emptied_before;
    if (heap->methods) { // Used again since.
      heap->is_emptied = false;
    } else {
      const int result = wx_clr_space_release(heaps->space, heap->block);
      if (result)
        return result;
      unlink_heap(heaps, heap);
      free_heap(heap);
    }
    heaps->emptied = before;
  }
  return 0;
}

int wx_host_code_heaps_check(const WxHostCodeHeaps *heaps) {
  for (const WxHostCodeHeap *heap = heaps->newest; heap; heap = heap->older)
    for (const WxDynamicMethod *method = heap->methods; method; method = method->next) {
      const int result = check_method(method);
      if (result)
        return result;
    }
  return 0;
}

int wx_host_code_heaps_destroy(WxHostCodeHeaps *heaps) {
  heaps->current = NULL;
  heaps->emptied = NULL;
  while (heaps->newest) {
    WxHostCodeHeap *older = heaps->newest->older;
    const int result = wx_clr_space_release(heaps->space, heaps->newest->block);
    if (result)
      return result;
    free_heap(heaps->newest);
    heaps->newest = older;
  }
  wx_host_code_heaps_init(heaps, heaps->space, heaps->version);
  return 0;
}
