// What every strategy promises, each test run once for every strategy of the registry.
#include "codegen/codegen.h"
#include "os/count.h"
#include "os/os.h"
#include "strategy/strategy.h"
#include "support/inject.h"
#include "support/pkeys.h"
#include "support/strategy_file.h"
#include "support/suite.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BLOCK = 64 * 1024, PAGE = 4096, CODE = 512, MANY = 24 };

static WxAllocator *open_strategy(int index) {
  const WxStrategyOptions options = wx_strategy_options_default();
  WxAllocator *allocator;
  ck_assert_int_eq(wx_allocator_open(wx_strategy_at((size_t)index), &options, &allocator), 0);
  return allocator;
}

// Commits the first page of `base` and writes function `identity` there. Returns 0 or the first
// error.
static int write_code(WxAllocator *allocator, void *base, uint64_t identity) {
  int result = wx_allocator_commit(allocator, base, PAGE, true);
  if (result)
    return result;
  void *view;
  result = wx_allocator_map_rw(allocator, base, CODE, true, &view);
  if (result)
    return result;
  result = wx_codegen_emit(view, CODE, identity);
  const int unmapped = wx_allocator_unmap_rw(allocator, view);
  wx_codegen_flush(base, CODE);
  return result ? result : unmapped;
}

static bool can(int index, unsigned capability) {
  return wx_strategy_at((size_t)index)->capabilities & capability;
}

static void *generate(WxAllocator *allocator, size_t size, uint64_t identity) {
  void *base;
  ck_assert_int_eq(wx_allocator_reserve(allocator, size, WX_ANYWHERE, &base), 0);
  ck_assert_int_eq(write_code(allocator, base, identity), 0);
  return base;
}

static void check_code(const void *base, uint64_t identity) {
  ck_assert_int_eq(wx_codegen_check(base, CODE, identity), 0);
}

START_TEST(code_runs_before_and_after_neighbours_are_released_and_reused) {
  WxAllocator *allocator = open_strategy(_i);
  void *blocks[MANY];
  for (uint64_t i = 0; i < MANY; ++i)
    blocks[i] = generate(allocator, BLOCK, i);
  for (uint64_t i = 0; i < MANY; ++i)
    check_code(blocks[i], i);
  for (size_t i = 0; i < MANY; i += 2)
    ck_assert_int_eq(wx_allocator_release(allocator, blocks[i]), 0);
  for (uint64_t i = 1; i < MANY; i += 2)
    check_code(blocks[i], i);
  for (uint64_t i = 0; i < MANY; i += 2)
    blocks[i] = generate(allocator, BLOCK, 1000 + i);
  for (uint64_t i = 0; i < MANY; ++i)
    check_code(blocks[i], i % 2 ? i : 1000 + i);
  ck_assert_int_eq(wx_allocator_close(allocator), 0);
}
END_TEST

START_TEST(fresh_and_reused_memory_reads_as_zero) {
  WxAllocator *allocator = open_strategy(_i);
  for (int round = 0; round < 3; ++round) {
    unsigned char *base = generate(allocator, BLOCK, 7);
    ck_assert_int_eq(wx_allocator_commit(allocator, base + PAGE, PAGE, false), 0);
    for (size_t i = PAGE; i < 2 * (size_t)PAGE; ++i)
      ck_assert_uint_eq(base[i], 0);
    memset(base + PAGE, 0xee, PAGE);
    ck_assert_int_eq(wx_allocator_release(allocator, base), 0);
  }
  ck_assert_int_eq(wx_allocator_close(allocator), 0);
}
END_TEST

static bool is_zero(const char *at, size_t size) {
  while (size && *at == 0) {
    ++at;
    --size;
  }
  return size == 0;
}

START_TEST(committed_code_memory_is_zero_or_shows_zeros_until_it_is_written) {
  WxAllocator *allocator = open_strategy(_i);
  ck_assert_int_eq(wx_allocator_release(allocator, generate(allocator, BLOCK, 7)), 0);
  char *base;
  void *view;
  ck_assert_int_eq(wx_allocator_reserve(allocator, BLOCK, WX_ANYWHERE, (void **)&base), 0);
  ck_assert_int_eq(wx_allocator_commit(allocator, base, BLOCK, true), 0);
  ck_assert(is_zero(base, BLOCK) == !can(_i, WX_CLEARS_LATE));
  ck_assert_int_eq(wx_allocator_map_rw(allocator, base + 64, 64, false, &view), 0);
  ck_assert(is_zero(view, 64));
  memset(view, 0x33, 8);
  ck_assert_int_eq(wx_allocator_unmap_rw(allocator, view), 0);
  ck_assert(is_zero(base, 64) && base[64] == 0x33 && base[71] == 0x33);
  ck_assert(is_zero(base + 72, BLOCK - 72));
  ck_assert_int_eq(wx_allocator_close(allocator), 0);
}
END_TEST

START_TEST(only_a_release_that_zero_fills_or_has_slack_keeps_pages) {
  WxAllocator *allocator = open_strategy(_i);
  void *blocks[MANY];
  for (uint64_t i = 0; i < MANY; ++i)
    blocks[i] = generate(allocator, BLOCK, i);
  const uint64_t live = wx_test_allocated_bytes();
  for (size_t i = 0; i < MANY; ++i)
    ck_assert_int_eq(wx_allocator_release(allocator, blocks[i]), 0);
  const uint64_t retained = wx_test_allocated_bytes();
  if (can(_i, WX_KEEPS_PAGES)) {
    ck_assert_uint_eq(live, MANY * PAGE);
    ck_assert_uint_eq(retained, MANY * BLOCK);
  } else if (can(_i, WX_KEEPS_BOUNDED)) {
    ck_assert_uint_eq(live, MANY * PAGE);
    ck_assert_uint_eq(retained, wx_strategy_options_default().slack);
  } else if (can(_i, WX_KEEPS_SLACK)) {
    // All that is warm is punched where one block more exceeds the slack.
    const size_t slack = wx_strategy_options_default().slack;
    ck_assert_uint_eq(retained, MANY % (slack / BLOCK + 1) * PAGE);
  } else {
    ck_assert_uint_eq(retained, 0);
  }
  ck_assert_int_eq(wx_allocator_close(allocator), 0);
}
END_TEST

START_TEST(no_mapping_is_writable_and_executable_where_that_is_promised) {
  const unsigned before = wx_test_mappings("wx", "");
  WxAllocator *allocator = open_strategy(_i);
  void *base = generate(allocator, BLOCK, 1);
  char *other;
  ck_assert_int_eq(wx_allocator_reserve(allocator, BLOCK, WX_ANYWHERE, (void **)&other), 0);
  ck_assert_int_eq(wx_allocator_commit(allocator, other, PAGE, true), 0);
  void *view;
  ck_assert_int_eq(wx_allocator_map_rw(allocator, other, CODE, true, &view), 0);
  ck_assert(can(_i, WX_CAN_ENFORCE_WX) == (wx_test_mappings("wx", "") == before));
  check_code(base, 1);
  ck_assert_int_eq(wx_allocator_unmap_rw(allocator, view), 0);
  ck_assert_int_eq(wx_allocator_close(allocator), 0);
}
END_TEST

START_TEST(code_is_patched_where_that_is_promised_and_else_refused) {
  WxAllocator *allocator = open_strategy(_i);
  void *base = generate(allocator, BLOCK, 1);
  for (uint64_t identity = 2; identity < 5; ++identity) {
    void *view;
    const int result = wx_allocator_map_rw(allocator, base, CODE, true, &view);
    ck_assert_int_eq(result, can(_i, WX_CAN_PATCH) ? 0 : -EPERM);
    if (result)
      break;
    ck_assert_int_eq(wx_codegen_emit(view, CODE, identity), 0);
    ck_assert_int_eq(wx_allocator_unmap_rw(allocator, view), 0);
    wx_codegen_flush(base, CODE);
    check_code(base, identity);
  }
  ck_assert_int_eq(wx_allocator_close(allocator), 0);
}
END_TEST

START_TEST(a_view_shows_what_is_there_and_changes_no_other_byte) {
  WxAllocator *allocator = open_strategy(_i);
  unsigned char *base;
  void *view;
  ck_assert_int_eq(wx_allocator_reserve(allocator, BLOCK, WX_ANYWHERE, (void **)&base), 0);
  ck_assert_int_eq(wx_allocator_commit(allocator, base, 2 * (size_t)PAGE, true), 0);
  ck_assert_int_eq(wx_allocator_map_rw(allocator, base, PAGE, false, &view), 0);
  memset(view, 0x11, PAGE);
  ck_assert_int_eq(wx_allocator_unmap_rw(allocator, view), 0);
  if (can(_i, WX_CAN_PATCH)) {
    ck_assert_int_eq(wx_allocator_map_rw(allocator, base + 8, 16, false, &view), 0);
    ck_assert_uint_eq(*(unsigned char *)view, 0x11);
    ((unsigned char *)view)[3] = 0x22;
    ((unsigned char *)view)[9] = 0;
    ck_assert_int_eq(wx_allocator_unmap_rw(allocator, view), 0);
  }
  for (size_t i = 0; i < 2 * (size_t)PAGE; ++i) {
    const bool patched = can(_i, WX_CAN_PATCH) && (i == 11 || i == 17);
    ck_assert_uint_eq(base[i], i >= PAGE ? 0 : !patched ? 0x11 : i == 11 ? 0x22 : 0);
  }
  ck_assert_int_eq(wx_allocator_close(allocator), 0);
}
END_TEST

START_TEST(code_runs_in_a_forked_child_and_after_it_in_the_parent) {
  WxAllocator *allocator = open_strategy(_i);
  void *blocks[MANY];
  for (uint64_t i = 0; i < MANY; ++i)
    blocks[i] = generate(allocator, BLOCK, i);
  const pid_t child = fork();
  ck_assert_int_ge(child, 0);
  if (child == 0) {
    int wrong = 0;
    for (uint64_t i = 0; i < MANY; ++i)
      wrong |= wx_codegen_check(blocks[i], CODE, i);
    void *base; // Of memory that the parent has not used: nothing of the parent's is written.
    wrong |= wx_allocator_reserve(allocator, 3 * BLOCK, WX_ANYWHERE, &base);
    wrong |= write_code(allocator, base, 77) || wx_codegen_check(base, CODE, 77);
    _exit(wrong != 0);
  }
  int status;
  ck_assert_int_eq(waitpid(child, &status, 0), child);
  ck_assert_int_eq(status, 0);
  for (uint64_t i = 0; i < MANY; ++i)
    check_code(blocks[i], i);
  for (size_t i = 0; i < MANY; ++i)
    ck_assert_int_eq(wx_allocator_release(allocator, blocks[i]), 0);
  ck_assert_int_eq(wx_allocator_close(allocator), 0);
}
END_TEST

START_TEST(what_is_owned_is_known) {
  WxAllocator *allocator = open_strategy(_i);
  void *base = generate(allocator, BLOCK, 1);
  ck_assert(wx_allocator_owns(allocator, (uintptr_t)base));
  ck_assert(wx_allocator_owns(allocator, (uintptr_t)base + BLOCK - 1));
  ck_assert(!wx_allocator_owns(allocator, (uintptr_t)&base));
  ck_assert_int_eq(wx_allocator_close(allocator), 0);
}
END_TEST

START_TEST(an_address_that_is_no_block_is_not_released) {
  WxAllocator *allocator = open_strategy(_i);
  char *base = generate(allocator, BLOCK, 1);
  ck_assert_int_eq(wx_allocator_release(allocator, base + PAGE), -EINVAL);
  ck_assert_int_eq(wx_allocator_release(allocator, base), 0);
  ck_assert_int_eq(wx_allocator_release(allocator, base), -EINVAL);
  ck_assert_int_eq(wx_allocator_close(allocator), 0);
}
END_TEST

// A little life of an allocator, which gives up at the first error and then closes, as often as it
// takes.
static int live_and_close(void *context) {
  const WxStrategyOptions options = wx_strategy_options_default();
  WxAllocator *allocator;
  int result = wx_allocator_open(context, &options, &allocator);
  if (result)
    return result;
  void *blocks[4];
  for (uint64_t i = 0; i < 4 && result == 0; ++i) {
    result = wx_allocator_reserve(allocator, BLOCK + (i % 2) * PAGE, WX_ANYWHERE, &blocks[i]);
    if (result == 0)
      result = write_code(allocator, blocks[i], i);
    if (result == 0)
      check_code(blocks[i], i);
  }
  for (size_t i = 0; i < 4 && result == 0; ++i) {
    result = wx_allocator_release(allocator, blocks[i]);
    if (result) // It can be tried again.
      ck_assert_int_eq(wx_allocator_release(allocator, blocks[i]), 0);
  }
  const int closed = wx_allocator_close(allocator);
  if (closed)
    ck_assert_int_eq(wx_allocator_close(allocator), 0);
  return result ? result : closed;
}

START_TEST(every_failed_system_call_is_survived_without_a_leak) {
  WxStrategy *strategy = (WxStrategy *)(uintptr_t)wx_strategy_at((size_t)_i);
  ck_assert_uint_ge(wx_inject_without_leak(ENOMEM, live_and_close, strategy), 8);
}
END_TEST

START_TEST(a_failed_release_leaves_the_block_live_and_can_be_repeated) {
  WxAllocator *allocator = open_strategy(_i);
  for (uint64_t nth = 1;; ++nth) {
    void *base = generate(allocator, BLOCK, nth);
    wx_os_inject(WX_OS_ANY, nth, ENOMEM);
    const int result = wx_allocator_release(allocator, base);
    if (!wx_os_inject_end())
      break;
    if (result)
      ck_assert_int_eq(wx_allocator_release(allocator, base), 0);
  }
  ck_assert_int_eq(wx_allocator_close(allocator), 0);
}
END_TEST

static void count_timed(void *context, WxOperation operation, uint64_t ns) {
  uint64_t *timed = context;
  ck_assert_uint_gt(ns, 0);
  ++timed[operation];
}

START_TEST(each_verb_that_succeeds_is_timed_and_no_other) {
  uint64_t timed[WX_OPERATIONS] = {0};
  WxAllocator *allocator = open_strategy(_i);
  wx_allocator_time(allocator, count_timed, timed);
  void *base = generate(allocator, BLOCK, 1);
  ck_assert_int_ne(wx_allocator_release(allocator, (char *)base + PAGE), 0);
  ck_assert_int_eq(wx_allocator_release(allocator, base), 0);
  const WxCost cost = wx_allocator_cost(allocator);
  ck_assert_mem_eq(timed, cost.calls, sizeof timed);
  ck_assert_uint_eq(timed[WX_RELEASE], 1);
  ck_assert_int_eq(wx_allocator_close(allocator), 0);
}
END_TEST

int main(void) {
  const TTest *const tests[] = {
      code_runs_before_and_after_neighbours_are_released_and_reused,
      fresh_and_reused_memory_reads_as_zero,
      committed_code_memory_is_zero_or_shows_zeros_until_it_is_written,
      only_a_release_that_zero_fills_or_has_slack_keeps_pages,
      no_mapping_is_writable_and_executable_where_that_is_promised,
      code_is_patched_where_that_is_promised_and_else_refused,
      a_view_shows_what_is_there_and_changes_no_other_byte,
      code_runs_in_a_forked_child_and_after_it_in_the_parent,
      what_is_owned_is_known,
      an_address_that_is_no_block_is_not_released,
      every_failed_system_call_is_survived_without_a_leak,
      a_failed_release_leaves_the_block_live_and_can_be_repeated,
      each_verb_that_succeeds_is_timed_and_no_other,
  };
  wx_test_pkeys();
  int variants = 0;
  while (wx_strategy_at((size_t)variants))
    ++variants;
  return wx_suite_run_variants("strategy", tests, sizeof tests / sizeof *tests, variants);
}
