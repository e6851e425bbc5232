// What the model promises on every strategy of the registry and for every version.
#include "clr/clr_process.h"
#include "support/inject.h"
#include "support/pkeys.h"
#include "support/suite.h"

#include <errno.h>

enum { KIB = 1024, METHOD = 600, ASSEMBLIES = 12, DYNAMIC = 24 };

typedef struct {
  const WxStrategy *strategy;
  const WxClrVersion *version;
} WxPairing;

// A runtime puts several methods into one page: no use to it is what cannot be written again.
static const WxStrategy *usable(int index) {
  wx_test_pkeys();
  const WxStrategy *strategy;
  for (size_t i = 0; (strategy = wx_strategy_at(i)); ++i)
    if (strategy->capabilities & WX_CAN_PATCH && index-- == 0)
      return strategy;
  return NULL;
}

static int strategies(void) {
  int count = 0;
  while (usable(count))
    ++count;
  return count;
}

static int versions(void) {
  int count = 0;
  while (wx_clr_version_at((size_t)count))
    ++count;
  return count;
}

// Each strategy under .NET 8, then each version over the runtime's own strategy.
static WxPairing pairing(int index) {
  const int of_version = index - strategies();
  if (of_version < 0)
    return (WxPairing){usable(index), wx_clr_version_find("net8")};
  return (WxPairing){wx_strategy_find("coreclr"), wx_clr_version_at((size_t)of_version)};
}

static int open_allocator(const WxPairing *pair, WxAllocator **allocator) {
  WxStrategyOptions options = wx_strategy_options_default();
  const int result = wx_clr_version_options(pair->version, &options);
  return result ? result : wx_allocator_open(pair->strategy, &options, allocator);
}

static WxAllocator *allocator;

static WxClr *start_model(int index) {
  const WxPairing pair = pairing(index);
  ck_assert_int_eq(open_allocator(&pair, &allocator), 0);
  WxClr *clr;
  ck_assert_int_eq(wx_clr_open(pair.version, allocator, &clr), 0);
  ck_assert_int_eq(wx_clr_start(clr), 0);
  return clr;
}

static void close_model(WxClr *clr) {
  ck_assert_int_eq(wx_clr_close(clr), 0);
  ck_assert_int_eq(wx_allocator_close(allocator), 0);
}

static void collect(WxClr *clr) {
  for (int i = 0; i < 3; ++i)
    ck_assert_int_eq(wx_clr_gc(clr), 0);
}

static WxClrAssembly *make_assembly(WxClr *clr) {
  WxClrAssembly *assembly;
  ck_assert_int_eq(wx_clr_assembly(clr, 4000, &assembly), 0);
  ck_assert_int_eq(wx_clr_type(clr, assembly, 30), 0);
  for (int i = 0; i < 100; ++i)
    ck_assert_int_eq(wx_clr_jit(clr, assembly, METHOD), 0);
  return assembly;
}

START_TEST(code_is_right_before_and_after_neighbours_end_and_are_made_again) {
  WxClr *clr = start_model(_i);
  WxClrAssembly *assemblies[ASSEMBLIES];
  WxClrDynamic *methods[DYNAMIC];
  for (int round = 0; round < 3; ++round) {
    for (int i = round ? 1 : 0; i < ASSEMBLIES; i += round ? 2 : 1)
      assemblies[i] = make_assembly(clr);
    for (int i = round ? 1 : 0; i < DYNAMIC; i += round ? 2 : 1)
      ck_assert_int_eq(wx_clr_dynamic(clr, 5000, &methods[i]), 0);
    ck_assert_int_eq(wx_clr_check(clr), 0);
    for (int i = 1; i < ASSEMBLIES; i += 2)
      wx_clr_unload(clr, assemblies[i]);
    for (int i = 1; i < DYNAMIC; i += 2)
      wx_clr_drop(clr, methods[i]);
    collect(clr);
    ck_assert_int_eq(wx_clr_check(clr), 0);
  }
  close_model(clr);
}
END_TEST

START_TEST(what_is_unloaded_and_dropped_is_released_whole) {
  WxClr *clr = start_model(_i);
  WxClrDynamic *method;
  ck_assert_int_eq(wx_clr_dynamic(clr, 100, &method), 0); // The descriptor of a method stays.
  wx_clr_drop(clr, method);
  collect(clr);
  const WxClrUsage before = wx_clr_usage(clr);
  for (int i = 0; i < ASSEMBLIES; ++i)
    wx_clr_unload(clr, make_assembly(clr));
  for (int i = 0; i < DYNAMIC; ++i) {
    ck_assert_int_eq(wx_clr_dynamic(clr, 5000, &method), 0);
    wx_clr_drop(clr, method);
    collect(clr); // So that one descriptor is enough.
  }
  collect(clr);
  const WxClrUsage after = wx_clr_usage(clr);
  ck_assert_uint_eq(after.blocks, before.blocks);
  ck_assert_uint_eq(after.reserved_bytes, before.reserved_bytes);
  ck_assert_uint_eq(after.live_bytes, before.live_bytes);
  close_model(clr);
}
END_TEST

START_TEST(code_never_collected_is_kept) {
  WxClr *clr = start_model(_i);
  make_assembly(clr);
  ck_assert_int_eq(wx_clr_jit(clr, NULL, METHOD), 0);
  const uint64_t blocks = wx_clr_usage(clr).blocks;
  collect(clr);
  ck_assert_uint_eq(wx_clr_usage(clr).blocks, blocks);
  ck_assert_uint_eq(wx_clr_counts_total(wx_clr_counts(clr), WX_CLR_RELEASES), 0);
  close_model(clr);
}
END_TEST

// Tries an event again after it failed; remembers the failure.
static int failed;

static int again(int first, int second) {
  failed = first ? first : failed;
  return second;
}

#define TRY(CALL)                                                                                  \
  do {                                                                                             \
    const int tried = (CALL);                                                                      \
    const int result = tried ? again(tried, (CALL)) : 0;                                           \
    if (result)                                                                                    \
      return result;                                                                               \
  } while (0)

static int little_life(WxClr *clr) {
  WxClrAssembly *assembly;
  WxClrDynamic *method;
  TRY(wx_clr_assembly(clr, 3000, &assembly));
  TRY(wx_clr_type(clr, assembly, 40));
  TRY(wx_clr_jit(clr, assembly, METHOD));
  TRY(wx_clr_dynamic(clr, 6000, &method));
  TRY(wx_clr_check(clr));
  wx_clr_unload(clr, assembly);
  wx_clr_drop(clr, method);
  for (int i = 0; i < 2; ++i)
    TRY(wx_clr_gc(clr));
  return wx_clr_check(clr);
}

// A program from opening to closing. A failed event is tried again, a failed end too.
static int little_program(void *context) {
  failed = 0;
  WxAllocator *opened;
  int result = open_allocator(context, &opened);
  if (result)
    return result;
  WxClr *clr;
  ck_assert_int_eq(wx_clr_open(((WxPairing *)context)->version, opened, &clr), 0);
  result = wx_clr_start(clr);
  if (!result)
    result = little_life(clr);
  const int closed = wx_clr_close(clr);
  if (closed)
    ck_assert_int_eq(wx_clr_close(clr), 0);
  const int ended = wx_allocator_close(opened);
  if (ended)
    ck_assert_int_eq(wx_allocator_close(opened), 0);
  const int all[] = {result, failed, closed, ended};
  for (size_t i = 0; i < sizeof all / sizeof *all; ++i)
    if (all[i])
      return all[i];
  return 0;
}

START_TEST(any_failed_system_call_can_be_repeated_and_leaves_nothing) {
  WxPairing pair = pairing(_i);
  const uint64_t failures = wx_inject_without_leak(ENOMEM, little_program, &pair);
  ck_assert_uint_gt(failures, 5);
}
END_TEST

int main(void) {
  const TTest *const tests[] = {
      code_is_right_before_and_after_neighbours_end_and_are_made_again,
      what_is_unloaded_and_dropped_is_released_whole,
      code_never_collected_is_kept,
      any_failed_system_call_can_be_repeated_and_leaves_nothing,
  };
  return wx_suite_run_variants("clr", tests, sizeof tests / sizeof *tests,
                               strategies() + versions());
}
