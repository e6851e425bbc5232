#include "clr/code_heap.h"

#include "clr/machine_code.h"
#include "os/grow.h"
#include "os/os.h"

#include <errno.h>
#include <stdlib.h>

enum {
  JUMP = 12,           // the jump to the personality routine, at the start of each heap
  WORD = 8,            //
  HEADER = 8,          // the pointer before each method
  CODE_ALIGNMENT = 16, //
  BUCKET = 32,         // code bytes of one nibble
  CODE_PER_MAP_BYTE = 64,
  SMALL_STUB = 256,
  STUB_PIECE = 4 * SMALL_STUB,
};

// A method or stub, to be checked later.
typedef struct {
  WxClrPlace place;
  size_t size;
  uint64_t identity;
} WxMethod;

struct WxCodeHeap {
  WxLoaderHeap memory;
  WxClrPlace start;
  WxClrPlace map; // nibble map
  size_t padding; // bytes to leave so that the next method starts in another bucket
  WxMethod *methods;
  size_t count, capacity;
  WxCodeHeap *older;
};

void wx_code_heaps_init(WxCodeHeaps *heaps, WxClrSpace *space, const WxClrVersion *version,
                        WxLoaderHeap *data) {
  *heaps = (WxCodeHeaps){.space = space, .version = version, .data = data};
}

void wx_code_heaps_adopt(WxCodeHeaps *heaps, WxClrPlace slice, size_t size) {
  heaps->slice = slice;
  heaps->slice_size = size;
}

static size_t least_reserve(const WxCodeHeaps *heaps) {
  const WxClrVersion *version = heaps->version;
  return heaps->count > version->long_heaps ? version->code_heap_large : version->code_heap;
}

static int write_code(WxCodeHeaps *heaps, WxClrPlace place, size_t header, size_t size) {
  unsigned char *bytes = malloc(header + size);
  if (!bytes)
    return -ENOMEM;
  for (size_t i = 0; i < header; ++i)
    bytes[i] = (unsigned char)i;
  wx_clr_machine_code_emit(bytes + header, size, heaps->methods);
  const WxClrPlace start = {place.block, place.offset - header};
  const int result = wx_clr_space_write(heaps->space, start, bytes, header + size, true);
  free(bytes);
  return result ? result
                : wx_clr_machine_code_check(wx_clr_place_address(place), size, heaps->methods++);
}

// The order is the runtime's: room for the jump, the nibble map, then the jump is written.
static int set_up(WxCodeHeaps *heaps, WxCodeHeap *heap) {
  WxClrPlace jump;
  int result = wx_loader_heap_take(&heap->memory, 0, JUMP, WORD, true, &jump);
  if (result)
    return result;
  heap->start = (WxClrPlace){jump.block, jump.offset};
  const size_t size = heap->memory.end - jump.offset;
  const size_t map = size / CODE_PER_MAP_BYTE + heaps->version->map_rest;
  result = wx_loader_heap_take(heaps->data, 0, map, 1, true, &heap->map);
  return result ? result : write_code(heaps, jump, 0, JUMP);
}

static int discard(WxCodeHeap *heap) {
  const int result = wx_loader_heap_destroy(&heap->memory);
  if (result)
    return result;
  free(heap->methods);
  free(heap);
  return 0;
}

static void link_heap(WxCodeHeaps *heaps, WxCodeHeap *heap) {
  heap->older = heaps->newest;
  heaps->newest = heap;
  ++heaps->count;
}

// A heap that could not be set up goes at once; where even that fails it stays in the list, too
// small for everything, and is released with the others.
static void abandon(WxCodeHeaps *heaps, WxCodeHeap *heap, size_t slice_size) {
  heaps->slice_size = slice_size;
  if (!discard(heap))
    return;
  heap->memory.end = heap->memory.next.offset;
  link_heap(heaps, heap);
}

static int add_heap(WxCodeHeaps *heaps, size_t needed) {
  WxCodeHeap *heap = calloc(1, sizeof *heap);
  if (!heap)
    return -ENOMEM;
  const size_t least = least_reserve(heaps);
  const size_t wanted = needed + JUMP + WORD;
  wx_loader_heap_init(&heap->memory, heaps->space, wanted > least ? wanted : least, true);
  const size_t slice_size = heaps->slice_size;
  if (wanted <= slice_size) {
    wx_loader_heap_adopt(&heap->memory, heaps->slice, slice_size);
    heaps->slice_size = 0;
  }
  const int result = set_up(heaps, heap);
  if (result) {
    abandon(heaps, heap, slice_size);
    return result;
  }
  link_heap(heaps, heap);
  heaps->current = heap;
  return 0;
}

static void note_in_map(const WxCodeHeaps *heaps, const WxCodeHeap *heap, WxClrPlace code,
                        size_t size) {
  const size_t first = (code.offset - heap->start.offset) / CODE_PER_MAP_BYTE;
  const size_t last = (code.offset + size - 1 - heap->start.offset) / CODE_PER_MAP_BYTE;
  const WxClrPlace place = {heap->map.block, heap->map.offset + first};
  wx_clr_space_fill(heaps->space, place, last - first + 1);
}

static int take_in(const WxCodeHeaps *heaps, WxCodeHeap *heap, size_t size, WxClrPlace *code) {
  WxMethod *methods = wx_grown(heap->methods, &heap->capacity, heap->count, sizeof *heap->methods);
  if (!methods)
    return -ENOMEM;
  heap->methods = methods;
  const size_t header = heap->padding > HEADER ? heap->padding : HEADER;
  const int result = wx_loader_heap_take(&heap->memory, header, size, CODE_ALIGNMENT, false, code);
  if (result)
    return result;
  const size_t bucket_end = wx_round_up(code->offset + 1, BUCKET);
  const size_t end = code->offset + size;
  heap->padding = bucket_end > end ? bucket_end - end : 0;
  note_in_map(heaps, heap, *code, size);
  return 0;
}

// The heap used last, else the first that has room, else a new one.
static int take(WxCodeHeaps *heaps, size_t size, WxClrPlace *code) {
  int result = heaps->current ? take_in(heaps, heaps->current, size, code) : -ENOSPC;
  for (WxCodeHeap *heap = heaps->newest; result == -ENOSPC && heap; heap = heap->older) {
    result = take_in(heaps, heap, size, code);
    if (!result)
      heaps->current = heap;
  }
  if (result != -ENOSPC)
    return result;
  result = add_heap(heaps, HEADER + size + CODE_ALIGNMENT);
  return result ? result : take_in(heaps, heaps->current, size, code);
}

static void remember(WxCodeHeaps *heaps, WxClrPlace code, size_t size, uint64_t identity) {
  WxCodeHeap *heap = heaps->current;
  heap->methods[heap->count++] = (WxMethod){code, size, identity};
}

int wx_code_heaps_compile(WxCodeHeaps *heaps, size_t size) {
  WxClrPlace code;
  int result = take(heaps, size, &code);
  if (!result)
    result = wx_loader_heap_allocate(heaps->data, heaps->version->costs.jitted);
  const uint64_t identity = heaps->methods;
  if (!result)
    result = write_code(heaps, code, HEADER, size);
  if (!result)
    remember(heaps, code, size, identity);
  return result;
}

static int take_piece(WxCodeHeaps *heaps) {
  WxClrPlace piece;
  const int result = take(heaps, STUB_PIECE, &piece);
  if (result)
    return result;
  heaps->fragment = piece;
  heaps->fragment_room = STUB_PIECE;
  return 0;
}

int wx_code_heaps_add_stub(WxCodeHeaps *heaps, size_t size) {
  WxClrPlace stub;
  int result = 0;
  size = wx_round_up(size, CODE_ALIGNMENT);
  if (size >= SMALL_STUB) {
    result = take(heaps, size, &stub);
  } else {
    if (heaps->fragment_room < size)
      result = take_piece(heaps);
    stub = heaps->fragment;
    if (!result) {
      heaps->fragment.offset += size;
      heaps->fragment_room -= size;
    }
  }
  return result ? result : write_code(heaps, stub, 0, size);
}

int wx_code_heaps_check(const WxCodeHeaps *heaps) {
  for (const WxCodeHeap *heap = heaps->newest; heap; heap = heap->older)
    for (size_t i = 0; i < heap->count; ++i) {
      const WxMethod *method = &heap->methods[i];
      const int result = wx_clr_machine_code_check(wx_clr_place_address(method->place),
                                                   method->size, method->identity);
      if (result)
        return result;
    }
  return 0;
}

int wx_code_heaps_destroy(WxCodeHeaps *heaps) {
  heaps->current = NULL;
  while (heaps->newest) {
    WxCodeHeap *older = heaps->newest->older;
    const int result = discard(heaps->newest);
    if (result)
      return result;
    heaps->newest = older;
  }
  wx_code_heaps_init(heaps, heaps->space, heaps->version, heaps->data);
  return 0;
}
