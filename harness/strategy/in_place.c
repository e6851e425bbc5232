#include "strategy/in_place.h"

#include "os/os.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

struct WxInPlaceView {
  WxInPlaceView *next;
  WxBlock *block;
  const void *start; ///< What the caller was given.
  size_t first;      ///< Pages of the block that it makes writable.
  size_t last;       ///< One beyond.
};

int wx_in_place_open(const WxStrategy *strategy, const WxStrategyOptions *options, WxPageKind code,
                     WxAllocator **opened) {
  WxInPlace *self = (WxInPlace *)wx_anonymous_new(strategy, options, sizeof *self);
  if (!self)
    return -ENOMEM;
  self->code = code;
  self->whole_blocks = options->granularity == WX_GRANULARITY_BLOCK;
  wx_pool_open(&self->anonymous.pool, options);
  *opened = &self->anonymous.allocator;
  return 0;
}

// The protection that a page should have.
static int wanted(const WxPageState *page) {
  switch (page->kind) {
  case WX_PAGE_IS_UNUSED:
    return PROT_NONE;
  case WX_PAGE_IS_PUBLISHED:
    return PROT_READ | PROT_EXEC;
  case WX_PAGE_IS_CODE:
    return PROT_READ | (page->writers ? PROT_WRITE : PROT_EXEC);
  default:
    return PROT_READ | PROT_WRITE;
  }
}

// Gives pages [first, last) of `block` the protection that they should have, each run of them by
// one call. What was done before a failure stays done.
static int settle(const WxBlock *block, size_t first, size_t last) {
  const size_t page = wx_os_page_size();
  WxPageState *pages = block->pages;
  for (size_t at = first, end; at < last; at = end) {
    const int protection = wanted(&pages[at]);
    for (end = at;
         end < last && wanted(&pages[end]) == protection && pages[end].protection != protection;)
      ++end;
    if (end == at) {
      ++end;
      continue;
    }
    const int result =
        wx_os_mprotect((char *)wx_block_base(block) + at * page, (end - at) * page, protection);
    if (result)
      return result;
    for (size_t i = at; i < end; ++i)
      pages[i].protection = (uint8_t)protection;
  }
  return 0;
}

// The pages of `block` that [start, start + size) touches.
static WxInPlaceView pages_of(WxBlock *block, const void *start, size_t size) {
  const size_t page = wx_os_page_size();
  const size_t at = (uintptr_t)start - wx_block_base(block);
  return (WxInPlaceView){NULL, block, start, at / page, wx_round_up(at + size, page) / page};
}

int wx_in_place_commit(WxAllocator *allocator, void *start, size_t size, bool executable) {
  WxInPlace *self = (WxInPlace *)allocator;
  pthread_mutex_lock(&self->anonymous.lock);
  WxBlock *block = wx_blocks_containing(&self->anonymous.blocks, (uintptr_t)start, size);
  int result = block ? 0 : -EINVAL;
  if (block && !block->pages) {
    block->pages = calloc(block->size / wx_os_page_size(), sizeof *block->pages);
    result = block->pages ? 0 : -ENOMEM;
  }
  if (result == 0) {
    const WxInPlaceView range = pages_of(block, start, size);
    for (size_t i = range.first; i < range.last; ++i)
      block->pages[i].kind = (uint8_t)(executable ? self->code : WX_PAGE_IS_DATA);
    result = settle(block, range.first, range.last);
  }
  pthread_mutex_unlock(&self->anonymous.lock);
  return result;
}

// Whether all that the view shows can be written.
static int check(const WxInPlaceView *view) {
  for (size_t i = view->first; i < view->last; ++i) {
    const WxPageState *page = view->block->pages ? &view->block->pages[i] : NULL;
    if (!page || page->kind == WX_PAGE_IS_UNUSED)
      return -EINVAL;
    if (page->kind == WX_PAGE_IS_PUBLISHED)
      return -EPERM;
    if (page->writers == UINT16_MAX)
      return -EAGAIN;
  }
  return 0;
}

static void count_writer(const WxInPlaceView *view, int more) {
  for (size_t i = view->first; i < view->last; ++i)
    view->block->pages[i].writers = (uint16_t)(view->block->pages[i].writers + more);
}

static int begin_view(WxInPlace *self, WxInPlaceView *view) {
  int result = check(view);
  if (result)
    return result;
  if (self->whole_blocks) {
    view->first = 0;
    view->last = view->block->size / wx_os_page_size();
  }
  count_writer(view, 1);
  result = settle(view->block, view->first, view->last);
  if (result) {
    count_writer(view, -1);
    (void)settle(view->block, view->first, view->last);
    return result;
  }
  view->next = self->views;
  self->views = view;
  return 0;
}

int wx_in_place_map_rw(WxAllocator *allocator, void *start, size_t size, bool cacheable,
                       void **view) {
  (void)cacheable;
  WxInPlace *self = (WxInPlace *)allocator;
  WxInPlaceView *added = malloc(sizeof *added);
  if (!added)
    return -ENOMEM;
  pthread_mutex_lock(&self->anonymous.lock);
  WxBlock *block = wx_blocks_containing(&self->anonymous.blocks, (uintptr_t)start, size);
  int result = -EINVAL;
  if (block) {
    *added = pages_of(block, start, size);
    result = begin_view(self, added);
  }
  pthread_mutex_unlock(&self->anonymous.lock);
  if (result)
    free(added);
  else
    *view = start;
  return result;
}

// Of the views that start there the shortest: what stays writable is then never too little.
static WxInPlaceView **find_view(WxInPlace *self, const void *start) {
  WxInPlaceView **found = NULL;
  for (WxInPlaceView **link = &self->views; *link; link = &(*link)->next)
    if ((*link)->start == start && (!found || (*link)->last < (*found)->last))
      found = link;
  return found;
}

static int end_view(const WxInPlaceView *view) {
  count_writer(view, -1);
  WxPageState *pages = view->block->pages;
  for (size_t i = view->first; i < view->last; ++i)
    if (pages[i].kind == WX_PAGE_IS_DRAFT && pages[i].writers == 0)
      pages[i].kind = WX_PAGE_IS_PUBLISHED;
  const int result = settle(view->block, view->first, view->last);
  if (result)
    count_writer(view, 1);
  return result;
}

int wx_in_place_unmap_rw(WxAllocator *allocator, void *view) {
  WxInPlace *self = (WxInPlace *)allocator;
  pthread_mutex_lock(&self->anonymous.lock);
  WxInPlaceView **link = find_view(self, view);
  WxInPlaceView *ended = link ? *link : NULL;
  const int result = ended ? end_view(ended) : -EINVAL;
  if (result == 0)
    *link = ended->next;
  pthread_mutex_unlock(&self->anonymous.lock);
  if (result == 0)
    free(ended);
  return result;
}

int wx_in_place_release(WxAllocator *allocator, void *base) {
  WxInPlace *self = (WxInPlace *)allocator;
  bool in_use = false;
  pthread_mutex_lock(&self->anonymous.lock);
  const WxBlock *block = wx_blocks_at(&self->anonymous.blocks, (uintptr_t)base);
  for (const WxInPlaceView *view = self->views; view && block; view = view->next)
    in_use |= view->block == block;
  pthread_mutex_unlock(&self->anonymous.lock);
  return in_use ? -EBUSY : wx_anonymous_release(allocator, base);
}

int wx_in_place_close(WxAllocator *allocator) {
  WxInPlace *self = (WxInPlace *)allocator;
  while (self->views) {
    WxInPlaceView *view = self->views;
    self->views = view->next;
    free(view);
  }
  return wx_anonymous_close(allocator);
}
