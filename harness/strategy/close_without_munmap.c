// A guess made in public about what the runtime does: one file a block, whose descriptor is closed
// at release while the mapping stays. It would leave memory that every tool can see, where the
// runtime's cannot be seen at all.
#include "os/os.h"
#include "strategy/backing.h"
#include "strategy/blocks.h"
#include "strategy/registry.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>

typedef struct {
  WxAllocator allocator;
  pthread_mutex_t lock;
  WxBlocks live;
  WxBlocks lost; ///< Mapped for ever: released blocks.
} Guess;

static int guess_open(const WxStrategy *strategy, const WxStrategyOptions *options,
                      WxAllocator **opened) {
  (void)options;
  Guess *self = calloc(1, sizeof *self);
  if (!self)
    return -ENOMEM;
  self->allocator.strategy = strategy;
  pthread_mutex_init(&self->lock, NULL);
  *opened = &self->allocator;
  return 0;
}

// The descriptor of a block stands where others have their offset. It is gone even where closing it
// failed: the next release has nothing left to close.
static int close_descriptor(WxBlock *block) {
  const int fd = (int)block->offset;
  block->offset = UINT64_MAX;
  return fd < 0 ? 0 : wx_os_close(fd);
}

static int guess_reserve(WxAllocator *allocator, size_t size, WxRange within, void **base) {
  Guess *self = (Guess *)allocator;
  if (within.low != 0 || within.high != UINTPTR_MAX)
    return -ENOMEM;
  WxBlock *block = calloc(1, sizeof *block);
  if (!block)
    return -ENOMEM;
  const int fd = wx_backing_open(WX_BACKING_MEMFD, size);
  const int protection = PROT_READ | PROT_WRITE | PROT_EXEC;
  int result = fd < 0 ? fd : wx_os_mmap(NULL, size, protection, MAP_SHARED, fd, 0, base);
  if (result) {
    if (fd >= 0)
      wx_backing_abandon(fd);
    free(block);
    return result;
  }
  block->size = size;
  block->offset = (uint64_t)fd;
  pthread_mutex_lock(&self->lock);
  wx_blocks_insert(&self->live, block, (uintptr_t)*base);
  pthread_mutex_unlock(&self->lock);
  return 0;
}

static int guess_commit(WxAllocator *allocator, void *start, size_t size, bool executable) {
  (void)allocator, (void)start, (void)size, (void)executable;
  return 0;
}

static int guess_map_rw(WxAllocator *allocator, void *start, size_t size, bool cacheable,
                        void **view) {
  (void)allocator, (void)size, (void)cacheable;
  *view = start;
  return 0;
}

static int guess_unmap_rw(WxAllocator *allocator, void *view) {
  (void)allocator, (void)view;
  return 0;
}

static int guess_release(WxAllocator *allocator, void *base) {
  Guess *self = (Guess *)allocator;
  pthread_mutex_lock(&self->lock);
  WxBlock *block = wx_blocks_at(&self->live, (uintptr_t)base);
  const int result = block ? close_descriptor(block) : -EINVAL;
  if (result == 0) {
    wx_blocks_remove(&self->live, block);
    wx_blocks_insert(&self->lost, block, (uintptr_t)base);
  }
  pthread_mutex_unlock(&self->lock);
  return result;
}

static bool guess_owns(WxAllocator *allocator, uintptr_t address) {
  Guess *self = (Guess *)allocator;
  pthread_mutex_lock(&self->lock);
  const bool owns = wx_blocks_containing(&self->live, address, 1) != NULL ||
                    wx_blocks_containing(&self->lost, address, 1) != NULL;
  pthread_mutex_unlock(&self->lock);
  return owns;
}

// Only the harness cleans up after the guess.
static int guess_close(WxAllocator *allocator) {
  Guess *self = (Guess *)allocator;
  for (WxBlock *block; (block = wx_blocks_any(&self->live));) {
    const int result = guess_release(allocator, (void *)wx_block_base(block));
    if (result)
      return result;
  }
  for (WxBlock *block; (block = wx_blocks_any(&self->lost));) {
    const int result = wx_os_munmap((void *)wx_block_base(block), block->size);
    if (result)
      return result;
    wx_blocks_remove(&self->lost, block);
    free(block);
  }
  pthread_mutex_destroy(&self->lock);
  free(self);
  return 0;
}

const WxStrategy wx_strategy_close_without_munmap = {
    .name = "close-without-munmap",
    .summary = "refuted guess: a file a block, closed at release but not unmapped",
    .capabilities = WX_CAN_PATCH | WX_IS_REFUTED | WX_CLOSES_FILES,
    .open = guess_open,
    .reserve = guess_reserve,
    .commit = guess_commit,
    .map_rw = guess_map_rw,
    .unmap_rw = guess_unmap_rw,
    .release = guess_release,
    .owns = guess_owns,
    .close = guess_close,
};
