#include "clr/clr_space.h"

#include "codegen/codegen.h"
#include "os/os.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { BITS = 64, FILLING = 0x5a };

struct WxClrSpace {
  WxAllocator *allocator;
  WxClrBlock *blocks;
  void *open_view; ///< A view that could not be unmapped; unmapped before the next thing is done.
  WxClrUsage usage;
  WxClrCounts counts;
};

int wx_clr_space_open(WxAllocator *allocator, WxClrSpace **opened) {
  WxClrSpace *space = calloc(1, sizeof *space);
  if (!space)
    return -ENOMEM;
  space->allocator = allocator;
  *opened = space;
  return 0;
}

static void link_block(WxClrSpace *space, WxClrBlock *block) {
  block->next = space->blocks;
  if (space->blocks)
    space->blocks->previous = block;
  space->blocks = block;
  ++space->usage.blocks;
  space->usage.reserved_bytes += block->size;
}

static void unlink_block(WxClrSpace *space, WxClrBlock *block) {
  if (block->previous)
    block->previous->next = block->next;
  else
    space->blocks = block->next;
  if (block->next)
    block->next->previous = block->previous;
  --space->usage.blocks;
  space->usage.reserved_bytes -= block->size;
  space->usage.live_bytes -= block->pages_written * wx_os_page_size();
}

int wx_clr_space_reserve(WxClrSpace *space, size_t size, WxClrBlock **reserved) {
  const size_t page = wx_os_page_size();
  size = wx_round_up(size, page);
  const size_t words = (size / page + BITS - 1) / BITS;
  WxClrBlock *block = calloc(1, sizeof *block + words * sizeof *block->written);
  if (!block)
    return -ENOMEM;
  block->size = size;
  void *base;
  const int result = wx_allocator_reserve(space->allocator, size, WX_ANYWHERE, &base);
  if (result) {
    free(block);
    return result;
  }
  block->base = base;
  link_block(space, block);
  wx_clr_counts_add(&space->counts, WX_CLR_RESERVES, size);
  *reserved = block;
  return 0;
}

int wx_clr_space_commit(WxClrSpace *space, WxClrPlace place, size_t size, bool executable) {
  const int result =
      wx_allocator_commit(space->allocator, wx_clr_place_address(place), size, executable);
  if (!result)
    wx_clr_counts_add(&space->counts, WX_CLR_COMMITS, size);
  return result;
}

static void note_written(WxClrSpace *space, WxClrPlace place, size_t size) {
  const size_t page = wx_os_page_size();
  for (size_t i = place.offset / page; i * page < place.offset + size; ++i) {
    uint64_t *word = &place.block->written[i / BITS];
    const uint64_t bit = UINT64_C(1) << (i % BITS);
    if (*word & bit)
      continue;
    *word |= bit;
    ++place.block->pages_written;
    space->usage.live_bytes += page;
  }
}

// A view that the strategy had to map covers the pages that are written, no more.
static void count_view(WxClrSpace *space, WxClrPlace place, size_t size) {
  const size_t page = wx_os_page_size();
  const size_t start = place.offset / page * page;
  wx_clr_counts_add(&space->counts, WX_CLR_RW_MAPS, place.offset + size - start);
  ++place.block->views;
}

static int end_view(WxClrSpace *space) {
  if (!space->open_view)
    return 0;
  const int result = wx_allocator_unmap_rw(space->allocator, space->open_view);
  if (!result)
    space->open_view = NULL;
  return result;
}

int wx_clr_space_write(WxClrSpace *space, WxClrPlace place, const void *bytes, size_t size,
                       bool cacheable) {
  int result = end_view(space);
  if (result)
    return result;
  unsigned char *address = wx_clr_place_address(place);
  const uint64_t calls = wx_allocator_cost(space->allocator).syscalls[WX_MAP_RW];
  void *view;
  result = wx_allocator_map_rw(space->allocator, address, size, cacheable, &view);
  if (result)
    return result;
  space->open_view = view;
  if (wx_allocator_cost(space->allocator).syscalls[WX_MAP_RW] != calls)
    count_view(space, place, size);
  memcpy(view, bytes, size);
  note_written(space, place, size);
  result = end_view(space);
  wx_codegen_flush(address, size);
  return result;
}

void wx_clr_space_fill(WxClrSpace *space, WxClrPlace place, size_t size) {
  memset(wx_clr_place_address(place), FILLING, size);
  note_written(space, place, size);
}

int wx_clr_space_release(WxClrSpace *space, WxClrBlock *block) {
  int result = end_view(space);
  if (!result)
    result = wx_allocator_release(space->allocator, block->base);
  if (result)
    return result;
  wx_clr_counts_add(&space->counts, WX_CLR_RELEASES, block->size);
  wx_clr_counts_add_times(&space->counts, WX_CLR_RELEASED_MAPS, block->size, block->views);
  unlink_block(space, block);
  free(block);
  return 0;
}

int wx_clr_space_release_all(WxClrSpace *space, WxClrBlock **newest) {
  while (*newest) {
    WxClrBlock *older = (*newest)->older;
    const int result = wx_clr_space_release(space, *newest);
    if (result)
      return result;
    *newest = older;
  }
  return 0;
}

int wx_clr_space_close(WxClrSpace *space) {
  if (!space)
    return 0;
  int result = end_view(space);
  while (!result && space->blocks)
    result = wx_clr_space_release(space, space->blocks);
  if (result)
    return result;
  free(space);
  return 0;
}

WxClrUsage wx_clr_space_usage(const WxClrSpace *space) {
  return space->usage;
}

const WxClrCounts *wx_clr_space_counts(const WxClrSpace *space) {
  return &space->counts;
}
