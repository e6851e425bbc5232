// The runtime's two paths, system call by system call.
#include "codegen/codegen.h"
#include "os/count.h"
#include "os/os.h"
#include "strategy/registry.h"
#include "support/strategy_file.h"
#include "support/suite.h"

#include <errno.h>
#include <string.h>

enum { BLOCK = 64 * 1024, PAGE = 4096 };

static WxOsCounts mark;

static void begin_counting(void) {
  mark = wx_os_counts();
}

// Asserts that since begin_counting() exactly `calls` of `kind` were made.
static void made(WxOsCall kind, uint64_t calls) {
  const WxOsCounts now = wx_os_counts();
  ck_assert_msg(wx_os_counts_since(&mark, &now).made[kind] == calls, "%s: %lu made, %lu expected",
                wx_os_call_name(kind), (unsigned long)wx_os_counts_since(&mark, &now).made[kind],
                (unsigned long)calls);
}

static void made_in_all(uint64_t calls) {
  const WxOsCounts now = wx_os_counts();
  const WxOsCounts since = wx_os_counts_since(&mark, &now);
  ck_assert_uint_eq(wx_os_counts_total(&since), calls);
}

static WxAllocator *open_with(const WxStrategy *strategy, WxStrategyOptions options) {
  WxAllocator *allocator;
  ck_assert_int_eq(wx_allocator_open(strategy, &options, &allocator), 0);
  return allocator;
}

static void *reserve(WxAllocator *allocator, size_t size) {
  void *base;
  ck_assert_int_eq(wx_allocator_reserve(allocator, size, WX_ANYWHERE, &base), 0);
  return base;
}

static char *map_rw(WxAllocator *allocator, void *start, size_t size, bool cacheable) {
  void *view;
  ck_assert_int_eq(wx_allocator_map_rw(allocator, start, size, cacheable, &view), 0);
  return view;
}

static void write_page(WxAllocator *allocator, void *start, bool cacheable) {
  void *view = map_rw(allocator, start, PAGE, cacheable);
  ck_assert_int_eq(wx_allocator_unmap_rw(allocator, view), 0);
}

static void close_allocator(WxAllocator *allocator) {
  ck_assert_int_eq(wx_allocator_close(allocator), 0);
}

START_TEST(on_opening_makes_one_memfd_of_two_tebibytes_and_a_pool) {
  begin_counting();
  WxAllocator *allocator = open_with(&wx_strategy_coreclr, wx_strategy_options_default());
  made(WX_OS_MEMFD_CREATE, 1);
  made(WX_OS_FTRUNCATE, 1);
  made(WX_OS_MADVISE, 1);
  ck_assert_uint_ge(wx_test_mappings("-", ""), 1);
  close_allocator(allocator);
}
END_TEST

START_TEST(on_each_verb_makes_the_runtime_s_calls) {
  WxStrategyOptions options = wx_strategy_options_default();
  options.cache = 0;
  WxAllocator *allocator = open_with(&wx_strategy_coreclr, options);
  begin_counting();
  void *base = reserve(allocator, BLOCK);
  made(WX_OS_MMAP, 1);
  made_in_all(1);
  ck_assert_int_eq(wx_allocator_commit(allocator, base, PAGE, true), 0);
  made(WX_OS_MPROTECT, 1);
  made_in_all(2);
  write_page(allocator, base, true);
  made(WX_OS_MMAP, 2);
  made(WX_OS_MUNMAP, 1);
  made_in_all(4);
  begin_counting();
  ck_assert_int_eq(wx_allocator_release(allocator, base), 0);
  made(WX_OS_MMAP, 1);
  made(WX_OS_MUNMAP, 1);
  made_in_all(2);
  close_allocator(allocator);
}
END_TEST

START_TEST(punching_replaces_the_second_mapping_of_a_release) {
  WxAllocator *allocator = open_with(&wx_strategy_coreclr_punch, wx_strategy_options_default());
  void *base = reserve(allocator, BLOCK);
  begin_counting();
  ck_assert_int_eq(wx_allocator_release(allocator, base), 0);
  made(WX_OS_MUNMAP, 1);
  made(WX_OS_FALLOCATE, 1);
  made_in_all(2);
  close_allocator(allocator);
}
END_TEST

START_TEST(where_no_hole_can_be_punched_the_block_is_zeroed_and_kept) {
  WxAllocator *allocator = open_with(&wx_strategy_coreclr_punch, wx_strategy_options_default());
  void *base = reserve(allocator, BLOCK);
  ck_assert_int_eq(wx_allocator_commit(allocator, base, BLOCK, false), 0);
  memset(base, 0xee, BLOCK);
  wx_os_inject(WX_OS_FALLOCATE, 1, EPERM);
  ck_assert_int_eq(wx_allocator_release(allocator, base), 0);
  ck_assert(wx_os_inject_end());
  ck_assert_uint_eq(wx_test_allocated_bytes(), BLOCK);
  const unsigned char *again = reserve(allocator, BLOCK);
  ck_assert_int_eq(wx_allocator_commit(allocator, (void *)(uintptr_t)again, BLOCK, false), 0);
  for (size_t i = 0; i < BLOCK; ++i)
    ck_assert_uint_eq(again[i], 0);
  close_allocator(allocator);
}
END_TEST

START_TEST(off_reserves_without_a_system_call_and_commits_with_two) {
  WxAllocator *allocator = open_with(&wx_strategy_coreclr_off, wx_strategy_options_default());
  begin_counting();
  void *base = reserve(allocator, BLOCK);
  made_in_all(0);
  ck_assert_int_eq(wx_allocator_commit(allocator, base, PAGE, true), 0);
  made(WX_OS_MPROTECT, 1);
  made(WX_OS_MADVISE, 1);
  write_page(allocator, base, true);
  made_in_all(2);
  ck_assert_int_eq(wx_allocator_release(allocator, base), 0);
  made(WX_OS_MUNMAP, 1);
  made_in_all(3);
  close_allocator(allocator);
}
END_TEST

START_TEST(a_cached_view_is_found_again_without_a_system_call) {
  WxAllocator *allocator = open_with(&wx_strategy_coreclr, wx_strategy_options_default());
  char *base = reserve(allocator, BLOCK);
  for (size_t page = 0; page < 3; ++page)
    write_page(allocator, base + page * PAGE, true);
  begin_counting();
  for (size_t page = 0; page < 3; ++page)
    write_page(allocator, base + page * PAGE, true);
  made_in_all(0);
  close_allocator(allocator);
}
END_TEST

START_TEST(the_oldest_cached_view_makes_room_for_a_fourth) {
  WxAllocator *allocator = open_with(&wx_strategy_coreclr, wx_strategy_options_default());
  char *base = reserve(allocator, BLOCK);
  for (size_t page = 0; page < 4; ++page)
    write_page(allocator, base + page * PAGE, true);
  begin_counting();
  write_page(allocator, base + 1 * PAGE, true); // Kept, and the newest now.
  made_in_all(0);
  write_page(allocator, base, true); // Was dropped: mapped again, and page 2 dropped.
  made(WX_OS_MMAP, 1);
  made(WX_OS_MUNMAP, 1);
  begin_counting();
  write_page(allocator, base + 1 * PAGE, true);
  made_in_all(0);
  close_allocator(allocator);
}
END_TEST

START_TEST(a_view_that_may_not_be_cached_is_mapped_and_unmapped_each_time) {
  WxAllocator *allocator = open_with(&wx_strategy_coreclr, wx_strategy_options_default());
  char *base = reserve(allocator, BLOCK);
  begin_counting();
  write_page(allocator, base, false);
  write_page(allocator, base, false);
  made(WX_OS_MMAP, 2);
  made(WX_OS_MUNMAP, 2);
  close_allocator(allocator);
}
END_TEST

START_TEST(a_view_covers_the_touched_pages_and_not_the_block) {
  WxAllocator *allocator = open_with(&wx_strategy_coreclr, wx_strategy_options_default());
  char *base = reserve(allocator, BLOCK);
  char *view = map_rw(allocator, base + PAGE - 1, 2, false);
  ck_assert_uint_eq((uintptr_t)view % PAGE, PAGE - 1);
  ck_assert_uint_eq(wx_test_mappings("rw", "doublemapper"), 1);
  ck_assert_int_eq(wx_allocator_map_rw(allocator, base + BLOCK - 1, 2, false, (void **)&view),
                   -EINVAL);
  close_allocator(allocator);
}
END_TEST

START_TEST(a_release_drops_the_cached_views_of_its_block) {
  WxAllocator *allocator = open_with(&wx_strategy_coreclr, wx_strategy_options_default());
  void *base = reserve(allocator, BLOCK);
  write_page(allocator, base, true);
  ck_assert_uint_eq(wx_test_mappings("rw", "doublemapper"), 1);
  ck_assert_int_eq(wx_allocator_release(allocator, base), 0);
  ck_assert_uint_eq(wx_test_mappings("rw", "doublemapper"), 0);
  close_allocator(allocator);
}
END_TEST

START_TEST(a_block_with_a_view_in_use_is_not_released) {
  WxAllocator *allocator = open_with(&wx_strategy_coreclr, wx_strategy_options_default());
  void *base = reserve(allocator, BLOCK);
  void *view = map_rw(allocator, base, PAGE, false);
  ck_assert_int_eq(wx_allocator_release(allocator, base), -EBUSY);
  ck_assert_int_eq(wx_allocator_unmap_rw(allocator, view), 0);
  ck_assert_int_eq(wx_allocator_release(allocator, base), 0);
  close_allocator(allocator);
}
END_TEST

START_TEST(net7_keeps_a_stale_view_that_shows_the_old_block) {
  WxStrategyOptions options = wx_strategy_options_default();
  options.stale_views = true;
  options.cache = 1;
  options.pool = false; // So that the kernel hands the same address out again.
  WxAllocator *allocator = open_with(&wx_strategy_coreclr, options);
  char *base = reserve(allocator, 2 * BLOCK);
  write_page(allocator, base + BLOCK, true);
  ck_assert_int_eq(wx_allocator_release(allocator, base), 0);
  // Another size: another part of the file. Gaps of that size that lie higher are handed out first.
  char *other = reserve(allocator, BLOCK);
  for (int gaps = 0; other != base + BLOCK; ++gaps) {
    ck_assert_int_lt(gaps, 256);
    other = reserve(allocator, BLOCK);
  }
  ck_assert_int_eq(wx_allocator_commit(allocator, other, PAGE, false), 0);
  *map_rw(allocator, other, 1, true) = 'x';
  ck_assert_int_eq(*other, 0); // The write went to the released block: dotnet/runtime PR 82841.
  close_allocator(allocator);
}
END_TEST

START_TEST(only_a_block_of_exactly_the_same_size_is_reused_newest_first) {
  WxAllocator *allocator = open_with(&wx_strategy_coreclr, wx_strategy_options_default());
  void *first = reserve(allocator, BLOCK);
  void *second = reserve(allocator, BLOCK);
  ck_assert_int_eq(wx_allocator_release(allocator, first), 0);
  ck_assert_int_eq(wx_allocator_release(allocator, second), 0);
  reserve(allocator, BLOCK / 2);                            // A third part of the file.
  reserve(allocator, 2 * BLOCK);                            // A fourth.
  ck_assert_uint_eq(wx_test_mappings("s", "00010000 "), 0); // The second block's offset is free.
  reserve(allocator, BLOCK);
  ck_assert_uint_eq(wx_test_mappings("s", "00010000 "), 1); // It was released last: reused first.
  ck_assert_uint_eq(wx_test_mappings("s", "00000000 00:"), 0);
  reserve(allocator, BLOCK);
  ck_assert_uint_eq(wx_test_mappings("s", "00000000 00:"), 1);
  close_allocator(allocator);
}
END_TEST

START_TEST(the_file_s_end_is_the_end) {
  WxStrategyOptions options = wx_strategy_options_default();
  options.file_size = 3 * BLOCK;
  WxAllocator *allocator = open_with(&wx_strategy_coreclr, options);
  void *base = NULL;
  for (int i = 0; i < 3; ++i)
    base = reserve(allocator, BLOCK);
  void *none;
  ck_assert_int_eq(wx_allocator_reserve(allocator, BLOCK, WX_ANYWHERE, &none), -ENOMEM);
  ck_assert_int_eq(wx_allocator_release(allocator, base), 0);
  ck_assert_int_eq(wx_allocator_reserve(allocator, 2 * BLOCK, WX_ANYWHERE, &none), -ENOMEM);
  reserve(allocator, BLOCK);
  close_allocator(allocator);
}
END_TEST

START_TEST(the_pool_hands_out_rising_addresses_and_never_one_twice) {
  WxAllocator *allocator = open_with(&wx_strategy_coreclr, wx_strategy_options_default());
  char *first = reserve(allocator, PAGE);
  char *second = reserve(allocator, BLOCK);
  ck_assert_ptr_eq(second, first + BLOCK); // 4 KiB take 64 KiB of the pool.
  ck_assert_int_eq(wx_allocator_release(allocator, second), 0);
  ck_assert_ptr_eq(reserve(allocator, BLOCK), second + BLOCK);
  close_allocator(allocator);
}
END_TEST

START_TEST(an_exhausted_pool_gives_way_to_the_kernel_but_not_in_a_range) {
  WxStrategyOptions options = wx_strategy_options_default();
  options.pool_size = 128 * 1024 * 1024;
  WxAllocator *allocator = open_with(&wx_strategy_coreclr, options);
  char *first = reserve(allocator, 64 * 1024 * 1024);
  const WxRange near = {(uintptr_t)first, (uintptr_t)first + options.pool_size};
  void *base;
  ck_assert_int_eq(wx_allocator_reserve(allocator, 60 * 1024 * 1024, near, &base), 0);
  ck_assert_int_eq(wx_allocator_reserve(allocator, 8 * 1024 * 1024, near, &base), -ENOMEM);
  char *far = reserve(allocator, 8 * 1024 * 1024);
  ck_assert(far < first || far >= first + options.pool_size);
  close_allocator(allocator);
}
END_TEST

START_TEST(without_a_memfd_the_runtime_goes_on_with_wx_off) {
  wx_os_inject(WX_OS_MEMFD_CREATE, 1, ENOSYS);
  WxAllocator *allocator = open_with(&wx_strategy_coreclr, wx_strategy_options_default());
  ck_assert(wx_os_inject_end());
  ck_assert_str_eq(allocator->strategy->name, "coreclr-off");
  reserve(allocator, BLOCK);
  close_allocator(allocator);
}
END_TEST

START_TEST(a_shared_memory_object_loses_its_name_at_once) {
  WxStrategyOptions options = wx_strategy_options_default();
  options.backing = WX_BACKING_SHM;
  begin_counting();
  WxAllocator *allocator = open_with(&wx_strategy_coreclr, options);
  made(WX_OS_MEMFD_CREATE, 0);
  made(WX_OS_UNLINK, 1);
  ck_assert_str_eq(allocator->strategy->name, "coreclr");
  ck_assert_int_eq(wx_allocator_release(allocator, reserve(allocator, BLOCK)), 0);
  ck_assert_uint_eq(wx_test_allocated_bytes(), BLOCK);
  close_allocator(allocator);
}
END_TEST

START_TEST(walks_are_counted_as_the_runtime_would_make_them) {
  WxStrategyOptions options = wx_strategy_options_default();
  options.cache = 0;
  options.walks = true;
  WxAllocator *allocator = open_with(&wx_strategy_coreclr, options);
  void *blocks[10];
  for (size_t i = 0; i < 10; ++i)
    blocks[i] = reserve(allocator, BLOCK);
  write_page(allocator, blocks[0], true); // The last of ten, then moved to the front.
  ck_assert_uint_eq(wx_allocator_cost(allocator).walked[WX_MAP_RW], 10);
  write_page(allocator, blocks[0], true);
  ck_assert_uint_eq(wx_allocator_cost(allocator).walked[WX_MAP_RW], 11);
  ck_assert_int_eq(wx_allocator_release(allocator, blocks[1]), 0);
  ck_assert_uint_eq(wx_allocator_cost(allocator).walked[WX_RELEASE], 10);
  reserve(allocator, 2 * BLOCK); // Passes the one free block.
  reserve(allocator, BLOCK);     // Takes it.
  ck_assert_uint_eq(wx_allocator_cost(allocator).walked[WX_RESERVE], 2);
  close_allocator(allocator);
}
END_TEST

WX_TEST_MAIN("coreclr", on_opening_makes_one_memfd_of_two_tebibytes_and_a_pool,
             on_each_verb_makes_the_runtime_s_calls,
             punching_replaces_the_second_mapping_of_a_release,
             where_no_hole_can_be_punched_the_block_is_zeroed_and_kept,
             off_reserves_without_a_system_call_and_commits_with_two,
             a_cached_view_is_found_again_without_a_system_call,
             the_oldest_cached_view_makes_room_for_a_fourth,
             a_view_that_may_not_be_cached_is_mapped_and_unmapped_each_time,
             a_view_covers_the_touched_pages_and_not_the_block,
             a_release_drops_the_cached_views_of_its_block,
             a_block_with_a_view_in_use_is_not_released,
             net7_keeps_a_stale_view_that_shows_the_old_block,
             only_a_block_of_exactly_the_same_size_is_reused_newest_first,
             the_file_s_end_is_the_end, the_pool_hands_out_rising_addresses_and_never_one_twice,
             an_exhausted_pool_gives_way_to_the_kernel_but_not_in_a_range,
             without_a_memfd_the_runtime_goes_on_with_wx_off,
             a_shared_memory_object_loses_its_name_at_once,
             walks_are_counted_as_the_runtime_would_make_them)
