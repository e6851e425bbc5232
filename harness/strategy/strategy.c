#include "strategy/strategy.h"

#include "os/count.h"
#include "os/process.h"
#include "strategy/registry.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

static const WxStrategy *const registry[] = {
#define WX_STRATEGY_ROW(name) &wx_strategy_##name,
    WX_STRATEGIES(WX_STRATEGY_ROW)
#undef WX_STRATEGY_ROW
};

static const char *const operation_names[WX_OPERATIONS] = {
    [WX_RESERVE] = "reserve",   [WX_COMMIT] = "commit",   [WX_MAP_RW] = "map_rw",
    [WX_UNMAP_RW] = "unmap_rw", [WX_RELEASE] = "release",
};

const char *wx_operation_name(WxOperation operation) {
  return operation_names[operation];
}

// Those that run without being named, then alternatives, then refuted guesses; each by name.
static bool comes_before(const WxStrategy *one, const WxStrategy *other) {
  const unsigned rank = one->capabilities & WX_ONLY_WHERE_NAMED;
  const unsigned other_rank = other->capabilities & WX_ONLY_WHERE_NAMED;
  if (rank != other_rank)
    return rank == 0 || (other_rank != 0 && rank == WX_IS_ALTERNATIVE);
  return strcmp(one->name, other->name) < 0;
}

const WxStrategy *wx_strategy_at(size_t index) {
  for (size_t i = 0; i < sizeof registry / sizeof *registry; ++i) {
    size_t before = 0;
    for (size_t other = 0; other < sizeof registry / sizeof *registry; ++other)
      before += comes_before(registry[other], registry[i]);
    if (before == index)
      return registry[i];
  }
  return NULL;
}

const char *wx_strategy_name(size_t index) {
  const WxStrategy *strategy = wx_strategy_at(index);
  return strategy ? strategy->name : NULL;
}

const WxStrategy *wx_strategy_find(const char *name) {
  for (size_t i = 0; i < sizeof registry / sizeof *registry; ++i)
    if (strcmp(registry[i]->name, name) == 0)
      return registry[i];
  return NULL;
}

// What is known before a verb is called.
typedef struct {
  uint64_t syscalls;
  uint64_t ns; ///< 0 where nobody asks.
} Before;

static Before begin(const WxAllocator *allocator) {
  const uint64_t ns = allocator->timed ? wx_os_now_ns() : 0;
  return (Before){wx_os_made_by_thread(), ns};
}

// Books what `operation` cost since `before`, and whether it succeeded. Returns `result`.
static int book(WxAllocator *allocator, WxOperation operation, Before before, int result) {
  if (allocator->timed && result == 0)
    allocator->timed(allocator->timed_context, operation, wx_os_now_ns() - before.ns);
  const uint64_t made = wx_os_made_by_thread() - before.syscalls;
  WxCostShard *cost = &allocator->cost[wx_os_shard()];
  if (made)
    atomic_fetch_add_explicit(&cost->syscalls[operation], made, memory_order_relaxed);
  if (result == 0)
    atomic_fetch_add_explicit(&cost->calls[operation], 1, memory_order_relaxed);
  return result;
}

void wx_allocator_time(WxAllocator *allocator, WxVerbTimed *timed, void *context) {
  allocator->timed = timed;
  allocator->timed_context = context;
}

const char *wx_strategy_lacks(const WxStrategy *strategy) {
  return strategy->lacks ? strategy->lacks() : NULL;
}

int wx_allocator_open(const WxStrategy *strategy, const WxStrategyOptions *options,
                      WxAllocator **opened) {
  return strategy->open(strategy, options, opened);
}

int wx_allocator_reserve(WxAllocator *allocator, size_t size, WxRange within, void **base) {
  const Before before = begin(allocator);
  return book(allocator, WX_RESERVE, before,
              allocator->strategy->reserve(allocator, size, within, base));
}

int wx_allocator_commit(WxAllocator *allocator, void *start, size_t size, bool executable) {
  const Before before = begin(allocator);
  return book(allocator, WX_COMMIT, before,
              allocator->strategy->commit(allocator, start, size, executable));
}

int wx_allocator_map_rw(WxAllocator *allocator, void *start, size_t size, bool cacheable,
                        void **view) {
  const Before before = begin(allocator);
  return book(allocator, WX_MAP_RW, before,
              allocator->strategy->map_rw(allocator, start, size, cacheable, view));
}

int wx_allocator_unmap_rw(WxAllocator *allocator, void *view) {
  const Before before = begin(allocator);
  return book(allocator, WX_UNMAP_RW, before, allocator->strategy->unmap_rw(allocator, view));
}

bool wx_allocator_writes(const WxAllocator *allocator) {
  return allocator->strategy->write != NULL;
}

int wx_allocator_write(WxAllocator *allocator, void *start, const void *bytes, size_t size) {
  const Before before = begin(allocator);
  return book(allocator, WX_UNMAP_RW, before,
              allocator->strategy->write(allocator, start, bytes, size));
}

int wx_allocator_release(WxAllocator *allocator, void *base) {
  const Before before = begin(allocator);
  return book(allocator, WX_RELEASE, before, allocator->strategy->release(allocator, base));
}

bool wx_allocator_owns(WxAllocator *allocator, uintptr_t address) {
  return allocator->strategy->owns(allocator, address);
}

int wx_allocator_close(WxAllocator *allocator) {
  return allocator->strategy->close(allocator);
}

const char *wx_allocator_error(const WxAllocator *allocator, int error) {
  const char *broken = allocator ? atomic_load(&allocator->broken) : NULL;
  if (broken && error == -EPROTO)
    return broken;
  return error == -EILSEQ ? "its code returned a wrong value" : strerror(-error);
}

void wx_allocator_walked(WxAllocator *allocator, WxOperation operation, uint64_t nodes) {
  atomic_fetch_add_explicit(&allocator->cost[wx_os_shard()].walked[operation], nodes,
                            memory_order_relaxed);
}

WxCost wx_allocator_cost(const WxAllocator *allocator) {
  WxCost cost = {0};
  for (int shard = 0; shard < WX_OS_SHARDS; ++shard)
    for (int i = 0; i < WX_OPERATIONS; ++i) {
      cost.calls[i] += atomic_load(&allocator->cost[shard].calls[i]);
      cost.syscalls[i] += atomic_load(&allocator->cost[shard].syscalls[i]);
      cost.walked[i] += atomic_load(&allocator->cost[shard].walked[i]);
    }
  return cost;
}
