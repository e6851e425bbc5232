// Code is mapped to run only, from the first moment, and written through the file's descriptor:
// Linux permits that also to a program that may not make memory executable later (PR_SET_MDWE).
// Source: the same file and pool as `coreclr`; a release punches.
//
// Security: no writable mapping of code, ever. An attacker who can write memory cannot write code;
// it takes a pwrite() to the file's descriptor, or a write into a buffer before it is written.
#include "strategy/drafts.h"
#include "strategy/give_back.h"
#include "strategy/registry.h"

#include <errno.h>
#include <sys/mman.h>

typedef struct {
  WxDoubleMapping mapping; ///< First: it is cast to its owner.
  WxDraft *drafts;
} Self;

static int pwrite_open(const WxStrategy *strategy, const WxStrategyOptions *options,
                       WxAllocator **opened) {
  const int result = wx_double_mapping_open_sized(strategy, options, sizeof(Self), opened);
  if (result == 0)
    ((WxDoubleMapping *)*opened)->reserved = PROT_READ | PROT_EXEC;
  return result;
}

// Code is there once it is reserved; only data, and code where data was, needs another protection.
static int pwrite_commit(WxAllocator *allocator, void *start, size_t size, bool executable) {
  WxDoubleMapping *self = (WxDoubleMapping *)allocator;
  pthread_mutex_lock(&self->lock);
  WxBlock *block = wx_blocks_containing(&self->blocks, (uintptr_t)start, size);
  int result = block ? 0 : -EINVAL;
  if (result == 0 && (!executable || block->has_data)) {
    result = wx_double_mapping_commit(allocator, start, size, executable);
    block->has_data = true;
  }
  pthread_mutex_unlock(&self->lock);
  return result;
}

static int pwrite_map_rw(WxAllocator *allocator, void *start, size_t size, bool cacheable,
                         void **view) {
  (void)cacheable;
  Self *self = (Self *)allocator;
  pthread_mutex_lock(&self->mapping.lock);
  WxBlock *block = wx_blocks_containing(&self->mapping.blocks, (uintptr_t)start, size);
  int result = -EINVAL;
  if (block && !block->unmapped)
    result = wx_drafts_begin(&self->drafts, block, (uintptr_t)start - wx_block_base(block), start,
                             size, view);
  pthread_mutex_unlock(&self->mapping.lock);
  return result;
}

static int pwrite_unmap_rw(WxAllocator *allocator, void *view) {
  Self *self = (Self *)allocator;
  pthread_mutex_lock(&self->mapping.lock);
  WxDraft **link = wx_drafts_find(&self->drafts, view);
  int result = -EINVAL;
  if (*link)
    result = wx_draft_write(*link, self->mapping.fd, ((const WxBlock *)(*link)->block)->offset);
  if (result == 0)
    wx_drafts_drop(link);
  pthread_mutex_unlock(&self->mapping.lock);
  return result;
}

static int give_back(WxDoubleMapping *mapping, WxBlock *block) {
  if (wx_drafts_busy(((Self *)mapping)->drafts, block))
    return -EBUSY;
  return wx_give_back_by_punching(mapping, block);
}

static int release(WxAllocator *allocator, void *base) {
  return wx_double_mapping_release(allocator, base, give_back);
}

static int pwrite_close(WxAllocator *allocator) {
  Self *self = (Self *)allocator;
  while (self->drafts)
    wx_drafts_drop(&self->drafts);
  return wx_double_mapping_close(allocator);
}

const WxStrategy wx_strategy_pwrite = {
    .name = "pwrite",
    .summary = "mapped to run only, written through the descriptor; release punches",
    .capabilities = WX_CAN_REUSE_FILE | WX_CAN_ENFORCE_WX | WX_CAN_PATCH | WX_IS_ALTERNATIVE,
    .open = pwrite_open,
    .reserve = wx_double_mapping_reserve,
    .commit = pwrite_commit,
    .map_rw = pwrite_map_rw,
    .unmap_rw = pwrite_unmap_rw,
    .release = release,
    .owns = wx_double_mapping_owns,
    .close = pwrite_close,
};
