#include "trace/replay_events.h"

#include "trace/replay_block.h"

#include <errno.h>
#include <stdlib.h>

/// A block that no runtime makes; a trace that claims it is not believed.
static const uint64_t LARGEST_BLOCK = (uint64_t)1 << 34;

struct WxReplay {
  WxAllocator *allocator;
  WxRanked blocks;
  WxReplayTally tally;
  uint64_t scanned;      ///< Allocated bytes in the parts of the current scan at exit.
  uint32_t scanned_file; ///< The last file of which such a scan began.
  WxReplayWatch *watch;
  void *watch_context;
};

int wx_replay_open(WxAllocator *allocator, WxReplay **opened) {
  WxReplay *replay = calloc(1, sizeof *replay);
  if (!replay)
    return -ENOMEM;
  replay->allocator = allocator;
  *opened = replay;
  return 0;
}

const WxReplayTally *wx_replay_tally(const WxReplay *replay) {
  return &replay->tally;
}

static int leave_out(WxReplay *replay) {
  replay->tally.left_out++;
  return 0;
}

static void tell(const WxReplay *replay, int what, uint64_t place, uint64_t size, bool code) {
  if (replay->watch)
    replay->watch(replay->watch_context, &(WxReplayDeed){what, place, size, code});
}

static void done(WxReplay *replay, WxOperation operation, uint64_t place, uint64_t size) {
  replay->tally.done[operation]++;
  tell(replay, (int)operation, place, size, false);
}

static uint64_t place_of(const WxTraceEvent *event) {
  return wx_replay_place(event->file, event->offset);
}

/// The live block that the event's range lies in, and where in it.
static WxReplayBlock *find(const WxReplay *replay, const WxTraceEvent *event, size_t *start) {
  WxReplayBlock *block = wx_replay_block_containing(&replay->blocks, place_of(event), event->size);
  if (block)
    *start = (size_t)(place_of(event) - block->by_place.key);
  return block;
}

static void mark_written(WxReplay *replay, WxReplayBlock *block, size_t page) {
  if (!(block->pages[page] & WX_PAGE_WRITTEN))
    replay->tally.live_bytes += WX_TRACE_PAGE;
  block->pages[page] |= WX_PAGE_WRITTEN;
}

/* Events
 * -------------------------------------------------------------------------------------------------
 */

static int reserve(WxReplay *replay, const WxTraceEvent *event) {
  const uint64_t place = place_of(event);
  const WxReplayBlock *next = wx_replay_block_from(&replay->blocks, place);
  if (event->size == 0 || event->size > LARGEST_BLOCK || place == UINT64_MAX ||
      (next && next->by_place.key < place + event->size))
    return leave_out(replay);
  WxReplayBlock *block = wx_replay_block_make((size_t)event->size);
  if (!block)
    return -ENOMEM;
  void *base;
  const int result = wx_allocator_reserve(replay->allocator, block->size, WX_ANYWHERE, &base);
  if (result) {
    free(block);
    return result;
  }
  block->base = base;
  wx_ranked_insert(&replay->blocks, &block->by_place, place);
  replay->tally.live_blocks++;
  replay->tally.reserved_bytes += block->size;
  done(replay, WX_RESERVE, place, block->size);
  return 0;
}

static int commit(WxReplay *replay, const WxTraceEvent *event) {
  size_t start;
  WxReplayBlock *block = find(replay, event, &start);
  const bool code = event->protection == 5;
  if (!block || event->size == 0 || (!code && event->protection != 6))
    return leave_out(replay);
  const int result =
      wx_allocator_commit(replay->allocator, block->base + start, (size_t)event->size, code);
  if (result)
    return result;
  wx_replay_block_commit(block, start, (size_t)event->size, code ? WX_PAGE_CODE : WX_PAGE_DATA);
  replay->tally.done[WX_COMMIT]++;
  tell(replay, WX_COMMIT, place_of(event), event->size, code);
  return 0;
}

static int map_rw(WxReplay *replay, const WxTraceEvent *event) {
  size_t start;
  WxReplayBlock *block = find(replay, event, &start);
  if (!block || event->size == 0 || !wx_replay_block_committed(block, start, (size_t)event->size))
    return leave_out(replay);
  WxReplayView *view = calloc(1, sizeof *view);
  if (!view)
    return -ENOMEM;
  const int result = wx_allocator_map_rw(replay->allocator, block->base + start,
                                         (size_t)event->size, true, &view->start);
  if (result) {
    free(view);
    return result;
  }
  *view = (WxReplayView){block->views, event->offset, event->size, view->start};
  block->views = view;
  // The runtime writes from somewhere in the first page to somewhere in the last one.
  for (size_t at = 0; at < event->size; at += WX_TRACE_PAGE) {
    ((volatile char *)view->start)[at] = 1;
    mark_written(replay, block, (start + at) / WX_TRACE_PAGE);
  }
  done(replay, WX_MAP_RW, place_of(event), event->size);
  return 0;
}

static int drop_view(WxReplay *replay, const WxReplayBlock *block, WxReplayView **link) {
  WxReplayView *view = *link;
  const int result = wx_allocator_unmap_rw(replay->allocator, view->start);
  if (result)
    return result;
  done(replay, WX_UNMAP_RW, wx_replay_place_file(block->by_place.key) | view->offset, view->size);
  *link = view->next;
  free(view);
  return 0;
}

static int unmap_rw(WxReplay *replay, const WxTraceEvent *event) {
  size_t start;
  WxReplayBlock *block = find(replay, event, &start);
  WxReplayView **link = block ? &block->views : NULL;
  while (link && *link && ((*link)->offset != event->offset || (*link)->size != event->size))
    link = &(*link)->next;
  return link && *link ? drop_view(replay, block, link) : leave_out(replay);
}

static int release_block(WxReplay *replay, WxReplayBlock *block) {
  while (block->views) {
    const int result = drop_view(replay, block, &block->views);
    if (result)
      return result;
  }
  const int result = wx_allocator_release(replay->allocator, block->base);
  if (result)
    return result;
  done(replay, WX_RELEASE, block->by_place.key, block->size);
  for (size_t page = 0; page < block->size / WX_TRACE_PAGE; page++)
    if (block->pages[page] & WX_PAGE_WRITTEN)
      replay->tally.live_bytes -= WX_TRACE_PAGE;
  replay->tally.live_blocks--;
  replay->tally.reserved_bytes -= block->size;
  wx_ranked_remove(&replay->blocks, &block->by_place);
  wx_replay_block_free(block);
  return 0;
}

static int release(WxReplay *replay, const WxTraceEvent *event) {
  size_t start;
  WxReplayBlock *block = find(replay, event, &start);
  if (!block || start != 0 || event->size != block->size)
    return leave_out(replay);
  return release_block(replay, block);
}

/// The recorded page was allocated: here it becomes so, too. A page that is not committed has
/// memory from an earlier use of its place in the file, not from this block.
static void touch(WxReplay *replay, WxReplayBlock *block, size_t page) {
  volatile char *byte = block->base + page * WX_TRACE_PAGE;
  if (block->pages[page] & WX_PAGE_WRITTEN)
    return;
  const bool data = block->pages[page] & WX_PAGE_DATA;
  if (data)
    *byte = 1;
  else if (block->pages[page] & WX_PAGE_CODE)
    (void)*byte;
  else
    return;
  mark_written(replay, block, page);
  tell(replay, data ? WX_DID_WRITE : WX_DID_READ, block->by_place.key + page * WX_TRACE_PAGE,
       WX_TRACE_PAGE, !data);
}

static void touch_extent(WxReplay *replay, uint64_t place, uint64_t size) {
  const uint64_t end = place + size;
  WxReplayBlock *block = wx_replay_block_from(&replay->blocks, place);
  while (block && block->by_place.key < end) {
    const uint64_t base = block->by_place.key;
    const uint64_t first = place > base ? place - base : 0;
    const uint64_t last = end - base < block->size ? end - base : block->size;
    for (uint64_t at = first; at < last; at += WX_TRACE_PAGE)
      touch(replay, block, (size_t)(at / WX_TRACE_PAGE));
    block = wx_replay_block_from(&replay->blocks, base + block->size);
  }
}

static int extents(WxReplay *replay, const WxTraceEvent *event) {
  // The last scan counts: a program is scanned again where another of its threads went on
  // meanwhile, and where it ends twice, by exit() and then _exit().
  if (event->value == WX_TRACE_AT_EXIT && event->offset == 0) {
    if (event->file <= replay->scanned_file) // Files are scanned in ascending order.
      replay->tally.recorded_end_bytes = replay->tally.after_end = 0;
    replay->scanned_file = event->file;
  }
  for (uint32_t i = 0; i < event->extent_count; i++) {
    const WxTraceExtent *extent = &event->extents[i];
    const uint64_t place = wx_replay_place(event->file, extent->offset);
    if (place != UINT64_MAX)
      touch_extent(replay, place, extent->size);
    replay->scanned += event->value == WX_TRACE_AT_EXIT ? extent->size : 0;
  }
  if (event->value == WX_TRACE_AT_EXIT && event->mark) {
    replay->tally.recorded_end_bytes += replay->scanned;
    replay->tally.recorded_end_known = true;
    replay->scanned = 0;
  }
  return 0;
}

static int note_only(WxReplay *replay, const WxTraceEvent *event) {
  (void)replay, (void)event;
  return 0;
}

static int no_operation(WxReplay *replay, const WxTraceEvent *event) {
  (void)event;
  return leave_out(replay);
}

static void note_size(WxReplayTally *tally, const WxTraceEvent *event) {
  const bool fill = event->kind == WX_TRACE_RELEASE && event->mark;
  const bool shrinks = event->growth < 0;
  tally->fills += fill;
  tally->shrinking_fills += fill && shrinks;
  tally->shrinking_others += !fill && shrinks;
}

WxReplayGiver wx_replay_giver(const WxReplayTally *tally) {
  if (!tally->shrinking_fills && !tally->shrinking_others)
    return WX_REPLAY_NOBODY;
  // What is written elsewhere meanwhile can hide that a release gave back, but not for most.
  return !tally->shrinking_others && tally->shrinking_fills * 2 >= tally->fills ? WX_REPLAY_PRELOAD
                                                                                : WX_REPLAY_OUTSIDE;
}

int wx_replay_apply(WxReplay *replay, const WxTraceEvent *event) {
  static int (*const apply[WX_TRACE_KIND_LIMIT])(WxReplay *, const WxTraceEvent *) = {
      [WX_TRACE_FILE] = note_only,
      [WX_TRACE_RESERVE] = reserve,
      [WX_TRACE_COMMIT] = commit,
      [WX_TRACE_MAP_RW] = map_rw,
      [WX_TRACE_UNMAP_RW] = unmap_rw,
      [WX_TRACE_RELEASE] = release,
      [WX_TRACE_EXTENTS] = extents,
      [WX_TRACE_FORK] = note_only,
      [WX_TRACE_OTHER] = no_operation,
      [WX_TRACE_TEMPLATE_DATA] = no_operation,
      [WX_TRACE_TEMPLATE_CODE] = no_operation,
  };
  WxReplayTally *tally = &replay->tally;
  tally->events++;
  note_size(tally, event);
  tally->recorded_bytes += (uint64_t)event->growth;
  if (tally->recorded_bytes > tally->recorded_peak)
    tally->recorded_peak = tally->recorded_bytes;
  tally->after_end += tally->recorded_end_known && event->kind != WX_TRACE_EXTENTS;
  return apply[event->kind](replay, event);
}

void wx_replay_tell(WxReplay *replay, WxReplayWatch *watch, void *context) {
  replay->watch = watch;
  replay->watch_context = context;
}

int wx_replay_release_all(WxReplay *replay) {
  WxRankedNode *first;
  while ((first = wx_ranked_ceiling(&replay->blocks, 0))) {
    const int result = release_block(replay, (WxReplayBlock *)first);
    if (result)
      return result;
  }
  return 0;
}

void wx_replay_close(WxReplay *replay) {
  WxRankedNode *first;
  while ((first = wx_ranked_ceiling(&replay->blocks, 0))) {
    wx_ranked_remove(&replay->blocks, first);
    wx_replay_block_free((WxReplayBlock *)first);
  }
  free(replay);
}
