// What `lean` promises beside what every strategy does: its calls, its slack, its places.
#include "codegen/codegen.h"
#include "os/count.h"
#include "strategy/registry.h"
#include "support/strategy_file.h"
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

static bool is_zero(const char *at, size_t size) {
  while (size && *at == 0) {
    ++at;
    --size;
  }
  return size == 0;
}

static WxOsCounts mark;

static WxOsCounts since_mark(void) {
  const WxOsCounts now = wx_os_counts();
  return wx_os_counts_since(&mark, &now);
}

// What one takes: it is reserved, written, run and released.
static WxOsCounts life_of_a_block(uint64_t identity) {
  mark = wx_os_counts();
  char *base = reserve(BLOCK);
  write_code(base, identity);
  release(base);
  return since_mark();
}

START_TEST(the_life_of_a_block_takes_two_writes_and_no_other_call) {
  begin_with_slack(BLOCK);
  for (uint64_t round = 0; round < 100; ++round) {
    const WxOsCounts made = life_of_a_block(round);
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

START_TEST(little_data_is_zeroed_and_a_block_with_much_code_leaves_nothing) {
  begin_with_slack(BLOCK);
  char *base = reserve(BLOCK);
  ck_assert_int_eq(wx_allocator_commit(allocator, base, PAGE, false), 0);
  memset(base, 'd', PAGE);
  release(base);
  ck_assert_uint_eq(wx_test_allocated_bytes(), PAGE);
  ck_assert_uint_eq(wx_test_mappings("w", "doublemapper"), 0);
  base = reserve(BLOCK);
  ck_assert(is_zero(base, BLOCK));
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

/* lean+late
 * -------------------------------------------------------------------------------------------------
 */

static void begin_late(void) {
  const WxStrategyOptions options = wx_strategy_options_default();
  ck_assert_int_eq(wx_allocator_open(&wx_strategy_lean_late, &options, &allocator), 0);
}

static void fill(char *start, size_t size) {
  static char bytes[2 * BLOCK];
  memset(bytes, 0x55, sizeof bytes);
  ck_assert_int_eq(wx_allocator_write(allocator, start, bytes, size), 0);
}

START_TEST(late_the_life_of_a_block_takes_one_write) {
  begin_late();
  for (uint64_t round = 0; round < 100; ++round) {
    const WxOsCounts made = life_of_a_block(round);
    ck_assert_uint_eq(wx_os_counts_total(&made), 1);
  }
  ck_assert_uint_eq(wx_test_allocated_bytes(), PAGE);
  end();
}
END_TEST

// Where the second block's bytes lie, beside 1,000 from the first one's 4,000th.
static const struct {
  size_t at, size;
  unsigned calls;
} second[] = {{4000, 1000, 1}, {4100, 100, 1}, {3900, 200, 1},  {4900, 300, 1},
              {3000, 3000, 1}, {0, 4000, 1},   {9000, 1000, 2}, {0, 100, 2}};

START_TEST(late_the_first_write_zeroes_what_is_left_around_it) {
  begin_late();
  for (size_t i = 0; i < sizeof second / sizeof *second; ++i) {
    char *base = reserve(BLOCK);
    fill(base + 4000, 1000);
    release(base);
    ck_assert_ptr_eq(reserve(BLOCK), base);
    mark = wx_os_counts();
    fill(base + second[i].at, second[i].size);
    const WxOsCounts made = since_mark();
    ck_assert_uint_eq(wx_os_counts_total(&made), second[i].calls);
    const size_t end_of = second[i].at + second[i].size;
    ck_assert(is_zero(base, second[i].at) && is_zero(base + end_of, BLOCK - end_of));
    ck_assert_int_eq(base[second[i].at], 0x55);
    release(base);
  }
  end();
}
END_TEST

START_TEST(late_blocks_of_other_sizes_have_nothing_of_several_former_ones) {
  begin_late();
  char *base = reserve(BLOCK), *next = reserve(BLOCK);
  fill(base + PAGE, 2 * PAGE);
  fill(next, PAGE);
  release(base);
  release(next);
  ck_assert_ptr_eq(reserve(2 * PAGE), base); // Ends within what the first one left.
  fill(base, 16);
  ck_assert(is_zero(base + 16, 2 * PAGE - 16));
  char *rest = reserve(2 * BLOCK - 2 * PAGE);
  ck_assert_ptr_eq(rest, base + 2 * PAGE);
  fill(rest, 16);
  ck_assert(is_zero(rest + 16, 2 * BLOCK - 2 * PAGE - 16));
  end();
}
END_TEST

START_TEST(late_data_is_zero) {
  begin_late();
  char *base = reserve(BLOCK);
  fill(base, PAGE);
  release(base);
  ck_assert_ptr_eq(reserve(BLOCK), base);
  ck_assert_int_eq(wx_allocator_commit(allocator, base, PAGE, false), 0);
  ck_assert(is_zero(base, BLOCK));
  memset(base, 'd', PAGE);
  release(base);
  ck_assert(is_zero(base, BLOCK)); // It can run now.
  end();
}
END_TEST

START_TEST(late_what_is_released_is_not_zero_until_it_is_punched) {
  begin_late();
  char *blocks[17];
  for (size_t i = 0; i < 17; ++i)
    fill(blocks[i] = reserve(BLOCK), PAGE);
  for (size_t i = 0; i < 16; ++i)
    release(blocks[i]);
  ck_assert_int_eq(*blocks[0], 0x55);
  release(blocks[16]);
  ck_assert_uint_eq(wx_test_allocated_bytes(), 0);
  ck_assert_ptr_eq(reserve(BLOCK), blocks[0]);
  ck_assert(is_zero(blocks[0], BLOCK));
  end();
}
END_TEST

START_TEST(late_no_failed_call_leaves_former_code) {
  for (uint64_t nth = 1;; ++nth) {
    begin_late();
    char *base = reserve(BLOCK), *next = reserve(BLOCK);
    fill(base + PAGE, 2 * PAGE);
    fill(next + 8 * PAGE, PAGE);
    release(base);
    release(next);
    void *whole;
    wx_os_inject(WX_OS_ANY, nth, EIO);
    int result = wx_allocator_reserve(allocator, 2 * BLOCK, WX_ANYWHERE, &whole);
    if (result)
      whole = reserve(2 * BLOCK);
    ck_assert_ptr_eq(whole, base);
    result = wx_allocator_write(allocator, base + 2 * PAGE, "1234", 4);
    if (result)
      ck_assert_int_eq(wx_allocator_write(allocator, base + 2 * PAGE, "1234", 4), 0);
    ck_assert(is_zero(base, 2 * PAGE) && is_zero(base + 2 * PAGE + 4, 2 * BLOCK - 2 * PAGE - 4));
    release(base);
    const bool happened = wx_os_inject_end();
    end();
    if (!happened)
      break;
  }
}
END_TEST

START_TEST(late_a_failed_first_write_can_be_repeated_by_another_one) {
  for (uint64_t nth = 1;; ++nth) {
    begin_late();
    char *base = reserve(BLOCK);
    fill(base + 9 * PAGE, PAGE);
    release(base);
    ck_assert_ptr_eq(reserve(BLOCK), base);
    wx_os_inject(WX_OS_ANY, nth, EIO);
    (void)wx_allocator_write(allocator, base, "1234", 4);
    const bool happened = wx_os_inject_end();
    fill(base + 10 * PAGE, 8);
    ck_assert(is_zero(base + 4, 10 * PAGE - 4) && is_zero(base + 10 * PAGE + 8, PAGE));
    end();
    if (!happened)
      break;
  }
}
END_TEST

WX_TEST_MAIN("lean", the_life_of_a_block_takes_two_writes_and_no_other_call,
             code_is_never_mapped_writable_and_released_code_is_zero,
             mappings_stay_the_same_whatever_lives_and_dies, no_more_than_the_slack_is_kept,
             without_slack_nothing_is_kept, what_cannot_be_punched_is_punched_with_the_next,
             little_data_is_zeroed_and_a_block_with_much_code_leaves_nothing,
             data_can_become_code_and_is_then_not_writable, a_range_is_kept_to_or_refused,
             where_the_pool_is_full_blocks_lie_elsewhere, a_file_that_is_too_small_is_said,
             an_address_outside_is_refused, late_the_life_of_a_block_takes_one_write,
             late_the_first_write_zeroes_what_is_left_around_it,
             late_blocks_of_other_sizes_have_nothing_of_several_former_ones, late_data_is_zero,
             late_what_is_released_is_not_zero_until_it_is_punched,
             late_no_failed_call_leaves_former_code,
             late_a_failed_first_write_can_be_repeated_by_another_one)
