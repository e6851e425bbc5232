// Code is mapped to run only, from the first moment, and written through the file's descriptor:
// Linux permits that also to a program that may not make memory executable later (PR_SET_MDWE).
// Source: the same file and pool as `coreclr`; a release punches.
//
// Security: no writable mapping of code, ever. An attacker who can write memory cannot write code;
// it takes a pwrite() to the file's descriptor, or a write into a buffer before it is written.
#include "os/os.h"
#include "strategy/give_back.h"
#include "strategy/registry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

// What is being written. Two may overlap: so each writes only the bytes in which it differs from
// what it began with.
typedef struct Draft {
  struct Draft *next;
  WxBlock *block;
  size_t at; ///< Of its first byte in the block.
  size_t size;
  bool shared;  ///< Another one shows some of the same bytes, or did.
  char *before; ///< What was there.
  char text[];  ///< The caller's view; as much again, for `before`, follows it.
} Draft;

typedef struct {
  WxDoubleMapping mapping; ///< First: it is cast to its owner.
  Draft *drafts;
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

// Marks the drafts that show some of these bytes, and says whether there is one.
static bool mark_overlapping(const Self *self, const WxBlock *block, size_t at, size_t size) {
  bool found = false;
  for (Draft *draft = self->drafts; draft; draft = draft->next)
    if (draft->block == block && draft->at < at + size && at < draft->at + draft->size)
      draft->shared = found = true;
  return found;
}

static int begin_draft(Self *self, WxBlock *block, void *start, size_t size, void **view) {
  size_t bytes;
  if (__builtin_mul_overflow(size, 2, &bytes) || bytes > SIZE_MAX - sizeof(Draft))
    return -ENOMEM;
  Draft *draft = malloc(sizeof *draft + bytes);
  if (!draft)
    return -ENOMEM;
  const size_t at = (uintptr_t)start - wx_block_base(block);
  *draft = (Draft){self->drafts,      block, at, size, mark_overlapping(self, block, at, size),
                   draft->text + size};
  memcpy(draft->text, start, size);
  memcpy(draft->before, draft->text, size);
  self->drafts = draft;
  *view = draft->text;
  return 0;
}

static int pwrite_map_rw(WxAllocator *allocator, void *start, size_t size, bool cacheable,
                         void **view) {
  (void)cacheable;
  Self *self = (Self *)allocator;
  pthread_mutex_lock(&self->mapping.lock);
  WxBlock *block = wx_blocks_containing(&self->mapping.blocks, (uintptr_t)start, size);
  int result = -EINVAL;
  if (block && !block->unmapped)
    result = begin_draft(self, block, start, size, view);
  pthread_mutex_unlock(&self->mapping.lock);
  return result;
}

static bool differs(const Draft *draft, size_t at) {
  return draft->text[at] != draft->before[at];
}

// Writes what differs: in one call, or where another draft overlapped each run of bytes by itself.
static int write_draft(const Self *self, const Draft *draft) {
  size_t last = draft->size;
  while (last > 0 && !differs(draft, last - 1))
    --last;
  for (size_t at = 0; at < last;) {
    if (!differs(draft, at)) {
      ++at;
      continue;
    }
    size_t end = draft->shared ? at : last;
    while (end < last && differs(draft, end))
      ++end;
    const int result = wx_os_pwrite(self->mapping.fd, draft->text + at, end - at,
                                    draft->block->offset + draft->at + at);
    if (result)
      return result;
    at = end;
  }
  return 0;
}

static Draft **find_draft(Self *self, const char *view) {
  Draft **link = &self->drafts;
  while (*link && !(view >= (*link)->text && view < (*link)->text + (*link)->size))
    link = &(*link)->next;
  return link;
}

static void drop_draft(Draft **link) {
  Draft *draft = *link;
  *link = draft->next;
  free(draft);
}

static int pwrite_unmap_rw(WxAllocator *allocator, void *view) {
  Self *self = (Self *)allocator;
  pthread_mutex_lock(&self->mapping.lock);
  Draft **link = find_draft(self, view);
  const int result = *link ? write_draft(self, *link) : -EINVAL;
  if (result == 0)
    drop_draft(link);
  pthread_mutex_unlock(&self->mapping.lock);
  return result;
}

static int give_back(WxDoubleMapping *mapping, WxBlock *block) {
  for (const Draft *at = ((Self *)mapping)->drafts; at; at = at->next)
    if (at->block == block)
      return -EBUSY;
  return wx_give_back_by_punching(mapping, block);
}

static int release(WxAllocator *allocator, void *base) {
  return wx_double_mapping_release(allocator, base, give_back);
}

static int pwrite_close(WxAllocator *allocator) {
  Self *self = (Self *)allocator;
  while (self->drafts)
    drop_draft(&self->drafts);
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
