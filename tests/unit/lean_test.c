// What `lean` promises beside what every strategy does: its calls, its slack, its places.
#include "codegen/codegen.h"
#include "os/count.h"
#include "strategy/registry.h"
#include "support/memfd.h"
#include "support/suite.h"

#include <errno.h>
#include <string.h>

enum { BLOCK = 64 * 1024, PAGE = 4096, CODE = 1024 };

static WxAllocator *allocator;

static void begin(const WxStrategyOptions *options) {
  ck_assert_int_eq(wx_allocator_open(&wx_strategy_lean, options, &allocator), 0);
}

static void begin_with_slack(uint64_t slack) {
  WxStrategyOptions options = wx_strategy_options_default();
  options.slack = slack;
  begin(&options);
}

static void end(void) {
  ck_assert_int_eq(wx_allocator_close(allocator), 0);
}

static char *reserve(size_t size) {
  void *base;
  ck_assert_int_eq(wx_allocator_reserve(allocator, size, WX_ANYWHERE, &base), 0);
  return base;
}

static void write_code(char *start, uint64_t identity) {
  void *view;
  ck_assert_int_eq(wx_allocator_commit(allocator, start, PAGE, true), 0);
  ck_assert_int_eq(wx_allocator_map_rw(allocator, start, CODE, true, &view), 0);
  ck_assert_int_eq(wx_codegen_emit(view, CODE, identity), 0);
  ck_assert_int_eq(wx_allocator_unmap_rw(allocator, view), 0);
  wx_codegen_flush(start, CODE);
  ck_assert_int_eq(wx_codegen_check(start, CODE, identity), 0);
}

static void release(char *base) {
  ck_assert_int_eq(wx_allocator_release(allocator, base), 0);
}

static WxOsCounts mark;

static WxOsCounts since_mark(void) {
  const WxOsCounts now = wx_os_counts();
  return wx_os_counts_since(&mark, &now);
}

START_TEST(the_life_of_a_block_takes_two_writes_and_no_other_call) {
  begin_with_slack(BLOCK);
  for (uint64_t round = 0; round < 100; ++round) {
    mark = wx_os_counts();
    char *base = reserve(BLOCK);
    write_code(base, round);
    release(base);
    const WxOsCounts made = since_mark();
    ck_assert_uint_eq(made.made[WX_OS_PWRITE], 2);
    ck_assert_uint_eq(wx_os_counts_total(&made), 2);
  }
  ck_assert_uint_eq(wx_test_allocated_bytes(), PAGE);
  end();
}
END_TEST

START_TEST(code_is_never_mapped_writable_and_released_code_is_zero) {
  begin_with_slack(BLOCK);
  char *base = reserve(BLOCK);
  void *view;
  ck_assert_int_eq(wx_allocator_commit(allocator, base, PAGE, true), 0);
  ck_assert_int_eq(wx_allocator_map_rw(allocator, base, CODE, true, &view), 0);
  ck_assert_uint_eq(wx_test_mappings("w", "doublemapper"), 0);
  ck_assert_int_eq(wx_codegen_emit(view, CODE, 3), 0);
  ck_assert_int_eq(wx_allocator_unmap_rw(allocator, view), 0);
  ck_assert_uint_eq(wx_test_mappings("w", "doublemapper"), 0);
  release(base);
  for (size_t i = 0; i < CODE; ++i) // Still mapped, and in no block.
    ck_assert_int_eq(base[i], 0);
  end();
}
END_TEST

START_TEST(mappings_stay_the_same_whatever_lives_and_dies) {
  begin_with_slack(BLOCK);
  const unsigned mappings = wx_test_mappings("", "doublemapper");
  char *blocks[64];
  for (size_t i = 0; i < 64; ++i)
    write_code(blocks[i] = reserve(BLOCK), i);
  for (size_t i = 0; i < 64; i += 2)
    release(blocks[i]);
  for (size_t i = 0; i < 64; i += 2)
    write_code(blocks[i] = reserve(BLOCK / 2), i);
  ck_assert_uint_eq(wx_test_mappings("", "doublemapper"), mappings);
  end();
}
END_TEST

START_TEST(no_more_than_the_slack_is_kept) {
  enum { SLACK = 8 * BLOCK, MANY = 64 };
  begin_with_slack(SLACK);
  char *blocks[MANY];
  for (size_t i = 0; i < MANY; ++i) {
    blocks[i] = reserve(BLOCK);
    for (char *page = blocks[i]; page < blocks[i] + BLOCK; page += PAGE)
      if (page < blocks[i] + 4 * PAGE)
        write_code(page, i);
  }
  for (size_t i = 0; i < MANY; i += 2) { // None beside another: each is a part of its own.
    release(blocks[i]);
    const size_t live = (MANY - i / 2 - 1) * 4 * PAGE;
    ck_assert_uint_le(wx_test_allocated_bytes(), live + SLACK);
  }
  for (size_t i = 1; i < MANY; i += 2)
    release(blocks[i]);
  ck_assert_uint_le(wx_test_allocated_bytes(), SLACK);
  end();
}
END_TEST

START_TEST(without_slack_nothing_is_kept) {
  begin_with_slack(0);
  char *base = reserve(BLOCK);
  write_code(base, 1);
  release(base);
  ck_assert_uint_eq(wx_test_allocated_bytes(), 0);
  end();
}
END_TEST

START_TEST(what_cannot_be_punched_is_punched_with_the_next) {
  begin_with_slack(0);
  char *base = reserve(BLOCK);
  char *other = reserve(BLOCK);
  write_code(base, 1);
  write_code(other, 2);
  wx_os_inject(WX_OS_FALLOCATE, 1, EIO);
  release(base);
  ck_assert(wx_os_inject_end());
  ck_assert_uint_eq(wx_test_allocated_bytes(), 2 * PAGE);
  release(other);
  ck_assert_uint_eq(wx_test_allocated_bytes(), 0);
  end();
}
END_TEST

START_TEST(a_block_with_data_or_much_code_leaves_nothing) {
  begin_with_slack(BLOCK);
  char *base = reserve(BLOCK);
  ck_assert_int_eq(wx_allocator_commit(allocator, base, PAGE, false), 0);
  memset(base, 'd', PAGE);
  release(base);
  ck_assert_uint_eq(wx_test_allocated_bytes(), 0);
  base = reserve(BLOCK);
  ck_assert_int_eq(*base, 0);
  write_code(base, 1);
  write_code(base + BLOCK - PAGE, 2);
  release(base);
  ck_assert_uint_eq(wx_test_allocated_bytes(), 0);
  end();
}
END_TEST

START_TEST(data_can_become_code_and_is_then_not_writable) {
  begin_with_slack(BLOCK);
  char *base = reserve(BLOCK);
  ck_assert_int_eq(wx_allocator_commit(allocator, base, PAGE, false), 0);
  memset(base, 'd', PAGE);
  write_code(base, 4);
  ck_assert_uint_eq(wx_test_mappings("w", "doublemapper"), 0);
  ck_assert_int_eq(base[CODE], 'd');
  release(base);
  end();
}
END_TEST

START_TEST(a_range_is_kept_to_or_refused) {
  begin_with_slack(0);
  char *base = reserve(BLOCK);
  release(base);
  const WxRange within = {(uintptr_t)base + 3 * BLOCK, (uintptr_t)base + 4 * BLOCK};
  void *block;
  ck_assert_int_eq(wx_allocator_reserve(allocator, BLOCK, within, &block), 0);
  ck_assert_ptr_eq(block, base + 3 * BLOCK);
  ck_assert_int_eq(wx_allocator_reserve(allocator, BLOCK, within, &block), -ENOMEM);
  ck_assert_ptr_eq(reserve(3 * BLOCK), base); // What lay before it is whole.
  end();
}
END_TEST

START_TEST(where_the_pool_is_full_blocks_lie_elsewhere) {
  WxStrategyOptions options = wx_strategy_options_default();
  options.pool_size = 8 * BLOCK;
  begin(&options);
  for (uint64_t i = 0; i < 40; ++i)
    write_code(reserve(BLOCK), i);
  end();
  options.pool = false;
  begin(&options);
  write_code(reserve(BLOCK), 1);
  end();
}
END_TEST

START_TEST(a_file_that_is_too_small_is_said) {
  WxStrategyOptions options = wx_strategy_options_default();
  options.file_size = 16 * BLOCK;
  begin(&options);
  void *base;
  int result = 0;
  for (unsigned i = 0; i < 17 && result == 0; ++i)
    result = wx_allocator_reserve(allocator, BLOCK, WX_ANYWHERE, &base);
  ck_assert_int_eq(result, -ENOMEM);
  end();
}
END_TEST

START_TEST(an_address_outside_is_refused) {
  begin_with_slack(BLOCK);
  char local;
  char *base = reserve(PAGE);
  void *view;
  ck_assert_int_eq(wx_allocator_release(allocator, &local), -EINVAL);
  ck_assert_int_eq(wx_allocator_commit(allocator, base, 2 * PAGE, true), -EINVAL);
  ck_assert_int_eq(wx_allocator_map_rw(allocator, base + PAGE, 1, true, &view), -EINVAL);
  ck_assert_int_eq(wx_allocator_unmap_rw(allocator, &local), -EINVAL);
  end();
}
END_TEST

WX_TEST_MAIN("lean", the_life_of_a_block_takes_two_writes_and_no_other_call,
             code_is_never_mapped_writable_and_released_code_is_zero,
             mappings_stay_the_same_whatever_lives_and_dies, no_more_than_the_slack_is_kept,
             without_slack_nothing_is_kept, what_cannot_be_punched_is_punched_with_the_next,
             a_block_with_data_or_much_code_leaves_nothing,
             data_can_become_code_and_is_then_not_writable, a_range_is_kept_to_or_refused,
             where_the_pool_is_full_blocks_lie_elsewhere, a_file_that_is_too_small_is_said,
             an_address_outside_is_refused)
