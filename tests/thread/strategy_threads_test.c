// Every strategy, used by several threads at once.
#include "codegen/codegen.h"
#include "strategy/strategy.h"
#include "support/pkeys.h"
#include "support/suite.h"

#include <pthread.h>

enum { BLOCK = 64 * 1024, PAGE = 4096, CODE = 512, THREADS = 3, ROUNDS = 40, LIVE = 8 };

typedef struct {
  WxAllocator *allocator;
  uint64_t first; ///< Of its functions.
  unsigned failed;
} Worker;

static int generate(WxAllocator *allocator, uint64_t identity, void **base) {
  void *view;
  int result = wx_allocator_reserve(allocator, BLOCK, WX_ANYWHERE, base);
  if (result == 0)
    result = wx_allocator_commit(allocator, *base, PAGE, true);
  if (result == 0)
    result = wx_allocator_map_rw(allocator, *base, CODE, true, &view);
  if (result)
    return result;
  result = wx_codegen_emit(view, CODE, identity);
  const int unmapped = wx_allocator_unmap_rw(allocator, view);
  wx_codegen_flush(*base, CODE);
  return result ? result : unmapped;
}

static void *work(void *context) {
  Worker *worker = context;
  for (uint64_t round = 0; round < ROUNDS && !worker->failed; ++round) {
    void *blocks[LIVE];
    for (uint64_t i = 0; i < LIVE; ++i)
      worker->failed += generate(worker->allocator, worker->first + i, &blocks[i]) != 0;
    for (uint64_t i = 0; i < LIVE && !worker->failed; ++i) {
      worker->failed += wx_codegen_check(blocks[i], CODE, worker->first + i) != 0;
      worker->failed += wx_allocator_release(worker->allocator, blocks[i]) != 0;
    }
  }
  return NULL;
}

START_TEST(threads_get_and_run_code_of_their_own) {
  const WxStrategyOptions options = wx_strategy_options_default();
  WxAllocator *allocator;
  ck_assert_int_eq(wx_allocator_open(wx_strategy_at((size_t)_i), &options, &allocator), 0);
  Worker workers[THREADS];
  pthread_t threads[THREADS];
  for (unsigned i = 0; i < THREADS; ++i) {
    workers[i] = (Worker){allocator, 1000 * (i + 1), 0};
    ck_assert_int_eq(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
  }
  for (unsigned i = 0; i < THREADS; ++i) {
    ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    ck_assert_uint_eq(workers[i].failed, 0);
  }
  ck_assert_int_eq(wx_allocator_close(allocator), 0);
}
END_TEST

int main(void) {
  const TTest *const tests[] = {threads_get_and_run_code_of_their_own};
  wx_test_pkeys();
  int variants = 0;
  while (wx_strategy_at((size_t)variants))
    ++variants;
  return wx_suite_run_variants("strategy_threads", tests, 1, variants);
}
