#include "strategy/anonymous.h"

#include "os/os.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

WxAnonymous *wx_anonymous_new(const WxStrategy *strategy, const WxStrategyOptions *options,
                              size_t size) {
  WxAnonymous *self = calloc(1, size);
  if (!self)
    return NULL;
  self->allocator.strategy = strategy;
  self->walks = options->walks;
  pthread_mutex_init(&self->lock, NULL);
  return self;
}

void wx_anonymous_walk(WxAnonymous *self, WxOperation operation, uintptr_t base) {
  const size_t below = wx_blocks_below(&self->blocks, base);
  wx_allocator_walked(&self->allocator, operation, below);
  if (self->walks)
    wx_blocks_pass(&self->blocks, below);
}

// What the pool does not have comes from the kernel, if anywhere will do.
static int reserve_outside_pool(size_t size, WxRange within, void **base) {
  if (within.low != 0 || within.high != UINTPTR_MAX)
    return -ENOMEM;
  const int flags = MAP_PRIVATE | MAP_ANONYMOUS;
  const int result = wx_os_mmap(NULL, size, PROT_NONE, flags, -1, 0, base);
  if (result == 0) // Keeps it out of dumps; the runtime ignores a failure too.
    (void)wx_os_madvise(*base, size, MADV_DONTDUMP);
  return result;
}

int wx_anonymous_reserve(WxAllocator *allocator, size_t size, WxRange within, void **base) {
  WxAnonymous *self = (WxAnonymous *)allocator;
  WxBlock *block = calloc(1, sizeof *block);
  if (!block)
    return -ENOMEM;
  block->size = size;
  pthread_mutex_lock(&self->lock);
  int result = wx_pool_take(&self->pool, size, within, base);
  if (result == 0 && !*base)
    result = reserve_outside_pool(size, within, base);
  if (result == 0) {
    wx_anonymous_walk(self, WX_RESERVE, (uintptr_t)*base);
    wx_blocks_insert(&self->blocks, block, (uintptr_t)*base);
  }
  pthread_mutex_unlock(&self->lock);
  if (result)
    free(block);
  return result;
}

int wx_anonymous_map_rw(WxAllocator *allocator, void *start, size_t size, bool cacheable,
                        void **view) {
  (void)allocator, (void)size, (void)cacheable;
  *view = start;
  return 0;
}

int wx_anonymous_unmap_rw(WxAllocator *allocator, void *view) {
  (void)allocator, (void)view;
  return 0;
}

int wx_anonymous_release(WxAllocator *allocator, void *base) {
  WxAnonymous *self = (WxAnonymous *)allocator;
  pthread_mutex_lock(&self->lock);
  WxBlock *block = wx_blocks_at(&self->blocks, (uintptr_t)base);
  int result = -EINVAL;
  if (block) {
    wx_anonymous_walk(self, WX_RELEASE, (uintptr_t)base);
    result = wx_os_munmap(base, block->size);
  }
  if (result == 0)
    wx_blocks_remove(&self->blocks, block);
  pthread_mutex_unlock(&self->lock);
  if (result == 0) {
    free(block->pages);
    free(block);
  }
  return result;
}

bool wx_anonymous_owns(WxAllocator *allocator, uintptr_t address) {
  WxAnonymous *self = (WxAnonymous *)allocator;
  pthread_mutex_lock(&self->lock);
  const bool owns =
      wx_pool_owns(&self->pool, address) || wx_blocks_containing(&self->blocks, address, 1) != NULL;
  pthread_mutex_unlock(&self->lock);
  return owns;
}

int wx_anonymous_close(WxAllocator *allocator) {
  WxAnonymous *self = (WxAnonymous *)allocator;
  for (WxBlock *block; (block = wx_blocks_any(&self->blocks));) {
    const int result = wx_anonymous_release(allocator, (void *)wx_block_base(block));
    if (result)
      return result;
  }
  const int result = wx_pool_close(&self->pool);
  if (result)
    return result;
  pthread_mutex_destroy(&self->lock);
  free(self);
  return 0;
}
