/**
   @file replay_block.h
   A live block of a replay, found by its place in the recorded file.
*/
#ifndef WX_TRACE_REPLAY_BLOCK_H
#define WX_TRACE_REPLAY_BLOCK_H

#include "strategy/ranked.h"
#include "trace/trace_format.h"

/// What is known of one page of a block.
enum {
  WX_PAGE_CODE = 1 << 0,    ///< Committed, readable and executable.
  WX_PAGE_DATA = 1 << 1,    ///< Committed, readable and writable.
  WX_PAGE_WRITTEN = 1 << 2, ///< Holds something, so memory.
};

/// An open writable view.
typedef struct WxReplayView {
  struct WxReplayView *next;
  uint64_t offset;
  uint64_t size;
  void *start;
} WxReplayView;

/// `by_place` must come first.
typedef struct {
  WxRankedNode by_place; ///< Key: wx_replay_place().
  char *base;
  size_t size;
  WxReplayView *views;
  uint8_t pages[];
} WxReplayBlock;

/// Where in which file: one number, in the order of files and offsets. UINT64_MAX where a trace
/// claims what no process has.
uint64_t wx_replay_place(uint32_t file, uint64_t offset);

/// The part of a place that says which file.
uint64_t wx_replay_place_file(uint64_t place);

/// Makes a block that is not in `blocks` yet. NULL where there is no memory.
WxReplayBlock *wx_replay_block_make(size_t size);

/// The block that contains all of [place, place + size), or NULL.
WxReplayBlock *wx_replay_block_containing(const WxRanked *blocks, uint64_t place, uint64_t size);

/// The first block that ends after `place`, or NULL.
WxReplayBlock *wx_replay_block_from(const WxRanked *blocks, uint64_t place);

/// Sets the protection of pages: WX_PAGE_CODE or WX_PAGE_DATA.
void wx_replay_block_commit(WxReplayBlock *block, size_t start, size_t size, uint8_t kind);

/// Whether all pages of the range are committed.
bool wx_replay_block_committed(const WxReplayBlock *block, size_t start, size_t size);

/// Frees a block and what is known of its views.
void wx_replay_block_free(WxReplayBlock *block);

#endif
