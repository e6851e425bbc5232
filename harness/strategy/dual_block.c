// As `dual`, but each block is a file of its own, mapped twice: to run, and to write. Nothing is
// shared between blocks, so nothing can be kept or fragmented. Source: what JITs do that map each
// piece of code by itself, as libffi's closures do.
//
// Security: no page is writable and executable at once, but a writable alias of each block is there
// for all its life. An attacker needs one write of memory and the alias's address.
#include "os/os.h"
#include "strategy/backing.h"
#include "strategy/blocks.h"
#include "strategy/registry.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>

typedef struct {
  WxAllocator allocator; ///< First: a WxAllocator is cast to its owner.
  WxBacking backing;
  pthread_mutex_t lock; ///< Guards what follows.
  WxBlocks blocks;
  WxRanked aliases; ///< WxBlock.by_alias.
} Self;

static int dual_block_open(const WxStrategy *strategy, const WxStrategyOptions *options,
                           WxAllocator **opened) {
  Self *self = calloc(1, sizeof *self);
  if (!self)
    return -ENOMEM;
  self->allocator.strategy = strategy;
  self->backing = options->backing;
  pthread_mutex_init(&self->lock, NULL);
  *opened = &self->allocator;
  return 0;
}

// Maps the file `fd` twice, or not at all.
static int map_both(int fd, size_t size, void **code, void **alias) {
  int result = wx_os_mmap(NULL, size, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0, code);
  if (result)
    return result;
  result = wx_os_mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0, alias);
  if (result && wx_os_munmap(*code, size)) // Made to fail: it must not stay behind.
    (void)wx_os_munmap(*code, size);
  return result;
}

static int dual_block_reserve(WxAllocator *allocator, size_t size, WxRange within, void **base) {
  Self *self = (Self *)allocator;
  if (within.low != 0 || within.high != UINTPTR_MAX)
    return -ENOMEM; // There is no pool that could honour a range.
  WxBlock *block = calloc(1, sizeof *block);
  if (!block)
    return -ENOMEM;
  void *alias;
  const int fd = wx_backing_open(self->backing, size);
  const int result = fd < 0 ? fd : map_both(fd, size, base, &alias);
  if (fd >= 0)
    wx_backing_abandon(fd); // The mappings hold the file: thousands of blocks need no descriptors.
  if (result) {
    free(block);
    return result;
  }
  block->size = size;
  pthread_mutex_lock(&self->lock);
  wx_blocks_insert(&self->blocks, block, (uintptr_t)*base);
  wx_ranked_insert(&self->aliases, &block->by_alias, (uintptr_t)alias);
  pthread_mutex_unlock(&self->lock);
  return 0;
}

static int dual_block_commit(WxAllocator *allocator, void *start, size_t size, bool executable) {
  (void)allocator;
  return wx_os_mprotect(start, size, PROT_READ | (executable ? PROT_EXEC : PROT_WRITE));
}

static int dual_block_map_rw(WxAllocator *allocator, void *start, size_t size, bool cacheable,
                             void **view) {
  (void)cacheable;
  Self *self = (Self *)allocator;
  pthread_mutex_lock(&self->lock);
  const WxBlock *block = wx_blocks_containing(&self->blocks, (uintptr_t)start, size);
  const int result = block && block->by_alias.key ? 0 : -EINVAL;
  if (result == 0)
    *view = (char *)(uintptr_t)block->by_alias.key + ((uintptr_t)start - wx_block_base(block));
  pthread_mutex_unlock(&self->lock);
  return result;
}

// Whether `address` is in the alias of a block. With the lock held.
static bool is_alias(const Self *self, uintptr_t address) {
  const WxRankedNode *node = wx_ranked_floor(&self->aliases, address);
  if (!node)
    return false;
  const WxBlock *block =
      (const WxBlock *)(const void *)((const char *)node - offsetof(WxBlock, by_alias));
  return address - node->key < block->size;
}

static int dual_block_unmap_rw(WxAllocator *allocator, void *view) {
  Self *self = (Self *)allocator;
  pthread_mutex_lock(&self->lock);
  const int result = is_alias(self, (uintptr_t)view) ? 0 : -EINVAL;
  pthread_mutex_unlock(&self->lock);
  return result;
}

// What was done before a failure stays done.
static int give_back(Self *self, WxBlock *block) {
  if (block->by_alias.key) {
    const int result = wx_os_munmap((void *)(uintptr_t)block->by_alias.key, block->size);
    if (result)
      return result;
    wx_ranked_remove(&self->aliases, &block->by_alias);
    block->by_alias.key = 0;
  }
  return wx_os_munmap((void *)wx_block_base(block), block->size);
}

static int dual_block_release(WxAllocator *allocator, void *base) {
  Self *self = (Self *)allocator;
  pthread_mutex_lock(&self->lock);
  WxBlock *block = wx_blocks_at(&self->blocks, (uintptr_t)base);
  const int result = block ? give_back(self, block) : -EINVAL;
  if (result == 0) {
    wx_blocks_remove(&self->blocks, block);
    free(block);
  }
  pthread_mutex_unlock(&self->lock);
  return result;
}

static bool dual_block_owns(WxAllocator *allocator, uintptr_t address) {
  Self *self = (Self *)allocator;
  pthread_mutex_lock(&self->lock);
  const bool owns =
      wx_blocks_containing(&self->blocks, address, 1) != NULL || is_alias(self, address);
  pthread_mutex_unlock(&self->lock);
  return owns;
}

static int dual_block_close(WxAllocator *allocator) {
  Self *self = (Self *)allocator;
  for (WxBlock *block; (block = wx_blocks_any(&self->blocks));) {
    const int result = dual_block_release(allocator, (void *)wx_block_base(block));
    if (result)
      return result;
  }
  pthread_mutex_destroy(&self->lock);
  free(self);
  return 0;
}

const WxStrategy wx_strategy_dual_block = {
    .name = "dual-block",
    .summary = "a file a block, mapped to run and to write for its life; release unmaps",
    .capabilities = WX_CAN_ENFORCE_WX | WX_CAN_PATCH | WX_CLOSES_FILES | WX_IS_ALTERNATIVE,
    .open = dual_block_open,
    .reserve = dual_block_reserve,
    .commit = dual_block_commit,
    .map_rw = dual_block_map_rw,
    .unmap_rw = dual_block_unmap_rw,
    .release = dual_block_release,
    .owns = dual_block_owns,
    .close = dual_block_close,
};
