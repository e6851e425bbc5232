// Strict W^X at the price of two system calls a block: files that are mapped once, to run only, and
// written through their descriptors. Source: this project; `pwrite` is the same idea on the
// runtime's allocator.
//
// A block is a part of a file, the smallest free one that is large enough (spans.h). A release
// zeroes what was written and keeps the part warm, its pages allocated, for the next block; more
// than `slack` bytes of such parts are punched in one go, outside the lock. Each thread has one of
// several files, so that writers do not queue for the lock of one.
//
// Security: no writable mapping of code, ever, and no code that is in no block can be run again:
// it is zero. It works for a program that may not make memory executable (PR_SET_MDWE) and with
// vm.memfd_noexec=2. An attacker who can write memory cannot write code; it takes a pwrite() to a
// file's descriptor, or a write into a text before it is written.
//
// `lean+late` saves the call that zeroes: what was written stays (`stale`) until the next block in
// its place is first written, and is zeroed by the same call. So released code can still be run, by
// who kept its address, as under `rwx` with a free list; and code memory that is not written yet
// may read as former code, where it is executable. Views of it show zeros, and data is zero.
#include "os/os.h"
#include "strategy/backing.h"
#include "strategy/drafts.h"
#include "strategy/pal_pool.h"
#include "strategy/registry.h"
#include "strategy/spans.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>

enum {
  FILES = 4,
  BATCH = 32,              ///< Parts that are punched in one go.
  ZEROED = 16 * 1024,      ///< More than that is punched, not zeroed.
  GRANULARITY = 64 * 1024, ///< Of the pool.
  CACHE_LINE = 64,
};

static const char zeros[ZEROED];
static const uint64_t far_bytes = UINT64_C(64) << 30;

typedef struct {
  WxRankedNode by_place; ///< Key: the base address.
  uint64_t offset;       ///< In the file.
  uint64_t size;
  uint64_t dirty_low; ///< What was written of it: [dirty_low, dirty_high).
  uint64_t dirty_high;
  bool has_data; ///< Data was committed in it.
  bool stale;    ///< What is dirty is of former blocks: none of it was written for this one.
} Block;

// A file and where it is mapped: its first part in the pool near the program, and once that is full
// the second one anywhere.
typedef struct {
  pthread_mutex_t lock; ///< Guards what follows, and writes to the file.
  int fd;
  uintptr_t near;        ///< 0: not mapped. Set once, when it is opened.
  _Atomic uintptr_t far; ///< Set once, with the lock; read without it.
  uint64_t near_size;
  uint64_t far_start; ///< In the file; a page lies between the two, so that nothing spans them.
  uint64_t far_size;
  WxSpans warm; ///< Free, zero and allocated.
  WxSpans cold; ///< Free and not allocated.
  WxRanked blocks;
  WxRanked stale; ///< Former blocks in warm parts that are not zero there.
  Block *last;    ///< That was found last, and lives; or NULL.
  WxDraft *drafts;
  char apart[CACHE_LINE]; ///< What threads with other files write lies in other lines.
} File;

typedef struct {
  WxAllocator allocator; ///< First: a WxAllocator is cast to its owner.
  WxPool pool;
  pthread_key_t own_file; ///< Of a thread: the number of its file, from 1.
  _Atomic unsigned threads;
  _Atomic uint64_t warm; ///< Bytes, of all files.
  uint64_t slack;
  bool late; ///< WX_CLEARS_LATE
  bool has_key;
  File files[FILES];
} Self;

static int lean_close(WxAllocator *allocator);

static int map_to_run(uintptr_t at, uint64_t size, const File *file, uint64_t offset,
                      uintptr_t *mapped) {
  void *address = NULL;
  const int flags = MAP_SHARED | (at ? MAP_FIXED : 0);
  const int result =
      wx_os_mmap((void *)at, size, PROT_READ | PROT_EXEC, flags, file->fd, offset, &address);
  if (result == 0 && mapped)
    *mapped = (uintptr_t)address;
  return result;
}

// Adds a part that was never used.
static int add_cold(File *file, uint64_t start, uint64_t size) {
  WxSpan *span = malloc(sizeof *span);
  if (!span)
    return -ENOMEM;
  wx_spans_give(&file->cold, span, start, size);
  return 0;
}

static int open_file(File *file, uintptr_t near, uint64_t near_size, uint64_t most) {
  const size_t page = wx_os_page_size();
  const uint64_t wanted = near_size + page + far_bytes;
  const uint64_t size = most < wanted ? most : wanted;
  file->near_size = near_size;
  file->far_start = file->near_size + page;
  file->far_size = size > file->far_start ? size - file->far_start : 0;
  file->fd = wx_os_memfd_create_data(WX_BACKING_NAME);
  if (file->fd < 0)
    return file->fd;
  const int result = wx_os_ftruncate(file->fd, size);
  if (result || !file->near_size)
    return result;
  const int mapped = map_to_run(near, file->near_size, file, 0, &file->near);
  return mapped ? mapped : add_cold(file, 0, file->near_size);
}

static int open_files(Self *self, const WxStrategyOptions *options) {
  const uint64_t page = wx_os_page_size();
  const uint64_t most = options->file_size / FILES / page * page;
  const uint64_t room = (self->pool.end - self->pool.cursor) / FILES;
  const uint64_t share = (room < most ? room : most) / GRANULARITY * GRANULARITY;
  int result = 0;
  for (int i = 0; i < FILES && result == 0; ++i) {
    void *near = NULL;
    if (share)
      result = wx_pool_take(&self->pool, share, WX_ANYWHERE, &near);
    if (result == 0)
      result = open_file(&self->files[i], (uintptr_t)near, near ? share : 0, most);
    if (result && near && !self->files[i].near)
      wx_pool_untake(&self->pool, near);
  }
  return result;
}

static int lean_open(const WxStrategy *strategy, const WxStrategyOptions *options,
                     WxAllocator **opened) {
  Self *self = calloc(1, sizeof *self);
  if (!self)
    return -ENOMEM;
  self->allocator.strategy = strategy;
  self->slack = options->slack;
  self->late = strategy->capabilities & WX_CLEARS_LATE;
  for (int i = 0; i < FILES; ++i) {
    self->files[i].fd = -1;
    pthread_mutex_init(&self->files[i].lock, NULL);
  }
  int result = -pthread_key_create(&self->own_file, NULL);
  self->has_key = result == 0;
  wx_pool_open(&self->pool, options);
  if (result == 0)
    result = open_files(self, options);
  if (result == 0)
    *opened = &self->allocator;
  else if (lean_close(&self->allocator)) // Made to fail.
    (void)lean_close(&self->allocator);
  return result;
}

// The file of the calling thread: threads take them in turn.
static unsigned own_file(Self *self) {
  const uintptr_t known = (uintptr_t)pthread_getspecific(self->own_file);
  if (known)
    return (unsigned)known - 1;
  const unsigned turn = atomic_fetch_add(&self->threads, 1) % FILES;
  (void)pthread_setspecific(self->own_file, (void *)(uintptr_t)(turn + 1)); // Else: again.
  return turn;
}

static uintptr_t address_of(const File *file, uint64_t offset) {
  return offset < file->near_size ? file->near + offset : file->far + (offset - file->far_start);
}

static bool holds(const File *file, uintptr_t address) {
  const uintptr_t far = atomic_load_explicit(&file->far, memory_order_relaxed);
  return (file->near && address - file->near < file->near_size) ||
         (far && address - far < file->far_size);
}

// Where in `span` a block of `size` bytes can lie within `within`.
static bool fits(const File *file, const WxSpan *span, size_t size, WxRange within,
                 uint64_t *offset) {
  const uintptr_t first = address_of(file, wx_span_start(span));
  const uintptr_t low = wx_round_up(within.low, wx_os_page_size());
  const uintptr_t start = first > low ? first : low;
  if (start - first > span->size - size || start > within.high || within.high - start < size)
    return false;
  *offset = wx_span_start(span) + (start - first);
  return true;
}

static int zero(const File *file, uint64_t offset, uint64_t size) {
  int result = 0;
  for (uint64_t done = 0, part; done < size && result == 0; done += part) {
    part = size - done < ZEROED ? size - done : ZEROED;
    result = wx_os_pwrite(file->fd, zeros, part, offset + done);
  }
  return result;
}

// The first former block that begins at `offset` of the file or later; or one that reaches beyond.
static Block *stale_from(const File *file, uint64_t offset) {
  Block *before = (Block *)wx_ranked_floor(&file->stale, offset);
  if (before && before->offset + before->dirty_high > offset)
    return before;
  return (Block *)wx_ranked_ceiling(&file->stale, offset);
}

static void forget_stale(File *file, Block *former) {
  wx_ranked_remove(&file->stale, &former->by_place);
  free(former);
}

// Whether what `former` left lies in [offset, end), and nobody else's does.
static bool is_only_one(const File *file, const Block *former, uint64_t offset, uint64_t end) {
  const WxRankedNode *next = wx_ranked_ceiling(&file->stale, former->offset + 1);
  return former->offset + former->dirty_low >= offset &&
         former->offset + former->dirty_high <= end && (!next || next->key >= end);
}

static void take_over(Block *block, const Block *former, uint64_t offset) {
  block->stale = true;
  block->dirty_low = former->offset + former->dirty_low - offset;
  block->dirty_high = former->offset + former->dirty_high - offset;
}

// A new block at `offset` takes over what a former one left in it. What several left, or reaches
// beyond the block, is zeroed at once.
static int inherit(File *file, Block *block, uint64_t offset) {
  const uint64_t end = offset + block->size;
  int result = 0;
  for (Block *former; !block->stale && result == 0;) {
    former = stale_from(file, offset);
    if (!former || former->offset >= end)
      break;
    if (is_only_one(file, former, offset, end))
      take_over(block, former, offset);
    else
      result =
          zero(file, former->offset + former->dirty_low, former->dirty_high - former->dirty_low);
    if (result == 0)
      forget_stale(file, former);
  }
  return result;
}

// Takes `block` out of `spans`: -ENOMEM where it is in none. `*spare` is then what is to be freed.
static int take(File *file, WxSpans *spans, Block *block, WxRange within, WxSpan **spare) {
  for (WxSpan *span = wx_spans_fit(spans, block->size); span; span = wx_spans_next(spans, span)) {
    uint64_t offset;
    if (!fits(file, span, block->size, within, &offset))
      continue;
    const int result = inherit(file, block, offset);
    if (result)
      return result;
    block->offset = offset;
    *spare = wx_spans_cut(spans, span, offset, block->size, *spare);
    return 0;
  }
  return -ENOMEM;
}

// Maps the second part of the file.
static int open_far(File *file) {
  WxSpan *span = malloc(sizeof *span);
  uintptr_t far;
  const int result = span ? map_to_run(0, file->far_size, file, file->far_start, &far) : -ENOMEM;
  if (result) {
    free(span);
    return result;
  }
  atomic_store_explicit(&file->far, far, memory_order_relaxed);
  wx_spans_give(&file->cold, span, file->far_start, file->far_size);
  return 0;
}

// Takes a part of the file for `block`: a warm one, else a cold one, else of its second part.
static int obtain(Self *self, File *file, Block *block, WxRange within, WxSpan **spare) {
  int result = take(file, &file->warm, block, within, spare);
  if (result == 0)
    atomic_fetch_sub(&self->warm, block->size);
  if (result == -ENOMEM)
    result = take(file, &file->cold, block, within, spare);
  if (result != -ENOMEM || file->far || !file->far_size || within.low != 0 ||
      within.high != UINTPTR_MAX)
    return result;
  result = open_far(file);
  return result ? result : take(file, &file->cold, block, within, spare);
}

static int reserve_of(Self *self, File *file, Block *block, WxRange within, WxSpan **spare) {
  pthread_mutex_lock(&file->lock);
  const int result = obtain(self, file, block, within, spare);
  if (result == 0)
    wx_ranked_insert(&file->blocks, &block->by_place, address_of(file, block->offset));
  pthread_mutex_unlock(&file->lock);
  return result;
}

static int lean_reserve(WxAllocator *allocator, size_t size, WxRange within, void **base) {
  Self *self = (Self *)allocator;
  Block *block = calloc(1, sizeof *block);
  WxSpan *spare = malloc(sizeof *spare);
  int result = -ENOMEM;
  if (block && spare) {
    block->size = size;
    const unsigned own = own_file(self);
    for (unsigned i = 0; i < FILES && result == -ENOMEM; ++i)
      result = reserve_of(self, &self->files[(own + i) % FILES], block, within, &spare);
  }
  free(spare);
  if (result)
    free(block);
  else
    *base = (void *)(uintptr_t)block->by_place.key;
  return result;
}

// The file in which `address` lies, locked; NULL where there is none. No other one is waited for.
static File *lock_file_of(Self *self, uintptr_t address) {
  for (int i = 0; i < FILES; ++i) {
    File *file = &self->files[i];
    if (!holds(file, address))
      continue;
    pthread_mutex_lock(&file->lock);
    return file;
  }
  return NULL;
}

static bool contains(const Block *block, uintptr_t start, size_t size) {
  const uint64_t at = block ? start - block->by_place.key : 0;
  return block && at < block->size && size <= block->size - at;
}

// The block that contains [start, start + size), its file locked; NULL where there is none.
static Block *lock_block(Self *self, uintptr_t start, size_t size, File **file) {
  *file = lock_file_of(self, start);
  if (!*file)
    return NULL;
  Block *block = (*file)->last;
  if (!contains(block, start, size))
    block = (Block *)wx_ranked_floor(&(*file)->blocks, start);
  if (contains(block, start, size)) {
    (*file)->last = block;
    return block;
  }
  pthread_mutex_unlock(&(*file)->lock);
  return NULL;
}

static void is_dirty(Block *block, uint64_t at, uint64_t size) {
  if (block->dirty_high == 0 || at < block->dirty_low)
    block->dirty_low = at;
  if (at + size > block->dirty_high)
    block->dirty_high = at + size;
}

// Zeroes what former blocks left.
static int clear_stale(const File *file, Block *block) {
  if (!block->stale)
    return 0;
  const int result =
      zero(file, block->offset + block->dirty_low, block->dirty_high - block->dirty_low);
  if (result)
    return result;
  block->stale = false;
  block->dirty_low = block->dirty_high = 0;
  return 0;
}

static int commit_data(const File *file, Block *block, uint64_t at, uint64_t size) {
  int result = clear_stale(file, block);
  if (result)
    return result;
  result = wx_os_mprotect((void *)(block->by_place.key + at), size, PROT_READ | PROT_WRITE);
  block->has_data = true;
  is_dirty(block, at, size);
  return result;
}

// Memory is there, and can run, once it is reserved; only data, and code where data was, takes
// more.
static int lean_commit(WxAllocator *allocator, void *start, size_t size, bool executable) {
  File *file;
  Block *block = lock_block((Self *)allocator, (uintptr_t)start, size, &file);
  if (!block)
    return -EINVAL;
  int result = 0;
  const uint64_t at = (uintptr_t)start - block->by_place.key;
  if (!executable) {
    result = commit_data(file, block, at, size);
  } else if (block->has_data) { // A new mapping: one that was writable may not become executable.
    result = map_to_run((uintptr_t)start, size, file, block->offset + at, NULL);
  }
  pthread_mutex_unlock(&file->lock);
  return result;
}

static int lean_map_rw(WxAllocator *allocator, void *start, size_t size, bool cacheable,
                       void **view) {
  (void)cacheable;
  Self *self = (Self *)allocator;
  File *file;
  const Block *block = lock_block(self, (uintptr_t)start, size, &file);
  if (!block)
    return -EINVAL;
  const size_t at = (uintptr_t)start - block->by_place.key;
  // What was never written is not read: that would allocate a page.
  const bool written = !block->stale && at < block->dirty_high && block->dirty_low < at + size;
  const int result = wx_drafts_begin(&file->drafts, block, at, written ? start : NULL, size, view);
  pthread_mutex_unlock(&file->lock);
  return result;
}

// The first write to a block zeroes what former ones left around it, in the same call.
static int write_over_stale(const File *file, Block *block, uint64_t at, const char *bytes,
                            uint64_t size) {
  const uint64_t low = block->dirty_low, high = block->dirty_high;
  if (at > high || at + size < low || high - low > ZEROED) { // More would be written than is stale.
    const int result = clear_stale(file, block);
    return result ? result : wx_os_pwrite(file->fd, bytes, size, block->offset + at);
  }
  const uint64_t before = low < at ? at - low : 0;
  const uint64_t after = high > at + size ? high - (at + size) : 0;
  const struct iovec parts[] = {wx_os_part(zeros, before), wx_os_part(bytes, size),
                                wx_os_part(zeros, after)};
  return wx_os_pwritev(file->fd, parts, 3, block->offset + at - before);
}

static int write_first(const File *file, Block *block, uint64_t at, const char *bytes,
                       uint64_t size) {
  const int result = write_over_stale(file, block, at, bytes, size);
  if (result) {
    is_dirty(block, at, size); // Some of it may have been written.
    return result;
  }
  block->stale = false;
  block->dirty_low = at;
  block->dirty_high = at + size;
  return 0;
}

static int lean_write(WxAllocator *allocator, void *start, const void *bytes, size_t size) {
  File *file;
  Block *block = lock_block((Self *)allocator, (uintptr_t)start, size, &file);
  if (!block)
    return -EINVAL;
  int result;
  const uint64_t at = (uintptr_t)start - block->by_place.key;
  if (block->stale) {
    result = write_first(file, block, at, bytes, size);
  } else {
    is_dirty(block, at, size);
    result = wx_os_pwrite(file->fd, bytes, size, block->offset + at);
  }
  pthread_mutex_unlock(&file->lock);
  return result;
}

static int end_draft(const File *file, WxDraft **link) {
  WxDraft *draft = *link;
  Block *block = (Block *)(uintptr_t)draft->block;
  int result;
  if (block->stale) {
    result = write_first(file, block, draft->at, draft->text, draft->size);
  } else {
    is_dirty(block, draft->at, draft->size); // Before: what fails may have written some of it.
    result = wx_draft_write(draft, file->fd, block->offset);
  }
  if (result == 0)
    wx_drafts_drop(link);
  return result;
}

static int lean_unmap_rw(WxAllocator *allocator, void *view) {
  Self *self = (Self *)allocator;
  const unsigned own = own_file(self);
  for (unsigned i = 0; i < FILES; ++i) {
    File *file = &self->files[(own + i) % FILES];
    pthread_mutex_lock(&file->lock);
    WxDraft **link = wx_drafts_find(&file->drafts, view);
    const bool found = *link != NULL;
    const int result = found ? end_draft(file, link) : 0;
    pthread_mutex_unlock(&file->lock);
    if (found)
      return result;
  }
  return -EINVAL;
}

// Whether what was written to a block stays when it is released. Never data: that would be memory
// that was writable and can run.
static bool clears_late(const Self *self, const Block *block) {
  return self->late && !block->has_data;
}

// Makes a block that its owner uses no more read as zero, or where that comes later leaves it; what
// was done before a failure stays done. `*warm` is whether its pages stay.
static int clean(const Self *self, const File *file, const Block *block, bool *warm) {
  int result = 0;
  if (block->has_data)
    result = map_to_run((uintptr_t)block->by_place.key, block->size, file, block->offset, NULL);
  if (result)
    return result;
  const uint64_t size = block->dirty_high - block->dirty_low;
  *warm = size <= ZEROED;
  if (!*warm)
    return wx_os_punch_hole(file->fd, block->offset, block->size);
  return clears_late(self, block) ? 0 : zero(file, block->offset + block->dirty_low, size);
}

// Takes warm parts out of `file`, the largest first, until half of the slack is left. With its lock
// held.
static size_t take_excess(Self *self, File *file, WxSpan *excess[BATCH]) {
  size_t count = 0;
  uint64_t warm = atomic_load(&self->warm);
  if (warm <= self->slack)
    return 0;
  for (WxSpan *span; count < BATCH && warm > self->slack / 2; ++count) {
    span = wx_spans_largest(&file->warm);
    if (!span)
      break;
    wx_spans_take(&file->warm, span);
    warm = atomic_fetch_sub(&self->warm, span->size) - span->size;
    excess[count] = span;
  }
  return count;
}

// What was punched is zero.
static void forget_all_stale(File *file, const WxSpan *span) {
  const uint64_t end = wx_span_start(span) + span->size;
  for (Block *former; (former = stale_from(file, wx_span_start(span))) && former->offset < end;)
    forget_stale(file, former);
}

// Punches what was taken out. What cannot be punched stays warm, and is tried again at the next
// release.
static void punch(Self *self, File *file, WxSpan *const excess[BATCH], size_t count) {
  bool failed[BATCH] = {false};
  for (size_t i = 0; i < count; ++i)
    failed[i] = wx_os_punch_hole(file->fd, wx_span_start(excess[i]), excess[i]->size) != 0;
  pthread_mutex_lock(&file->lock);
  for (size_t i = 0; i < count; ++i) {
    if (failed[i])
      atomic_fetch_add(&self->warm, excess[i]->size);
    else
      forget_all_stale(file, excess[i]);
    wx_spans_give(failed[i] ? &file->warm : &file->cold, excess[i], wx_span_start(excess[i]),
                  excess[i]->size);
  }
  pthread_mutex_unlock(&file->lock);
}

// Makes a block a free part of its file, which is locked.
static void give(Self *self, File *file, Block *block, WxSpan *span, bool warm) {
  if (file->last == block)
    file->last = NULL;
  wx_ranked_remove(&file->blocks, &block->by_place);
  wx_spans_give(warm ? &file->warm : &file->cold, span, block->offset, block->size);
  if (warm)
    atomic_fetch_add(&self->warm, block->size);
  if (warm && clears_late(self, block) && block->dirty_high)
    wx_ranked_insert(&file->stale, &block->by_place, block->offset);
  else
    free(block);
}

// Whether the block that begins at `base` can be given back now.
static int check_idle(const File *file, const Block *block, const void *base) {
  if (block->by_place.key != (uintptr_t)base)
    return -EINVAL;
  return wx_drafts_busy(file->drafts, block) ? -EBUSY : 0;
}

static int lean_release(WxAllocator *allocator, void *base) {
  Self *self = (Self *)allocator;
  File *file;
  WxSpan *span = malloc(sizeof *span);
  Block *block = span ? lock_block(self, (uintptr_t)base, 1, &file) : NULL;
  if (!block) {
    const int result = span ? -EINVAL : -ENOMEM;
    free(span);
    return result;
  }
  bool warm = false;
  WxSpan *excess[BATCH];
  size_t count = 0;
  int result = check_idle(file, block, base);
  if (result == 0)
    result = clean(self, file, block, &warm);
  if (result == 0) {
    give(self, file, block, span, warm);
    count = take_excess(self, file, excess);
  }
  pthread_mutex_unlock(&file->lock);
  if (result)
    free(span);
  if (count)
    punch(self, file, excess, count);
  return result;
}

static bool lean_owns(WxAllocator *allocator, uintptr_t address) {
  Self *self = (Self *)allocator;
  File *file = lock_file_of(self, address);
  if (file)
    pthread_mutex_unlock(&file->lock);
  return file || wx_pool_owns(&self->pool, address);
}

static int unmap(uintptr_t start, uint64_t size) {
  return start ? wx_os_munmap((void *)start, size) : 0;
}

static int close_file(File *file) {
  int result = unmap(file->near, file->near_size);
  if (result)
    return result;
  file->near = 0;
  result = unmap(file->far, file->far_size);
  if (result)
    return result;
  file->far = 0;
  if (file->fd >= 0) {
    result = wx_os_close(file->fd);
    file->fd = -1;
  }
  if (result)
    return result;
  while (file->drafts)
    wx_drafts_drop(&file->drafts);
  for (WxRankedNode *node; (node = file->blocks.root);) {
    wx_ranked_remove(&file->blocks, node);
    free(node);
  }
  while (file->stale.root)
    forget_stale(file, (Block *)file->stale.root);
  wx_spans_clear(&file->warm);
  wx_spans_clear(&file->cold);
  return 0;
}

static int lean_close(WxAllocator *allocator) {
  Self *self = (Self *)allocator;
  for (int i = 0; i < FILES; ++i) {
    const int result = close_file(&self->files[i]);
    if (result)
      return result;
  }
  const int result = wx_pool_close(&self->pool);
  if (result)
    return result;
  for (int i = 0; i < FILES; ++i)
    pthread_mutex_destroy(&self->files[i].lock);
  if (self->has_key)
    pthread_key_delete(self->own_file);
  free(self);
  return 0;
}

#define VERBS                                                                                      \
  .open = lean_open, .reserve = lean_reserve, .commit = lean_commit, .map_rw = lean_map_rw,        \
  .unmap_rw = lean_unmap_rw, .write = lean_write, .release = lean_release, .owns = lean_owns,      \
  .close = lean_close

enum {
  CAPABILITIES =
      WX_CAN_REUSE_FILE | WX_CAN_ENFORCE_WX | WX_CAN_PATCH | WX_KEEPS_SLACK | WX_IS_ALTERNATIVE,
};

const WxStrategy wx_strategy_lean = {
    .name = "lean",
    .summary = "files mapped once, to run only, written through descriptors; up to slack kept warm",
    .capabilities = CAPABILITIES,
    VERBS,
};

const WxStrategy wx_strategy_lean_late = {
    .name = "lean+late",
    .summary = "as lean, but released code is zeroed only when its place is written again",
    .capabilities = CAPABILITIES | WX_CLEARS_LATE,
    VERBS,
};
