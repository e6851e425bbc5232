// Memory that is writable and executable by its page tables, tagged with a protection key (x86:
// PKU) for which the processor forbids writing, but for a thread that has opened it. Source: V8
// since 2023 ("memory protection keys for user space"), over the pool and the private memory of
// `coreclr-off`; a release unmaps.
//
// Security: another thread cannot write code at any moment, and the one that writes can do so only
// meanwhile. An attacker needs a write by that thread at that moment, or control of instructions:
// WRPKRU takes no system call. /proc/PID/maps shows rwx. Threads that are older than the allocator
// can run code and not read it. It takes a program that may make memory executable.
#include "os/os.h"
#include "strategy/anonymous.h"
#include "strategy/registry.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { NO_KEY = -1, CLOSED = PKEY_DISABLE_WRITE };

typedef struct {
  WxAnonymous anonymous; ///< First: it is cast to its owner.
  int key;
  pthread_key_t views; ///< Of a thread: how many it has open.
} Self;

static const char *pkey_lacks(void) {
  const int key = wx_os_pkey_alloc(CLOSED);
  if (key < 0)
    return "the processor, or the kernel, has no protection keys";
  (void)wx_os_pkey_free(key);
  return NULL;
}

static int pkey_open(const WxStrategy *strategy, const WxStrategyOptions *options,
                     WxAllocator **opened) {
  Self *self = (Self *)wx_anonymous_new(strategy, options, sizeof *self);
  if (!self)
    return -ENOMEM;
  int result = -pthread_key_create(&self->views, NULL);
  if (result == 0) {
    self->key = wx_os_pkey_alloc(CLOSED);
    result = self->key < 0 ? self->key : 0;
    if (result)
      (void)pthread_key_delete(self->views);
  }
  if (result) {
    pthread_mutex_destroy(&self->anonymous.lock);
    free(self);
    return result;
  }
  wx_pool_open(&self->anonymous.pool, options);
  *opened = &self->anonymous.allocator;
  return 0;
}

static int pkey_commit(WxAllocator *allocator, void *start, size_t size, bool executable) {
  Self *self = (Self *)allocator;
  pthread_mutex_lock(&self->anonymous.lock);
  const bool known = wx_blocks_containing(&self->anonymous.blocks, (uintptr_t)start, size) != NULL;
  pthread_mutex_unlock(&self->anonymous.lock);
  if (!known)
    return -EINVAL;
  const int protection = PROT_READ | PROT_WRITE | (executable ? PROT_EXEC : 0);
  return wx_os_pkey_mprotect(start, size, protection, executable ? self->key : 0);
}

// How many views the calling thread has open, `more` than before.
static int count_views(const Self *self, intptr_t more) {
  const intptr_t count = (intptr_t)pthread_getspecific(self->views) + more;
  if (count < 0)
    return -EINVAL;
  const int result = -pthread_setspecific(self->views, (void *)count);
  if (result == 0 && count == (more > 0))
    wx_os_pkey_set(self->key, count ? 0 : CLOSED);
  return result;
}

static int pkey_map_rw(WxAllocator *allocator, void *start, size_t size, bool cacheable,
                       void **view) {
  (void)size, (void)cacheable;
  const int result = count_views((Self *)allocator, 1);
  if (result == 0)
    *view = start;
  return result;
}

static int pkey_unmap_rw(WxAllocator *allocator, void *view) {
  (void)view;
  return count_views((Self *)allocator, -1);
}

static int pkey_close(WxAllocator *allocator) {
  Self *self = (Self *)allocator;
  for (WxBlock *block; (block = wx_blocks_any(&self->anonymous.blocks));) {
    const int result = wx_anonymous_release(allocator, (void *)wx_block_base(block));
    if (result)
      return result;
  }
  if (self->key != NO_KEY) {
    const int result = wx_os_pkey_free(self->key);
    if (result)
      return result;
    (void)pthread_key_delete(self->views);
    self->key = NO_KEY;
  }
  return wx_anonymous_close(allocator);
}

const WxStrategy wx_strategy_pkey = {
    .name = "pkey",
    .summary = "written in place, where a protection key of the processor permits it to one thread",
    .capabilities = WX_CAN_PATCH | WX_IS_ALTERNATIVE,
    .lacks = pkey_lacks,
    .open = pkey_open,
    .reserve = wx_anonymous_reserve,
    .commit = pkey_commit,
    .map_rw = pkey_map_rw,
    .unmap_rw = pkey_unmap_rw,
    .release = wx_anonymous_release,
    .owns = wx_anonymous_owns,
    .close = pkey_close,
};
