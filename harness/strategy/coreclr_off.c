// The runtime's own path with DOTNET_EnableWriteXorExecute=0: address space from the pool without a
// system call, mprotect RWX and madvise to commit, munmap to release.
#include "os/os.h"
#include "strategy/anonymous.h"
#include "strategy/registry.h"

#include <errno.h>
#include <sys/mman.h>

static int off_open(const WxStrategy *strategy, const WxStrategyOptions *options,
                    WxAllocator **opened) {
  WxAnonymous *self = wx_anonymous_new(strategy, options, sizeof *self);
  if (!self)
    return -ENOMEM;
  wx_pool_open(&self->pool, options);
  *opened = &self->allocator;
  return 0;
}

static int off_commit(WxAllocator *allocator, void *start, size_t size, bool executable) {
  WxAnonymous *self = (WxAnonymous *)allocator;
  pthread_mutex_lock(&self->lock);
  WxBlock *block = wx_blocks_containing(&self->blocks, (uintptr_t)start, size);
  if (block)
    wx_anonymous_walk(self, WX_COMMIT, wx_block_base(block));
  pthread_mutex_unlock(&self->lock);
  if (!block)
    return -EINVAL;
  const int protection = PROT_READ | PROT_WRITE | (executable ? PROT_EXEC : 0);
  const int result = wx_os_mprotect(start, size, protection);
  if (result == 0) // Puts it into dumps; the runtime ignores a failure too.
    (void)wx_os_madvise(start, size, MADV_DODUMP);
  return result;
}

const WxStrategy wx_strategy_coreclr_off = {
    .name = "coreclr-off",
    .summary = "the runtime's path with EnableWriteXorExecute=0: pool, mprotect RWX, munmap",
    .capabilities = WX_CAN_PATCH | WX_IS_RUNTIME_PATH,
    .open = off_open,
    .reserve = wx_anonymous_reserve,
    .commit = off_commit,
    .map_rw = wx_anonymous_map_rw,
    .unmap_rw = wx_anonymous_unmap_rw,
    .release = wx_anonymous_release,
    .owns = wx_anonymous_owns,
    .close = wx_anonymous_close,
};
