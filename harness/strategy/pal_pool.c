#include "strategy/pal_pool.h"

#include "os/os.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { GRANULARITY = 64 * 1024, STEP_DOWN = 128 * 1024 * 1024 };

struct WxPoolTail {
  WxPoolTail *next;
  uintptr_t start;
  size_t size;
};

// Where the linker put the beginning of this program, its headers.
extern const char __ehdr_start[] __attribute__((visibility("hidden")));

// The program stands for libcoreclr, next to which the runtime wants its pool.
static uintptr_t program_address(void) {
  return (uintptr_t)__ehdr_start & ~(uintptr_t)(GRANULARITY - 1);
}

// Asks for `size` bytes at `wanted`, and gives them back if they came from elsewhere.
static int reserve_exactly(uintptr_t wanted, size_t size, void **reserved) {
  const int flags = MAP_PRIVATE | MAP_ANONYMOUS;
  int result = wx_os_mmap((void *)wanted, size, PROT_NONE, flags, -1, 0, reserved);
  if (result || (uintptr_t)*reserved == wanted)
    return result;
  result = wx_os_munmap(*reserved, size);
  if (result) // Made to fail: once more, or the address space would be lost.
    result = wx_os_munmap(*reserved, size);
  return result ? result : -EEXIST;
}

static int reserve_near_program(size_t *size, void **reserved) {
  const uintptr_t program = program_address();
  for (; *size >= STEP_DOWN; *size -= STEP_DOWN) {
    if (program <= *size)
      continue;
    if (reserve_exactly(program - *size, *size, reserved) == 0)
      return 0;
  }
  return -ENOMEM;
}

void wx_pool_open(WxPool *pool, const WxStrategyOptions *options) {
  *pool = (WxPool){0};
  if (!options->pool)
    return;
  size_t size = (size_t)options->pool_size;
  void *reserved = NULL;
  if (reserve_near_program(&size, &reserved)) {
    size = (size_t)options->pool_size;
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS;
    if (wx_os_mmap(NULL, size, PROT_NONE, flags, -1, 0, &reserved))
      return;
  }
  // Only keeps the reservation out of dumps: the runtime does not check it either.
  (void)wx_os_madvise(reserved, size, MADV_DONTDUMP);
  const uintptr_t start = (uintptr_t)reserved;
  const uintptr_t skipped = start + options->pool_skip * wx_os_page_size();
  pool->start = start;
  pool->end = start + size;
  pool->first = pool->cursor = wx_round_up(skipped, GRANULARITY);
}

int wx_pool_take(WxPool *pool, size_t size, WxRange within, void **taken) {
  *taken = NULL;
  const size_t rounded = wx_round_up(size, GRANULARITY);
  if (rounded < size || rounded > pool->end - pool->cursor || pool->cursor < within.low ||
      pool->cursor > within.high || rounded > within.high - pool->cursor)
    return 0;
  if (rounded > size) {
    WxPoolTail *tail = malloc(sizeof *tail);
    if (!tail)
      return -ENOMEM;
    *tail = (WxPoolTail){pool->tails, pool->cursor + size, rounded - size};
    pool->tails = tail;
  }
  *taken = (void *)pool->cursor;
  pool->cursor += rounded;
  return 0;
}

static void forget_first_tail(WxPool *pool) {
  WxPoolTail *tail = pool->tails;
  pool->tails = tail->next;
  free(tail);
}

void wx_pool_untake(WxPool *pool, void *taken) {
  if (pool->tails && pool->tails->start >= (uintptr_t)taken)
    forget_first_tail(pool);
  pool->cursor = (uintptr_t)taken;
}

bool wx_pool_owns(const WxPool *pool, uintptr_t address) {
  return address >= pool->start && address < pool->end;
}

int wx_pool_close(WxPool *pool) {
  while (pool->tails) {
    const int result = wx_os_munmap((void *)pool->tails->start, pool->tails->size);
    if (result)
      return result;
    forget_first_tail(pool);
  }
  if (pool->end > pool->cursor) {
    const int result = wx_os_munmap((void *)pool->cursor, pool->end - pool->cursor);
    if (result)
      return result;
    pool->end = pool->cursor;
  }
  if (pool->first > pool->start) {
    const int result = wx_os_munmap((void *)pool->start, pool->first - pool->start);
    if (result)
      return result;
  }
  *pool = (WxPool){0};
  return 0;
}
