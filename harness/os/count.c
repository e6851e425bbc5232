#include "os/count.h"

#include <stdatomic.h>

static struct {
  _Alignas(WX_OS_CACHE_LINE) _Atomic uint64_t made[WX_OS_CALL_KINDS];
} shards[WX_OS_SHARDS];

static _Atomic unsigned threads;
static _Thread_local unsigned own_shard; ///< From 1; 0: none yet.
static _Thread_local uint64_t made_by_thread;

// The armed failure: `left` counts down over matching calls and fails the one that takes it to 0.
static _Atomic int64_t armed_left;
static _Atomic int armed_kind;
static _Atomic int armed_error;
static _Atomic bool armed_happened;

static const char *const call_names[WX_OS_CALL_KINDS] = {
#define WX_OS_CALL_NAME(identifier, name) [WX_OS_##identifier] = (name),
    WX_OS_CALLS(WX_OS_CALL_NAME)
#undef WX_OS_CALL_NAME
};

const char *wx_os_call_name(WxOsCall call) {
  return call_names[call];
}

WxOsCounts wx_os_counts(void) {
  WxOsCounts counts = {0};
  for (int shard = 0; shard < WX_OS_SHARDS; ++shard)
    for (int i = 0; i < WX_OS_CALL_KINDS; ++i)
      counts.made[i] += atomic_load_explicit(&shards[shard].made[i], memory_order_relaxed);
  return counts;
}

unsigned wx_os_shard(void) {
  if (own_shard == 0)
    own_shard = atomic_fetch_add(&threads, 1) % WX_OS_SHARDS + 1;
  return own_shard - 1;
}

uint64_t wx_os_made_by_thread(void) {
  return made_by_thread;
}

WxOsCounts wx_os_counts_since(const WxOsCounts *before, const WxOsCounts *after) {
  WxOsCounts difference;
  for (int i = 0; i < WX_OS_CALL_KINDS; ++i)
    difference.made[i] = after->made[i] - before->made[i];
  return difference;
}

uint64_t wx_os_counts_total(const WxOsCounts *counts) {
  uint64_t total = 0;
  for (int i = 0; i < WX_OS_CALL_KINDS; ++i)
    total += counts->made[i];
  return total;
}

void wx_os_inject(int kind, uint64_t nth, int error) {
  atomic_store(&armed_left, 0);
  atomic_store(&armed_kind, kind);
  atomic_store(&armed_error, error);
  atomic_store(&armed_happened, false);
  atomic_store(&armed_left, (int64_t)nth);
}

bool wx_os_inject_end(void) {
  atomic_store(&armed_left, 0);
  return atomic_load(&armed_happened);
}

static bool must_fail(WxOsCall call) {
  if (atomic_load_explicit(&armed_left, memory_order_relaxed) <= 0)
    return false;
  const int kind = atomic_load(&armed_kind);
  if (kind != WX_OS_ANY && kind != (int)call)
    return false;
  if (atomic_fetch_sub(&armed_left, 1) != 1)
    return false;
  atomic_store(&armed_happened, true);
  return true;
}

int wx_os_begin(WxOsCall call) {
  if (must_fail(call))
    return -atomic_load(&armed_error);
  atomic_fetch_add_explicit(&shards[wx_os_shard()].made[call], 1, memory_order_relaxed);
  ++made_by_thread;
  return 0;
}
