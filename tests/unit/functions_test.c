// Functions over blocks, each test run once for every strategy of the registry.
#include "strategy/functions.h"

#include "bench/turnover.h"
#include "codegen/codegen.h"
#include "os/count.h"
#include "support/inject.h"
#include "support/pkeys.h"
#include "support/suite.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MANY = 600, SIZES = 8, PAGE = 4096, BLOCK = 64 * 1024, LARGEST = 20000 };

static const size_t sizes[SIZES] = {64, 80, 256, 1000, 1024, 5000, 16384, LARGEST - LARGEST % 16};

typedef struct {
  WxAllocator *allocator;
  WxFunctions *functions;
} Opened;

static const WxStrategy *strategy(int index) {
  return wx_strategy_at((size_t)index);
}

static bool patches(int index) {
  return strategy(index)->capabilities & WX_CAN_PATCH;
}

static Opened open_functions(int index) {
  const WxStrategyOptions options = wx_strategy_options_default();
  Opened opened;
  ck_assert_int_eq(wx_allocator_open(strategy(index), &options, &opened.allocator), 0);
  ck_assert_int_eq(wx_functions_open(opened.allocator, &opened.functions), 0);
  return opened;
}

static void close_functions(Opened opened) {
  ck_assert_int_eq(wx_functions_close(opened.functions), 0);
  ck_assert_int_eq(wx_allocator_close(opened.allocator), 0);
}

static int emit(WxFunctions *functions, void *code, size_t size, uint64_t identity) {
  static char text[LARGEST];
  const int result = wx_codegen_emit(text, size, identity);
  return result ? result : wx_functions_write(functions, code, text, size);
}

// Of a size that can be emitted.
static size_t size_of(uint64_t identity) {
  return sizes[identity % SIZES] & ~(size_t)15;
}

static int make(WxFunctions *functions, uint64_t identity, void **code) {
  const int result = wx_functions_allocate(functions, size_of(identity), code);
  return result ? result : emit(functions, *code, size_of(identity), identity);
}

static void check(const void *code, uint64_t identity) {
  ck_assert_int_eq(wx_codegen_check(code, size_of(identity), identity), 0);
}

START_TEST(functions_of_every_size_stay_whole_while_others_come_and_go) {
  const Opened opened = open_functions(_i);
  void *codes[MANY];
  for (uint64_t i = 0; i < MANY; ++i)
    ck_assert_int_eq(make(opened.functions, i, &codes[i]), 0);
  for (uint64_t i = 0; i < MANY; ++i)
    check(codes[i], i);
  for (size_t i = 0; i < MANY; i += 3)
    ck_assert_int_eq(wx_functions_release(opened.functions, codes[i]), 0);
  for (uint64_t i = 0; i < MANY; i += 3)
    ck_assert_int_eq(make(opened.functions, i, &codes[i]), 0);
  for (uint64_t i = 0; i < MANY; ++i)
    check(codes[i], i);
  close_functions(opened);
}
END_TEST

START_TEST(a_function_is_patched_where_that_is_promised_and_else_refused) {
  const Opened opened = open_functions(_i);
  void *code, *neighbour;
  ck_assert_int_eq(make(opened.functions, 2, &code), 0);
  ck_assert_int_eq(make(opened.functions, 2, &neighbour), 0);
  ck_assert_int_eq(emit(opened.functions, code, size_of(2), 10), patches(_i) ? 0 : -EPERM);
  check(code, patches(_i) ? 10 : 2);
  check(neighbour, 2);
  close_functions(opened);
}
END_TEST

START_TEST(what_is_no_function_is_neither_written_nor_released) {
  const Opened opened = open_functions(_i);
  char *code;
  void *neighbour; // So that their block stays.
  ck_assert_int_eq(make(opened.functions, 0, (void **)&code), 0);
  ck_assert_int_eq(make(opened.functions, 0, &neighbour), 0);
  ck_assert_int_eq(wx_functions_release(opened.functions, code + 16), -EINVAL);
  ck_assert_int_eq(wx_functions_release(opened.functions, code + BLOCK / 2), -EINVAL);
  ck_assert_int_eq(wx_functions_release(opened.functions, &code), -EINVAL);
  ck_assert_int_eq(emit(opened.functions, code, PAGE + 16, 1), -EINVAL);
  ck_assert_int_eq(wx_functions_allocate(opened.functions, 0, (void **)&code), -EINVAL);
  ck_assert_int_eq(wx_functions_release(opened.functions, code), 0);
  ck_assert_int_eq(wx_functions_release(opened.functions, code), -EINVAL);
  close_functions(opened);
}
END_TEST

// Blocks that live now.
static uint64_t blocks(Opened opened) {
  const WxCost cost = wx_allocator_cost(opened.allocator);
  return cost.calls[WX_RESERVE] - cost.calls[WX_RELEASE];
}

START_TEST(blocks_go_back_when_they_are_empty_all_but_one_of_a_size) {
  const Opened opened = open_functions(_i);
  void *codes[MANY];
  for (size_t i = 0; i < MANY; ++i)
    ck_assert_int_eq(make(opened.functions, 4, &codes[i]), 0); // 1,024 bytes each.
  const uint64_t a_block = patches(_i) ? BLOCK / 1024 : BLOCK / PAGE;
  ck_assert_uint_eq(blocks(opened), (MANY + a_block - 1) / a_block);
  for (size_t i = 0; i < MANY; ++i)
    ck_assert_int_eq(wx_functions_release(opened.functions, codes[i]), 0);
  ck_assert_uint_eq(blocks(opened), 1);
  ck_assert_int_eq(make(opened.functions, 7, &codes[0]), 0);
  ck_assert_uint_eq(blocks(opened), 2);
  ck_assert_int_eq(wx_functions_release(opened.functions, codes[0]), 0);
  ck_assert_uint_eq(blocks(opened), 1);
  ck_assert_int_eq(wx_functions_close(opened.functions), 0);
  ck_assert_uint_eq(blocks(opened), 0);
  ck_assert_int_eq(wx_allocator_close(opened.allocator), 0);
}
END_TEST

// Gives up at the first error, and closes as often as it takes.
static int live_and_close(void *context) {
  const WxStrategyOptions options = wx_strategy_options_default();
  Opened opened;
  int result = wx_allocator_open(context, &options, &opened.allocator);
  if (result)
    return result;
  ck_assert_int_eq(wx_functions_open(opened.allocator, &opened.functions), 0);
  void *codes[SIZES];
  for (uint64_t i = 0; i < SIZES && result == 0; ++i) {
    result = make(opened.functions, i, &codes[i]);
    if (result == 0)
      check(codes[i], i);
  }
  for (size_t i = 0; i < SIZES && result == 0; ++i) {
    result = wx_functions_release(opened.functions, codes[i]);
    if (result) // It can be tried again.
      ck_assert_int_eq(wx_functions_release(opened.functions, codes[i]), 0);
  }
  int closed = wx_functions_close(opened.functions);
  if (closed)
    ck_assert_int_eq(wx_functions_close(opened.functions), 0);
  result = result ? result : closed;
  closed = wx_allocator_close(opened.allocator);
  if (closed)
    ck_assert_int_eq(wx_allocator_close(opened.allocator), 0);
  return result ? result : closed;
}

START_TEST(every_failed_system_call_is_survived_without_a_leak) {
  ck_assert_uint_ge(wx_inject_without_leak(ENOMEM, live_and_close, (void *)(uintptr_t)strategy(_i)),
                    8);
}
END_TEST

START_TEST(a_failed_write_is_told_and_can_be_repeated) {
  const Opened opened = open_functions(_i);
  for (uint64_t nth = 1;; ++nth) {
    void *code;
    ck_assert_int_eq(wx_functions_allocate(opened.functions, size_of(nth), &code), 0);
    wx_os_inject(WX_OS_ANY, nth, EIO);
    const int result = emit(opened.functions, code, size_of(nth), nth);
    if (!wx_os_inject_end())
      break;
    ck_assert_int_eq(result, -EIO);
    ck_assert_int_eq(emit(opened.functions, code, size_of(nth), nth), 0);
    check(code, nth);
  }
  close_functions(opened);
}
END_TEST

START_TEST(after_a_failed_write_others_are_written_and_all_is_given_back) {
  const Opened opened = open_functions(_i);
  for (uint64_t nth = 1;; ++nth) {
    void *code, *other;
    ck_assert_int_eq(wx_functions_allocate(opened.functions, size_of(nth), &code), 0);
    wx_os_inject(WX_OS_ANY, nth, EIO);
    (void)emit(opened.functions, code, size_of(nth), nth);
    if (!wx_os_inject_end())
      break;
    if (nth % 2) {
      ck_assert_int_eq(make(opened.functions, nth, &other), 0);
      check(other, nth);
    }
    ck_assert_int_eq(wx_functions_release(opened.functions, code), 0);
  }
  close_functions(opened);
}
END_TEST

START_TEST(functions_run_in_a_forked_child_and_after_it_in_the_parent) {
  const Opened opened = open_functions(_i);
  void *codes[SIZES];
  for (uint64_t i = 0; i < SIZES; ++i)
    ck_assert_int_eq(make(opened.functions, i, &codes[i]), 0);
  const pid_t child = fork();
  ck_assert_int_ge(child, 0);
  if (child == 0) {
    int wrong = 0;
    for (uint64_t i = 0; i < SIZES; ++i)
      wrong |= wx_codegen_check(codes[i], size_of(i), i);
    _exit(wrong != 0);
  }
  int status;
  ck_assert_int_eq(waitpid(child, &status, 0), child);
  ck_assert_int_eq(status, 0);
  for (uint64_t i = 0; i < SIZES; ++i)
    check(codes[i], i);
  close_functions(opened);
}
END_TEST

START_TEST(a_thousand_functions_of_a_program_turn_over_and_are_whole) {
  const WxStrategyOptions options = wx_strategy_options_default();
  WxAllocator *allocator;
  WxMaker *maker;
  WxTurnover *turnover;
  ck_assert_int_eq(wx_allocator_open(strategy(_i), &options, &allocator), 0);
  ck_assert_int_eq(wx_maker_open(allocator, &maker), 0);
  ck_assert_int_eq(wx_turnover_open(maker, &wx_turnover_of_functions, &turnover), 0);
  for (int i = 0; i < MANY; ++i)
    ck_assert_int_eq(wx_turnover_turn(turnover), 0);
  ck_assert_int_eq(wx_turnover_check(turnover), 0);
  // One that was overwritten is found.
  if (patches(_i)) {
    void *view;
    void *some = wx_turnover_some(turnover);
    ck_assert_int_eq(wx_allocator_map_rw(allocator, some, 64, true, &view), 0);
    ck_assert_int_eq(wx_codegen_emit(view, 64, 1U << 30), 0);
    ck_assert_int_eq(wx_allocator_unmap_rw(allocator, view), 0);
    ck_assert_int_eq(wx_turnover_check(turnover), -EILSEQ);
  }
  ck_assert_int_eq(wx_turnover_close(turnover), 0);
  ck_assert_int_eq(maker->close(maker), 0);
  ck_assert_int_eq(wx_allocator_close(allocator), 0);
}
END_TEST

int main(void) {
  const TTest *const tests[] = {
      functions_of_every_size_stay_whole_while_others_come_and_go,
      a_function_is_patched_where_that_is_promised_and_else_refused,
      what_is_no_function_is_neither_written_nor_released,
      blocks_go_back_when_they_are_empty_all_but_one_of_a_size,
      every_failed_system_call_is_survived_without_a_leak,
      a_failed_write_is_told_and_can_be_repeated,
      after_a_failed_write_others_are_written_and_all_is_given_back,
      functions_run_in_a_forked_child_and_after_it_in_the_parent,
      a_thousand_functions_of_a_program_turn_over_and_are_whole,
  };
  wx_test_pkeys();
  int variants = 0;
  while (wx_strategy_at((size_t)variants))
    ++variants;
  return wx_suite_run_variants("functions", tests, sizeof tests / sizeof *tests, variants);
}
