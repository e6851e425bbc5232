// The plain baseline: one anonymous mapping a block, readable, writable and executable from the
// first moment.
#include "os/os.h"
#include "strategy/anonymous.h"
#include "strategy/registry.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

static int rwx_open(const WxStrategy *strategy, const WxStrategyOptions *options,
                    WxAllocator **opened) {
  WxAnonymous *self = wx_anonymous_new(strategy, options, sizeof *self);
  if (!self)
    return -ENOMEM;
  *opened = &self->allocator;
  return 0;
}

static int rwx_reserve(WxAllocator *allocator, size_t size, WxRange within, void **base) {
  WxAnonymous *self = (WxAnonymous *)allocator;
  if (within.low != 0 || within.high != UINTPTR_MAX)
    return -ENOMEM; // There is no pool that could honour a range.
  WxBlock *block = calloc(1, sizeof *block);
  if (!block)
    return -ENOMEM;
  const int protection = PROT_READ | PROT_WRITE | PROT_EXEC;
  const int flags = MAP_PRIVATE | MAP_ANONYMOUS;
  const int result = wx_os_mmap(NULL, size, protection, flags, -1, 0, base);
  if (result) {
    free(block);
    return result;
  }
  block->size = size;
  pthread_mutex_lock(&self->lock);
  wx_blocks_insert(&self->blocks, block, (uintptr_t)*base);
  pthread_mutex_unlock(&self->lock);
  return 0;
}

static int rwx_commit(WxAllocator *allocator, void *start, size_t size, bool executable) {
  (void)allocator, (void)start, (void)size, (void)executable;
  return 0;
}

const WxStrategy wx_strategy_rwx = {
    .name = "rwx",
    .summary = "plain baseline: one mmap RWX and one munmap a block",
    .capabilities = WX_CAN_PATCH,
    .open = rwx_open,
    .reserve = rwx_reserve,
    .commit = rwx_commit,
    .map_rw = wx_anonymous_map_rw,
    .unmap_rw = wx_anonymous_unmap_rw,
    .release = wx_anonymous_release,
    .owns = wx_anonymous_owns,
    .close = wx_anonymous_close,
};
