#include "strategy/double_mapping.h"

#include "os/os.h"
#include "strategy/backing.h"
#include "strategy/registry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static void walked(WxDoubleMapping *self, WxOperation operation, size_t nodes) {
  wx_allocator_walked(&self->allocator, operation, nodes);
}

// Books the walk through the live blocks to `block`, and does it where walks are charged.
static void walk_blocks(WxDoubleMapping *self, WxOperation operation, const WxBlock *block) {
  const size_t nodes = wx_blocks_walk(&self->blocks, block);
  walked(self, operation, nodes);
  if (self->options.walks)
    wx_blocks_pass(&self->blocks, nodes);
}

// Takes `fd` over, also where there is no memory.
static int open_on(int fd, const WxStrategy *strategy, const WxStrategyOptions *options,
                   size_t size, WxAllocator **opened) {
  WxDoubleMapping *self = calloc(1, size);
  if (!self) {
    wx_backing_abandon(fd);
    return -ENOMEM;
  }
  self->allocator.strategy = strategy;
  self->options = *options;
  self->fd = fd;
  self->reserved = PROT_NONE;
  self->views.capacity = options->cache;
  self->top = options->file_size;
  pthread_mutex_init(&self->lock, NULL);
  wx_pool_open(&self->pool, options);
  *opened = &self->allocator;
  return 0;
}

int wx_double_mapping_open(const WxStrategy *strategy, const WxStrategyOptions *options,
                           WxAllocator **opened) {
  const int fd = wx_backing_open(options->backing, options->file_size);
  if (fd < 0)
    return wx_strategy_coreclr_off.open(&wx_strategy_coreclr_off, options, opened);
  return open_on(fd, strategy, options, sizeof(WxDoubleMapping), opened);
}

int wx_double_mapping_open_sized(const WxStrategy *strategy, const WxStrategyOptions *options,
                                 size_t size, WxAllocator **opened) {
  const int fd = wx_backing_open(options->backing, options->file_size);
  return fd < 0 ? fd : open_on(fd, strategy, options, size, opened);
}

static bool can(const WxDoubleMapping *self, unsigned capability) {
  return self->allocator.strategy->capabilities & capability;
}

static bool pool_has_room(const WxPool *pool, size_t size) {
  return size <= pool->end - pool->cursor;
}

// A block of a part of the file that was never used.
static WxBlock *new_block(WxDoubleMapping *self, size_t size) {
  if (size > self->top - self->next_offset)
    return NULL;
  WxBlock *block = calloc(1, sizeof *block);
  WxSpan *part = can(self, WX_FITS_BEST) ? malloc(sizeof *part) : NULL;
  if (!block || (can(self, WX_FITS_BEST) && !part)) {
    free(block);
    free(part);
    return NULL;
  }
  block->size = size;
  block->part = part;
  if (can(self, WX_FILLS_DOWN) && !pool_has_room(&self->pool, size)) {
    block->offset = self->top -= size;
  } else {
    block->offset = self->next_offset;
    self->next_offset += size;
  }
  return block;
}

// The beginning of the smallest released part that is large enough.
static WxBlock *take_part(WxDoubleMapping *self, size_t size) {
  WxSpan *found = wx_spans_fit(&self->parts, size);
  WxBlock *block = found ? calloc(1, sizeof *block) : NULL;
  if (!block)
    return NULL;
  block->part = malloc(sizeof *block->part);
  if (!block->part) {
    free(block);
    return NULL;
  }
  block->size = size;
  block->offset = wx_span_start(found);
  (void)wx_spans_cut(&self->parts, found, block->offset, size, NULL); // One part is left at most.
  return block;
}

// A released block, or else a new one.
static WxBlock *obtain_block(WxDoubleMapping *self, size_t size) {
  size_t visited = 0;
  WxBlock *block = can(self, WX_FITS_BEST) ? take_part(self, size)
                                           : wx_free_list_take(&self->released, size, &visited);
  walked(self, WX_RESERVE, visited);
  return block ? block : new_block(self, size);
}

// Keeps a block that is in no other container for later.
static void keep_block(WxDoubleMapping *self, WxBlock *block) {
  if (!can(self, WX_FITS_BEST)) {
    wx_free_list_push(&self->released, block);
    return;
  }
  wx_spans_give(&self->parts, block->part, block->offset, block->size);
  free(block);
}

// Undoes obtain_block(), which found the unused part of the file from `used` to `top`.
static void return_block(WxDoubleMapping *self, WxBlock *block, uint64_t used, uint64_t top) {
  if (self->next_offset == used && self->top == top) {
    keep_block(self, block);
    return;
  }
  self->next_offset = used;
  self->top = top;
  free(block->part);
  free(block);
}

// Reserves addresses for `block`: from the pool, else anywhere if anywhere will do.
static int place_block(WxDoubleMapping *self, const WxBlock *block, WxRange within, void **base) {
  void *wanted;
  int result = wx_pool_take(&self->pool, block->size, within, &wanted);
  if (result)
    return result;
  if (!wanted && (within.low != 0 || within.high != UINTPTR_MAX))
    return -ENOMEM;
  const int flags = MAP_SHARED | (wanted ? MAP_FIXED : 0);
  result = wx_os_mmap(wanted, block->size, self->reserved, flags, self->fd, block->offset, base);
  if (result && wanted)
    wx_pool_untake(&self->pool, wanted);
  return result;
}

int wx_double_mapping_reserve(WxAllocator *allocator, size_t size, WxRange within, void **base) {
  WxDoubleMapping *self = (WxDoubleMapping *)allocator;
  pthread_mutex_lock(&self->lock);
  const uint64_t used = self->next_offset, top = self->top;
  int result = -ENOMEM;
  WxBlock *block = obtain_block(self, size);
  if (block) {
    result = place_block(self, block, within, base);
    if (result) {
      return_block(self, block, used, top);
    } else {
      self->kept -= block->kept ? block->size : 0;
      block->kept = false;
      wx_blocks_insert(&self->blocks, block, (uintptr_t)*base);
    }
  }
  pthread_mutex_unlock(&self->lock);
  return result;
}

int wx_double_mapping_commit(WxAllocator *allocator, void *start, size_t size, bool executable) {
  (void)allocator;
  return wx_os_mprotect(start, size, PROT_READ | (executable ? PROT_EXEC : PROT_WRITE));
}

// Maps the pages around [start, start + size) of one block.
static int map_window(WxDoubleMapping *self, uintptr_t start, size_t size, WxView **view) {
  WxBlock *block = wx_blocks_containing(&self->blocks, start, size);
  walk_blocks(self, WX_MAP_RW, block);
  if (!block || block->unmapped)
    return -EINVAL;
  if (self->options.move_to_front)
    wx_blocks_to_head(&self->blocks, block);
  const size_t page = wx_os_page_size();
  const uintptr_t first = start & ~(page - 1);
  const size_t window = wx_round_up(start + size, page) - first;
  const uint64_t offset = block->offset + (first - wx_block_base(block));
  return wx_views_map(&self->views, self->fd, offset, first, window, view);
}

static int obtain_view(WxDoubleMapping *self, uintptr_t start, size_t size, bool cacheable,
                       WxView **obtained) {
  size_t visited;
  WxView *view = wx_views_showing(&self->views, start, size, &visited);
  walked(self, WX_MAP_RW, visited);
  if (view) {
    ++view->references;
  } else {
    const int result = map_window(self, start, size, &view);
    if (result)
      return result;
  }
  if (cacheable) {
    const int result = wx_views_keep(&self->views, view);
    if (result) {
      (void)wx_views_drop(&self->views, view);
      return result;
    }
  }
  *obtained = view;
  return 0;
}

int wx_double_mapping_map_rw(WxAllocator *allocator, void *start, size_t size, bool cacheable,
                             void **view) {
  WxDoubleMapping *self = (WxDoubleMapping *)allocator;
  pthread_mutex_lock(&self->lock);
  WxView *found;
  const int result = obtain_view(self, (uintptr_t)start, size, cacheable, &found);
  if (result == 0)
    *view = (void *)(found->alias + ((uintptr_t)start - found->start));
  pthread_mutex_unlock(&self->lock);
  return result;
}

int wx_double_mapping_unmap_rw(WxAllocator *allocator, void *alias) {
  WxDoubleMapping *self = (WxDoubleMapping *)allocator;
  pthread_mutex_lock(&self->lock);
  size_t visited;
  WxView *view = wx_views_aliasing(&self->views, (uintptr_t)alias, &visited);
  walked(self, WX_UNMAP_RW, visited);
  const int result = view ? wx_views_drop(&self->views, view) : -EINVAL;
  pthread_mutex_unlock(&self->lock);
  return result;
}

// Drops the views of `block`, gives it back and moves it to the free list.
static int release_block(WxDoubleMapping *self, WxBlock *block, WxGiveBack *give_back) {
  if (!self->options.stale_views) {
    const int result = wx_views_forget(&self->views, wx_block_base(block), block->size);
    if (result)
      return result;
  }
  const int result = give_back(self, block);
  if (result)
    return result;
  block->unmapped = block->has_data = false;
  wx_blocks_remove(&self->blocks, block);
  keep_block(self, block);
  return 0;
}

int wx_double_mapping_release(WxAllocator *allocator, void *base, WxGiveBack *give_back) {
  WxDoubleMapping *self = (WxDoubleMapping *)allocator;
  pthread_mutex_lock(&self->lock);
  WxBlock *block = wx_blocks_at(&self->blocks, (uintptr_t)base);
  int result = -EINVAL;
  if (block) {
    walk_blocks(self, WX_RELEASE, block);
    result = release_block(self, block, give_back);
  }
  pthread_mutex_unlock(&self->lock);
  return result;
}

bool wx_double_mapping_owns(WxAllocator *allocator, uintptr_t address) {
  WxDoubleMapping *self = (WxDoubleMapping *)allocator;
  size_t visited;
  pthread_mutex_lock(&self->lock);
  const bool owns = wx_pool_owns(&self->pool, address) ||
                    wx_blocks_containing(&self->blocks, address, 1) != NULL ||
                    wx_views_aliasing(&self->views, address, &visited) != NULL ||
                    wx_double_mapping_alias(self, address) != NULL;
  pthread_mutex_unlock(&self->lock);
  return owns;
}

WxBlock *wx_double_mapping_alias(const WxDoubleMapping *self, uintptr_t address) {
  WxRankedNode *node = wx_ranked_floor(&self->aliases, address);
  if (!node)
    return NULL;
  WxBlock *block = (WxBlock *)(void *)((char *)node - offsetof(WxBlock, by_alias));
  return address - block->by_alias.key < block->size ? block : NULL;
}

int wx_double_mapping_drop_alias(WxDoubleMapping *self, WxBlock *block) {
  if (!block->by_alias.key)
    return 0;
  const int result = wx_os_munmap((void *)(uintptr_t)block->by_alias.key, block->size);
  if (result)
    return result;
  wx_ranked_remove(&self->aliases, &block->by_alias);
  block->by_alias.key = 0;
  return 0;
}

static int unmap_blocks(WxDoubleMapping *self) {
  for (WxBlock *block; (block = wx_blocks_any(&self->blocks));) {
    const int dropped = wx_double_mapping_drop_alias(self, block);
    if (dropped)
      return dropped;
    if (!block->unmapped) {
      const int result = wx_os_munmap((void *)wx_block_base(block), block->size);
      if (result)
        return result;
    }
    wx_blocks_remove(&self->blocks, block);
    free(block->part);
    free(block);
  }
  return 0;
}

int wx_double_mapping_close(WxAllocator *allocator) {
  WxDoubleMapping *self = (WxDoubleMapping *)allocator;
  int result = wx_views_close(&self->views);
  if (result == 0)
    result = unmap_blocks(self);
  if (result == 0)
    result = wx_pool_close(&self->pool);
  if (result == 0 && self->fd >= 0) {
    result = wx_os_close(self->fd);
    self->fd = -1;
  }
  if (result)
    return result;
  for (WxBlock *block; (block = wx_free_list_pop(&self->released));)
    free(block);
  wx_spans_clear(&self->parts);
  pthread_mutex_destroy(&self->lock);
  free(self);
  return 0;
}
