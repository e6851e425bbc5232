#include "trace/replay_block.h"

#include <stdlib.h>

enum { FILE_AT = 56, MOST_FILES = 128, COMMITTED = WX_PAGE_CODE | WX_PAGE_DATA };

uint64_t wx_replay_place(uint32_t file, uint64_t offset) {
  return file < MOST_FILES && offset >> FILE_AT == 0 ? (uint64_t)file << FILE_AT | offset
                                                     : UINT64_MAX;
}

uint64_t wx_replay_place_file(uint64_t place) {
  return place >> FILE_AT << FILE_AT;
}

WxReplayBlock *wx_replay_block_make(size_t size) {
  WxReplayBlock *block = calloc(1, sizeof *block + size / WX_TRACE_PAGE);
  if (block)
    block->size = size;
  return block;
}

static uint64_t place_of(const WxReplayBlock *block) {
  return block->by_place.key;
}

WxReplayBlock *wx_replay_block_containing(const WxRanked *blocks, uint64_t place, uint64_t size) {
  WxReplayBlock *block = (WxReplayBlock *)wx_ranked_floor(blocks, place);
  if (!block || place - place_of(block) >= block->size)
    return NULL;
  return size <= block->size - (place - place_of(block)) ? block : NULL;
}

WxReplayBlock *wx_replay_block_from(const WxRanked *blocks, uint64_t place) {
  WxReplayBlock *block = wx_replay_block_containing(blocks, place, 1);
  return block ? block : (WxReplayBlock *)wx_ranked_ceiling(blocks, place);
}

void wx_replay_block_commit(WxReplayBlock *block, size_t start, size_t size, uint8_t kind) {
  for (size_t page = start / WX_TRACE_PAGE; page < (start + size) / WX_TRACE_PAGE; page++)
    block->pages[page] = (uint8_t)((block->pages[page] & ~COMMITTED) | kind);
}

bool wx_replay_block_committed(const WxReplayBlock *block, size_t start, size_t size) {
  for (size_t page = start / WX_TRACE_PAGE; page < (start + size) / WX_TRACE_PAGE; page++)
    if (!(block->pages[page] & COMMITTED))
      return false;
  return true;
}

void wx_replay_block_free(WxReplayBlock *block) {
  for (WxReplayView *view; (view = block->views);) {
    block->views = view->next;
    free(view);
  }
  free(block);
}
