// Two views of each block for as long as it lives, one to run and one to write: what asmjit's
// JitAllocator calls dual mapping. Source: the same file and pool as `coreclr`; a release punches.
//
// Security: no page is writable and executable at once, but a writable alias of all live code is
// there from its first write to its release. An attacker needs one write of memory and the alias's
// address.
#include "os/os.h"
#include "strategy/give_back.h"
#include "strategy/registry.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

static int dual_open(const WxStrategy *strategy, const WxStrategyOptions *options,
                     WxAllocator **opened) {
  return wx_double_mapping_open_sized(strategy, options, sizeof(WxDoubleMapping), opened);
}

static int make_alias(WxDoubleMapping *self, WxBlock *block) {
  void *alias;
  const int result = wx_os_mmap(NULL, block->size, PROT_READ | PROT_WRITE, MAP_SHARED, self->fd,
                                block->offset, &alias);
  if (result == 0)
    wx_ranked_insert(&self->aliases, &block->by_alias, (uintptr_t)alias);
  return result;
}

// Where [start, start + size) can be written. With the lock held.
static int find_alias(WxDoubleMapping *self, uintptr_t start, size_t size, void **view) {
  WxBlock *block = wx_blocks_containing(&self->blocks, start, size);
  int result = block && !block->unmapped ? 0 : -EINVAL;
  if (result == 0 && !block->by_alias.key)
    result = make_alias(self, block);
  if (result == 0)
    *view = (char *)(uintptr_t)block->by_alias.key + (start - wx_block_base(block));
  return result;
}

static int dual_map_rw(WxAllocator *allocator, void *start, size_t size, bool cacheable,
                       void **view) {
  (void)cacheable;
  WxDoubleMapping *self = (WxDoubleMapping *)allocator;
  pthread_mutex_lock(&self->lock);
  const int result = find_alias(self, (uintptr_t)start, size, view);
  pthread_mutex_unlock(&self->lock);
  return result;
}

static int dual_write(WxAllocator *allocator, void *start, const void *bytes, size_t size) {
  WxDoubleMapping *self = (WxDoubleMapping *)allocator;
  void *view;
  pthread_mutex_lock(&self->lock);
  const int result = find_alias(self, (uintptr_t)start, size, &view);
  if (result == 0)
    memcpy(view, bytes, size);
  pthread_mutex_unlock(&self->lock);
  return result;
}

static int dual_unmap_rw(WxAllocator *allocator, void *view) {
  WxDoubleMapping *self = (WxDoubleMapping *)allocator;
  pthread_mutex_lock(&self->lock);
  const int result = wx_double_mapping_alias(self, (uintptr_t)view) ? 0 : -EINVAL;
  pthread_mutex_unlock(&self->lock);
  return result;
}

static int give_back(WxDoubleMapping *self, WxBlock *block) {
  const int result = wx_double_mapping_drop_alias(self, block);
  return result ? result : wx_give_back_by_punching(self, block);
}

static int release(WxAllocator *allocator, void *base) {
  return wx_double_mapping_release(allocator, base, give_back);
}

const WxStrategy wx_strategy_dual = {
    .name = "dual",
    .summary = "a view to run and one to write for the life of each block; release punches",
    .capabilities = WX_CAN_REUSE_FILE | WX_CAN_ENFORCE_WX | WX_CAN_PATCH | WX_IS_ALTERNATIVE,
    .open = dual_open,
    .reserve = wx_double_mapping_reserve,
    .commit = wx_double_mapping_commit,
    .map_rw = dual_map_rw,
    .unmap_rw = dual_unmap_rw,
    .write = dual_write,
    .release = release,
    .owns = wx_double_mapping_owns,
    .close = wx_double_mapping_close,
};
