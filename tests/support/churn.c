#include "support/churn.h"

#include "codegen/codegen.h"
#include "strategy/strategy.h"
#include "support/double_map.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

enum {
  MOST_KEPT = 64,
  MOST_THREADS = 64,
  PAGE = 4096,
  SMALLEST_BLOCK = 64 * 1024,
  FUNCTION = 1024
};

typedef struct {
  char *base;
  size_t size;
  size_t committed;
  uint64_t identity; ///< Of its first function; the others follow.
} Block;

typedef struct {
  WxChurn *churn;
  WxAllocator *allocator;
  uint64_t random;
  unsigned keep;
  Block kept[MOST_KEPT];
} Thread;

WxChurn *wx_churn_new(void) {
  void *memory =
      mmap(NULL, sizeof(WxChurn), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  return memory == MAP_FAILED ? NULL : memory;
}

void wx_churn_free(WxChurn *churn) {
  (void)munmap(churn, sizeof *churn);
}

static void nap(void) {
  (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

static uint64_t next_random(uint64_t *state) {
  *state ^= *state << 13;
  *state ^= *state >> 7;
  *state ^= *state << 17;
  return *state;
}

// A function at the start of each committed page, and the rest of the page zero.
static int write_code(Thread *self, Block *block) {
  for (size_t at = 0; at < block->committed; at += PAGE) {
    void *view;
    int failed = wx_allocator_map_rw(self->allocator, block->base + at, FUNCTION, true, &view);
    if (!failed)
      failed = wx_codegen_emit(view, FUNCTION, block->identity + at);
    if (!failed)
      failed = wx_allocator_unmap_rw(self->allocator, view);
    if (failed)
      return failed;
    wx_codegen_flush(block->base + at, FUNCTION);
  }
  return 0;
}

static bool is_zero(const char *start, size_t size) {
  return *start == 0 && memcmp(start, start + 1, size - 1) == 0;
}

static void check_code(Thread *self, const Block *block) {
  for (size_t at = 0; at < block->committed; at += PAGE) {
    const char *function = block->base + at;
    const bool right = !wx_codegen_check(function, FUNCTION, block->identity + at) &&
                       is_zero(function + FUNCTION, PAGE - FUNCTION);
    atomic_fetch_add(right ? &self->churn->checks : &self->churn->wrong, 1);
  }
}

static void count_live(WxChurn *churn, size_t size) {
  atomic_fetch_add(&churn->reserved_bytes, size);
  const uint64_t live = atomic_fetch_add(&churn->live_bytes, size) + size;
  uint64_t peak = atomic_load(&churn->live_peak_bytes);
  while (live > peak && !atomic_compare_exchange_weak(&churn->live_peak_bytes, &peak, live))
    ;
}

static int make(Thread *self, Block *block) {
  const uint64_t random = next_random(&self->random);
  block->size = random % 16 == 0 ? (size_t)WX_CHURN_BLOCK : (size_t)SMALLEST_BLOCK << (random % 2);
  block->committed = PAGE * (1 + (random >> 8) % (SMALLEST_BLOCK / PAGE));
  block->identity = random;
  count_live(self->churn, block->size);
  void *base;
  int failed = wx_allocator_reserve(self->allocator, block->size, WX_ANYWHERE, &base);
  block->base = base;
  if (!failed)
    failed = wx_allocator_commit(self->allocator, block->base, block->committed, true);
  if (failed)
    return failed;
  atomic_fetch_add(
      is_zero(block->base, block->committed) ? &self->churn->checks : &self->churn->wrong, 1);
  failed = write_code(self, block);
  check_code(self, block);
  return failed;
}

static int drop(Thread *self, Block *block) {
  if (!block->size)
    return 0;
  check_code(self, block);
  const int failed = wx_allocator_release(self->allocator, block->base);
  atomic_fetch_add(&self->churn->released_bytes, block->size);
  atomic_fetch_sub(&self->churn->live_bytes, block->size);
  block->size = 0;
  return failed;
}

static int drop_all(Thread *self) {
  int failed = 0;
  for (unsigned i = 0; i < self->keep && !failed; ++i)
    failed = drop(self, &self->kept[i]);
  return failed;
}

static int hold(Thread *self) {
  const int failed = drop_all(self);
  atomic_fetch_add(&self->churn->holding, 1);
  while (atomic_load(&self->churn->hold))
    nap();
  atomic_fetch_sub(&self->churn->holding, 1);
  return failed;
}

static void *churn(void *context) {
  Thread *self = context;
  int failed = 0;
  while (!failed && !atomic_load(&self->churn->stop)) {
    if (atomic_load(&self->churn->hold))
      failed = hold(self);
    Block *block = &self->kept[next_random(&self->random) % self->keep];
    if (!failed)
      failed = drop(self, block);
    if (!failed)
      failed = make(self, block);
  }
  if (!failed)
    failed = drop_all(self);
  if (failed)
    atomic_store(&self->churn->error, failed);
  return NULL;
}

int wx_churn_run(WxChurn *state, unsigned threads, unsigned keep) {
  static Thread selves[MOST_THREADS];
  pthread_t handles[MOST_THREADS];
  WxStrategyOptions options = wx_strategy_options_default();
  WxAllocator *allocator;
  int failed = wx_allocator_open(wx_strategy_find("coreclr"), &options, &allocator);
  if (failed)
    return failed;
  for (unsigned i = 0; i < threads; ++i) {
    selves[i] = (Thread){
        .churn = state, .allocator = allocator, .random = 88172645463325252U + i, .keep = keep};
    if (pthread_create(&handles[i], NULL, churn, &selves[i]))
      abort();
  }
  atomic_store(&state->ready, true);
  for (unsigned i = 0; i < threads; ++i)
    (void)pthread_join(handles[i], NULL);
  failed = wx_allocator_close(allocator);
  if (!failed)
    failed = atomic_load(&state->error);
  return failed ? failed : atomic_load(&state->wrong) ? -EILSEQ : 0;
}

static pid_t started(WxChurn *churn_state, pid_t pid) {
  while (pid > 0 && !atomic_load(&churn_state->ready))
    nap();
  return pid;
}

pid_t wx_churn_fork(WxChurn *state, unsigned threads, unsigned keep) {
  const pid_t pid = fork();
  if (pid == 0) {
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    double_map_as_runtime();
    _exit(wx_churn_run(state, threads, keep) ? 1 : 0);
  }
  return started(state, pid);
}

static void *compute(void *context) {
  WxChurn *state = context;
  volatile uint64_t work = 1;
  while (!atomic_load_explicit(&state->stop, memory_order_relaxed))
    work = work * 6364136223846793005U + 1;
  return NULL;
}

static int retain(WxChurn *state, uint64_t bytes, unsigned busy) {
  WxStrategyOptions options = wx_strategy_options_default();
  WxAllocator *allocator;
  int failed = wx_allocator_open(wx_strategy_find("coreclr"), &options, &allocator);
  const size_t count = bytes / SMALLEST_BLOCK;
  void **blocks = calloc(count, sizeof *blocks);
  for (size_t i = 0; i < count && !failed; ++i)
    failed = wx_allocator_reserve(allocator, SMALLEST_BLOCK, WX_ANYWHERE, &blocks[i]);
  for (size_t i = 0; i < count && !failed; ++i)
    failed = wx_allocator_release(allocator, blocks[i]);
  free(blocks);
  pthread_t thread;
  for (unsigned i = 0; i < busy && !failed; ++i)
    failed = pthread_create(&thread, NULL, compute, state);
  return failed;
}

pid_t wx_churn_retain(WxChurn *state, uint64_t bytes, unsigned busy) {
  const pid_t pid = fork();
  if (pid == 0) {
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    double_map_as_runtime();
    const int failed = retain(state, bytes, busy);
    atomic_store(&state->error, failed);
    atomic_store(&state->ready, true);
    while (!failed)
      (void)pause();
    _exit(1);
  }
  return started(state, pid);
}
