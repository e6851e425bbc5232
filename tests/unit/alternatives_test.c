// What each strategy that is not the runtime's permits, and what it costs, call by call.
#include "codegen/codegen.h"
#include "os/count.h"
#include "os/os.h"
#include "strategy/registry.h"
#include "support/strategy_file.h"
#include "support/suite.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BLOCK = 64 * 1024, PAGE = 4096, CODE = 512 };

static WxAllocator *allocator;

static void begin(const WxStrategy *strategy, const WxStrategyOptions *options) {
  const WxStrategyOptions usual = wx_strategy_options_default();
  ck_assert_int_eq(wx_allocator_open(strategy, options ? options : &usual, &allocator), 0);
}

static void end(void) {
  ck_assert_int_eq(wx_allocator_close(allocator), 0);
}

static char *reserve(void) {
  void *base;
  ck_assert_int_eq(wx_allocator_reserve(allocator, BLOCK, WX_ANYWHERE, &base), 0);
  return base;
}

static void commit(char *start, size_t size, bool executable) {
  ck_assert_int_eq(wx_allocator_commit(allocator, start, size, executable), 0);
}

static char *map(char *start, size_t size) {
  void *view;
  ck_assert_int_eq(wx_allocator_map_rw(allocator, start, size, true, &view), 0);
  return view;
}

static void unmap(char *view) {
  ck_assert_int_eq(wx_allocator_unmap_rw(allocator, view), 0);
}

static void write_code(char *start, uint64_t identity) {
  char *view = map(start, CODE);
  ck_assert_int_eq(wx_codegen_emit(view, CODE, identity), 0);
  unmap(view);
  wx_codegen_flush(start, CODE);
  ck_assert_int_eq(wx_codegen_check(start, CODE, identity), 0);
}

static WxOsCounts mark;

static uint64_t made(WxOsCall kind) {
  const WxOsCounts now = wx_os_counts();
  return wx_os_counts_since(&mark, &now).made[kind];
}

static uint64_t made_in_all(void) {
  const WxOsCounts now = wx_os_counts();
  const WxOsCounts since = wx_os_counts_since(&mark, &now);
  return wx_os_counts_total(&since);
}

// Whether the page at `address` can be written through that address, by the kernel's own word.
static bool is_writable(const char *address) {
  int ends[2];
  ck_assert_int_eq(pipe(ends), 0);
  ck_assert_int_eq(write(ends[1], address, 1), 1);
  const bool writable = read(ends[0], (char *)(uintptr_t)address, 1) == 1;
  close(ends[0]);
  close(ends[1]);
  return writable;
}

START_TEST(dual_writes_again_without_a_system_call_through_an_alias_that_stays) {
  begin(&wx_strategy_dual, NULL);
  char *base = reserve();
  commit(base, BLOCK, true);
  write_code(base, 1);
  mark = wx_os_counts();
  write_code(base + PAGE, 2);
  write_code(base, 3);
  ck_assert_uint_eq(made_in_all(), 0);
  ck_assert_uint_eq(wx_test_mappings("rw", "doublemapper"), 1);
  ck_assert_uint_eq(wx_test_mappings("wx", "doublemapper"), 0);
  mark = wx_os_counts();
  ck_assert_int_eq(wx_allocator_release(allocator, base), 0);
  ck_assert_uint_eq(made(WX_OS_MUNMAP), 2);
  ck_assert_uint_eq(made(WX_OS_FALLOCATE), 1);
  ck_assert_uint_eq(wx_test_mappings("rw", "doublemapper"), 0);
  end();
}
END_TEST

START_TEST(dual_pwrite_and_lean_do_not_go_on_without_a_file) {
  const WxStrategy *const strategies[] = {&wx_strategy_dual, &wx_strategy_pwrite,
                                          &wx_strategy_lean};
  for (size_t i = 0; i < 3; ++i) {
    const WxStrategyOptions options = wx_strategy_options_default();
    wx_os_inject(WX_OS_MEMFD_CREATE, 1, ENOSYS);
    ck_assert_int_eq(wx_allocator_open(strategies[i], &options, &allocator), -ENOSYS);
    ck_assert(wx_os_inject_end());
  }
}
END_TEST

START_TEST(dual_knows_its_views_from_other_addresses) {
  begin(&wx_strategy_dual, NULL);
  char *base = reserve();
  commit(base, PAGE, true);
  char *view = map(base, PAGE);
  ck_assert(wx_allocator_owns(allocator, (uintptr_t)view + BLOCK - 1));
  ck_assert(!wx_allocator_owns(allocator, (uintptr_t)&base));
  ck_assert_int_eq(wx_allocator_unmap_rw(allocator, &base), -EINVAL);
  end();
}
END_TEST

START_TEST(pwrite_writes_by_one_call_and_never_maps_code_writable) {
  begin(&wx_strategy_pwrite, NULL);
  char *base = reserve();
  mark = wx_os_counts();
  commit(base, BLOCK, true);
  char *view = map(base, CODE);
  ck_assert_uint_eq(made_in_all(), 0);
  ck_assert_uint_eq(wx_test_mappings("w", "doublemapper"), 0);
  ck_assert_int_eq(wx_codegen_emit(view, CODE, 5), 0);
  unmap(view);
  ck_assert_uint_eq(made(WX_OS_PWRITE), 1);
  ck_assert_uint_eq(made_in_all(), 1);
  ck_assert_int_eq(wx_codegen_check(base, CODE, 5), 0);
  ck_assert(!is_writable(base));
  unmap(map(base, CODE)); // Nothing was changed: nothing is written.
  ck_assert_uint_eq(made_in_all(), 1);
  end();
}
END_TEST

START_TEST(views_that_overlap_each_write_what_they_changed) {
  const WxStrategy *const strategies[] = {&wx_strategy_pwrite, &wx_strategy_dual,
                                          &wx_strategy_mprotect, &wx_strategy_lean};
  for (size_t i = 0; i < 4; ++i) {
    begin(strategies[i], NULL);
    char *base = reserve();
    commit(base, BLOCK, true);
    char *outer = map(base, 100);
    char *inner = map(base + 40, 20);
    outer[0] = outer[99] = 'o';
    inner[5] = 'i';
    unmap(inner);
    unmap(outer);
    ck_assert_int_eq(base[0], 'o');
    ck_assert_int_eq(base[45], 'i');
    ck_assert_int_eq(base[99], 'o');
    end();
  }
}
END_TEST

START_TEST(a_block_with_a_view_in_use_is_not_released) {
  const WxStrategy *const strategies[] = {&wx_strategy_pwrite, &wx_strategy_mprotect,
                                          &wx_strategy_publish, &wx_strategy_lean};
  for (size_t i = 0; i < 4; ++i) {
    begin(strategies[i], NULL);
    char *base = reserve();
    commit(base, PAGE, true);
    char *view = map(base, CODE);
    ck_assert_int_eq(wx_allocator_release(allocator, base), -EBUSY);
    unmap(view);
    ck_assert_int_eq(wx_allocator_unmap_rw(allocator, view), -EINVAL);
    ck_assert_int_eq(wx_allocator_release(allocator, base), 0);
    base = reserve();
    commit(base, PAGE, true);
    map(base, CODE); // Closed with a view in use.
    end();
  }
}
END_TEST

START_TEST(a_write_that_fails_can_be_repeated) {
  begin(&wx_strategy_pwrite, NULL);
  char *base = reserve();
  char *view = map(base, CODE);
  ck_assert_int_eq(wx_codegen_emit(view, CODE, 9), 0);
  wx_os_inject(WX_OS_PWRITE, 1, EIO);
  ck_assert_int_eq(wx_allocator_unmap_rw(allocator, view), -EIO);
  ck_assert(wx_os_inject_end());
  unmap(view);
  ck_assert_int_eq(wx_codegen_check(base, CODE, 9), 0);
  end();
}
END_TEST

START_TEST(data_and_code_change_places_on_pwrite) {
  begin(&wx_strategy_pwrite, NULL);
  char *base = reserve();
  commit(base, PAGE, false);
  memset(base, 'd', PAGE);
  commit(base, PAGE, true);
  ck_assert(!is_writable(base));
  write_code(base, 3);
  ck_assert_int_eq(wx_allocator_release(allocator, base), 0);
  mark = wx_os_counts();
  commit(reserve(), PAGE, true);
  ck_assert_uint_eq(made(WX_OS_MPROTECT), 0);
  end();
}
END_TEST

START_TEST(mprotect_opens_the_pages_written_and_closes_them_again) {
  begin(&wx_strategy_mprotect, NULL);
  char *base = reserve();
  commit(base, BLOCK, true);
  write_code(base + PAGE, 1);
  mark = wx_os_counts();
  char *view = map(base, CODE);
  ck_assert_ptr_eq(view, base);
  ck_assert(is_writable(base) && !is_writable(base + PAGE));
  ck_assert_int_eq(wx_codegen_check(base + PAGE, CODE, 1), 0);
  char *again = map(base + 8, 8);
  unmap(again);
  ck_assert(is_writable(base));
  unmap(view);
  ck_assert(!is_writable(base));
  ck_assert_uint_eq(made(WX_OS_MPROTECT), 2);
  ck_assert_uint_eq(made_in_all(), 2);
  end();
}
END_TEST

START_TEST(mprotect_opens_all_code_of_the_block_where_that_is_set) {
  WxStrategyOptions options = wx_strategy_options_default();
  options.granularity = WX_GRANULARITY_BLOCK;
  begin(&wx_strategy_mprotect, &options);
  char *base = reserve();
  commit(base, 2 * PAGE, true);
  commit(base + 2 * PAGE, PAGE, false);
  commit(base + 3 * PAGE, PAGE, true);
  char *view = map(base, CODE);
  ck_assert(is_writable(base + PAGE) && is_writable(base + 3 * PAGE));
  commit(base + 4 * PAGE, PAGE, true); // While it is open: nobody writes there yet.
  unmap(view);
  for (size_t page = 0; page < 5; ++page)
    ck_assert(is_writable(base + page * PAGE) == (page == 2));
  end();
}
END_TEST

START_TEST(two_views_that_begin_alike_close_with_the_last) {
  begin(&wx_strategy_mprotect, NULL);
  char *base = reserve();
  commit(base, BLOCK, true);
  map(base, 3 * PAGE);
  map(base, CODE);
  unmap(base); // Whichever was meant, nothing is taken from the other.
  ck_assert(is_writable(base) && is_writable(base + 2 * PAGE));
  unmap(base);
  ck_assert(!is_writable(base) && !is_writable(base + 2 * PAGE));
  ck_assert_int_eq(wx_allocator_unmap_rw(allocator, base), -EINVAL);
  end();
}
END_TEST

START_TEST(a_page_that_is_not_committed_is_not_written_in_place) {
  begin(&wx_strategy_mprotect, NULL);
  char *base = reserve();
  void *view;
  ck_assert_int_eq(wx_allocator_map_rw(allocator, base, 1, true, &view), -EINVAL);
  commit(base, PAGE, true);
  ck_assert_int_eq(wx_allocator_map_rw(allocator, base, PAGE + 1, true, &view), -EINVAL);
  ck_assert(!is_writable(base));
  end();
}
END_TEST

START_TEST(publish_makes_a_page_executable_once_and_never_writable_again) {
  begin(&wx_strategy_publish, NULL);
  char *base = reserve();
  commit(base, 2 * PAGE, true);
  mark = wx_os_counts();
  write_code(base, 1);
  ck_assert_uint_eq(made(WX_OS_MPROTECT), 1);
  ck_assert_uint_eq(made_in_all(), 1);
  ck_assert(!is_writable(base));
  void *view;
  ck_assert_int_eq(wx_allocator_map_rw(allocator, base + CODE, CODE, true, &view), -EPERM);
  write_code(base + PAGE, 2);
  ck_assert_int_eq(wx_codegen_check(base, CODE, 1), 0);
  end();
}
END_TEST

START_TEST(a_publication_that_fails_can_be_repeated) {
  begin(&wx_strategy_publish, NULL);
  char *base = reserve();
  commit(base, PAGE, true);
  char *view = map(base, CODE);
  ck_assert_int_eq(wx_codegen_emit(view, CODE, 4), 0);
  wx_os_inject(WX_OS_MPROTECT, 1, ENOMEM);
  ck_assert_int_eq(wx_allocator_unmap_rw(allocator, view), -ENOMEM);
  ck_assert(wx_os_inject_end());
  unmap(view);
  ck_assert_int_eq(wx_codegen_check(base, CODE, 4), 0);
  end();
}
END_TEST

// What stays in the file after 8 rounds of 16 blocks, which are larger each time.
static uint64_t kept_by_drift(const WxStrategy *strategy) {
  begin(strategy, NULL);
  for (size_t round = 1; round <= 8; ++round) {
    void *blocks[16];
    for (size_t i = 0; i < 16; ++i)
      ck_assert_int_eq(wx_allocator_reserve(allocator, round * BLOCK, WX_ANYWHERE, &blocks[i]), 0);
    for (size_t i = 0; i < 16; ++i)
      ck_assert_int_eq(wx_allocator_release(allocator, blocks[i]), 0);
  }
  const uint64_t kept = wx_test_allocated_bytes();
  end();
  return kept;
}

START_TEST(bestfit_keeps_no_more_than_lived_at_once_where_sizes_drift) {
  ck_assert_uint_eq(kept_by_drift(&wx_strategy_coreclr), 16 * 36 * BLOCK);
  // The parts of a round merge and serve the next one, but for a rest that is smaller than a block.
  ck_assert_uint_le(kept_by_drift(&wx_strategy_coreclr_bestfit), 2 * 16 * 8 * BLOCK);
}
END_TEST

START_TEST(bucket_keeps_no_more_than_its_slack) {
  const uint64_t slack = wx_strategy_options_default().slack;
  const uint64_t kept = kept_by_drift(&wx_strategy_coreclr_bucket);
  ck_assert_uint_le(kept, slack);
  ck_assert_uint_gt(kept, slack / 2);
}
END_TEST

START_TEST(bucket_reuses_what_it_kept_for_any_size_of_a_class) {
  begin(&wx_strategy_coreclr_bucket, NULL);
  // 9 and 10 pages are one class, 11 pages another one.
  static const size_t pages[] = {9, 10, 9, 10};
  for (size_t i = 0; i < sizeof pages / sizeof *pages; ++i) {
    void *base;
    ck_assert_int_eq(wx_allocator_reserve(allocator, pages[i] * PAGE, WX_ANYWHERE, &base), 0);
    commit(base, PAGE, true);
    write_code(base, i);
    ck_assert_int_eq(wx_codegen_check(base, CODE, i), 0);
    ck_assert_int_eq(wx_allocator_release(allocator, base), 0);
    ck_assert_uint_eq(wx_test_allocated_bytes(), 10 * PAGE);
  }
  void *base;
  ck_assert_int_eq(wx_allocator_reserve(allocator, 11 * PAGE, WX_ANYWHERE, &base), 0);
  ck_assert_int_eq(wx_allocator_release(allocator, base), 0);
  ck_assert_uint_eq(wx_test_allocated_bytes(), (10 + 12) * PAGE);
  end();
}
END_TEST

START_TEST(bestfit_splits_what_is_larger_and_merges_it_again) {
  begin(&wx_strategy_coreclr_bestfit, NULL);
  void *whole, *parts[4];
  ck_assert_int_eq(wx_allocator_reserve(allocator, 4 * BLOCK, WX_ANYWHERE, &whole), 0);
  ck_assert_int_eq(wx_allocator_release(allocator, whole), 0);
  for (size_t i = 0; i < 4; ++i) {
    ck_assert_int_eq(wx_allocator_reserve(allocator, BLOCK, WX_ANYWHERE, &parts[i]), 0);
    commit(parts[i], BLOCK, true);
    write_code(parts[i], i);
  }
  for (size_t i = 0; i < 4; ++i)
    ck_assert_int_eq(wx_codegen_check(parts[i], CODE, i), 0);
  ck_assert_uint_eq(wx_test_allocated_bytes(), 4 * BLOCK);
  for (size_t i = 0; i < 4; ++i)
    ck_assert_int_eq(wx_allocator_release(allocator, parts[(i * 3) % 4]), 0);
  ck_assert_int_eq(wx_allocator_reserve(allocator, 4 * BLOCK, WX_ANYWHERE, &whole), 0);
  ck_assert_int_eq(wx_allocator_release(allocator, whole), 0);
  ck_assert_uint_eq(wx_test_allocated_bytes(), 4 * BLOCK);
  end();
}
END_TEST

static unsigned mappings_without_pool(const WxStrategy *strategy) {
  WxStrategyOptions options = wx_strategy_options_default();
  options.pool = false;
  begin(strategy, &options);
  for (size_t i = 0; i < 64; ++i)
    commit(reserve(), BLOCK, true);
  const unsigned mappings = wx_test_mappings("x", "doublemapper");
  end();
  return mappings;
}

START_TEST(down_lets_mappings_outside_of_the_pool_merge) {
  ck_assert_uint_eq(mappings_without_pool(&wx_strategy_coreclr), 64);
  // The kernel may fill a hole or two first.
  ck_assert_uint_le(mappings_without_pool(&wx_strategy_coreclr_down), 8);
}
END_TEST

START_TEST(down_says_where_the_file_is_full) {
  WxStrategyOptions options = wx_strategy_options_default();
  options.pool_size = 2 * BLOCK;
  options.file_size = 4 * BLOCK;
  begin(&wx_strategy_coreclr_down, &options);
  for (size_t i = 0; i < 4; ++i) {
    char *base = reserve();
    commit(base, BLOCK, true);
    write_code(base, i);
  }
  void *base;
  ck_assert_int_eq(wx_allocator_reserve(allocator, BLOCK, WX_ANYWHERE, &base), -ENOMEM);
  end();
}
END_TEST

#ifndef PR_SET_MDWE
#define PR_SET_MDWE              65
#define PR_MDWE_REFUSE_EXEC_GAIN 1
#endif

// Whether code can be written and run in a program that may not make memory executable: 77 where
// the kernel has no such rule.
static int under_mdwe(const WxStrategy *strategy) {
  const pid_t child = fork();
  ck_assert_int_ge(child, 0);
  if (child == 0) {
    if (prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0))
      _exit(77);
    const WxStrategyOptions options = wx_strategy_options_default();
    void *base, *view;
    if (wx_allocator_open(strategy, &options, &allocator) ||
        wx_allocator_reserve(allocator, BLOCK, WX_ANYWHERE, &base) ||
        wx_allocator_commit(allocator, base, PAGE, true) ||
        wx_allocator_map_rw(allocator, base, CODE, true, &view) || wx_codegen_emit(view, CODE, 6) ||
        wx_allocator_unmap_rw(allocator, view))
      _exit(1);
    _exit(wx_codegen_check(base, CODE, 6) != 0);
  }
  int status;
  ck_assert_int_eq(waitpid(child, &status, 0), child);
  ck_assert(WIFEXITED(status));
  return WEXITSTATUS(status);
}

START_TEST(only_pwrite_and_lean_run_where_no_memory_may_become_executable) {
  const int status = under_mdwe(&wx_strategy_pwrite);
  if (status == 77) {
    WX_SKIP("the kernel has no PR_SET_MDWE (Linux 6.3)");
    return;
  }
  ck_assert_int_eq(status, 0);
  ck_assert_int_eq(under_mdwe(&wx_strategy_lean), 0);
  const WxStrategy *const refused[] = {&wx_strategy_dual, &wx_strategy_mprotect,
                                       &wx_strategy_publish, &wx_strategy_coreclr,
                                       &wx_strategy_rwx};
  for (size_t i = 0; i < sizeof refused / sizeof *refused; ++i)
    ck_assert_int_eq(under_mdwe(refused[i]), 1);
}
END_TEST

WX_TEST_MAIN("alternatives", dual_writes_again_without_a_system_call_through_an_alias_that_stays,
             dual_pwrite_and_lean_do_not_go_on_without_a_file,
             dual_knows_its_views_from_other_addresses,
             pwrite_writes_by_one_call_and_never_maps_code_writable,
             views_that_overlap_each_write_what_they_changed,
             a_block_with_a_view_in_use_is_not_released, a_write_that_fails_can_be_repeated,
             data_and_code_change_places_on_pwrite,
             mprotect_opens_the_pages_written_and_closes_them_again,
             mprotect_opens_all_code_of_the_block_where_that_is_set,
             two_views_that_begin_alike_close_with_the_last,
             a_page_that_is_not_committed_is_not_written_in_place,
             publish_makes_a_page_executable_once_and_never_writable_again,
             a_publication_that_fails_can_be_repeated,
             bestfit_keeps_no_more_than_lived_at_once_where_sizes_drift,
             bucket_keeps_no_more_than_its_slack,
             bucket_reuses_what_it_kept_for_any_size_of_a_class,
             bestfit_splits_what_is_larger_and_merges_it_again,
             down_lets_mappings_outside_of_the_pool_merge, down_says_where_the_file_is_full,
             only_pwrite_and_lean_run_where_no_memory_may_become_executable)
