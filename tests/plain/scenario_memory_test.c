// Memory that runs out: the n-th allocation fails, n raised until the operation succeeds. Each time
// it says so, and nothing is left. On the plain build, where allocation can be replaced.
#include "scenario/expect.h"
#include "scenario/runtimes.h"
#include "support/suite.h"
#include "support/written.h"

#include <errno.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void __libc_free(void *block);

// How many allocations of the operation are left until one fails; 0: none does.
static uint64_t left;
static bool failed;
static size_t allocated; // Bytes.

static bool must_fail(void) {
  if (left == 0 || --left > 0)
    return false;
  failed = true;
  errno = ENOMEM;
  return true;
}

// What every allocation of this program and its libraries calls.
void *replaced_malloc(size_t size) __asm__("malloc");
void *replaced_calloc(size_t count, size_t size) __asm__("calloc");
void *replaced_realloc(void *old, size_t size) __asm__("realloc");
void replaced_free(void *block) __asm__("free");

static void *booked(void *block) {
  allocated += malloc_usable_size(block);
  return block;
}

void *replaced_malloc(size_t size) {
  return must_fail() ? NULL : booked(__libc_malloc(size));
}

void *replaced_calloc(size_t count, size_t size) {
  return must_fail() ? NULL : booked(__libc_calloc(count, size));
}

void *replaced_realloc(void *old, size_t size) {
  if (must_fail())
    return NULL;
  allocated -= malloc_usable_size(old);
  return booked(__libc_realloc(old, size));
}

void replaced_free(void *block) {
  allocated -= malloc_usable_size(block);
  __libc_free(block);
}

// Returns how often an allocation was made to fail. `attempt` returns -ENOMEM then, or 0 where it
// could do without; it frees what it gets.
static uint64_t fail_each(int (*attempt)(void *context), void *context) {
  for (uint64_t nth = 1;; ++nth) {
    const size_t before = allocated;
    left = nth;
    failed = false;
    const int result = attempt(context);
    left = 0;
    if (!failed) {
      ck_assert_int_eq(result, 0);
      return nth - 1;
    }
    ck_assert_msg(result == -ENOMEM || result == 0, "allocation %lu: returned %d",
                  (unsigned long)nth, result);
    ck_assert_msg(allocated == before, "allocation %lu: %zd bytes are left", (unsigned long)nth,
                  (ssize_t)(allocated - before));
    ck_assert_uint_lt(nth, 100000);
  }
}

static int load(void *path) {
  WxScenario *scenario = NULL;
  WxComplaint complaint;
  const int result = wx_scenario_load(path, &scenario, &complaint);
  left = 0;
  wx_scenario_free(scenario);
  if (result)
    ck_assert_str_eq(complaint.text, "Cannot allocate memory");
  return result;
}

START_TEST(a_scenario_is_loaded_or_memory_is_said_to_be_out) {
  static char path[] = "scenarios/release_retains.yaml";
  ck_assert_int_eq(load(path), 0); // What the libraries keep for good is there from now on.
  ck_assert_uint_ge(fail_each(load, path), 100);
}
END_TEST

static int load_refused(void *path) {
  WxScenario *scenario = NULL;
  WxComplaint complaint;
  const int result = wx_scenario_load(path, &scenario, &complaint);
  return result == -EINVAL ? 0 : result;
}

START_TEST(a_refused_scenario_leaves_nothing_either) {
  char path[WRITTEN_PATH];
  written_text(path, "name: n\nshows: s\nround:\n- {act: nothing}\n");
  ck_assert_int_eq(load_refused(path), 0);
  ck_assert_uint_ge(fail_each(load_refused, path), 20);
  unlink(path);
}
END_TEST

static int judge(void *context) {
  const WxParameters *parameters = context;
  WxSample samples[2] = {wx_sample_unknown(1, "collected"), wx_sample_unknown(2, "collected")};
  WxResult result = {.strategy = "coreclr",
                     .metrics = wx_metrics_unknown(),
                     .samples = samples,
                     .sample_count = 2};
  result.metrics.retained_bytes = 1;
  WxExpectationResult *judged;
  size_t count;
  const int problem = wx_expect_judge(parameters, &result, 1, 0, &judged, &count);
  left = 0;
  wx_expect_free(judged, count);
  return problem;
}

START_TEST(judging_leaves_nothing) {
  WxExpectedValue value = {.number = "1"};
  WxExpectation expectations[] = {
      {.metric = "retained_bytes", .op = "eq", .value = &value},
      {.metric = "allocated_bytes", .op = "grows"},
  };
  const WxScenario scenario = {.name = "n", .expect = expectations, .expect_count = 2};
  WxParameters parameters = {&scenario, NULL, 0};
  ck_assert_int_eq(judge(&parameters), 0);
  ck_assert_uint_ge(fail_each(judge, &parameters), 5);
}
END_TEST

static int find_runtimes(void *context) {
  (void)context;
  WxRuntimes found;
  const int result = wx_runtimes_find(&found);
  left = 0;
  if (result == 0)
    wx_runtimes_free(&found);
  return result;
}

static int list_scenarios(void *context) {
  (void)context;
  char **names;
  size_t count;
  const int result = wx_scenario_names("scenarios", &names, &count);
  left = 0;
  if (result == 0)
    wx_scenario_names_free(names, count);
  return result;
}

START_TEST(looking_for_files_leaves_nothing) {
  ck_assert_int_eq(find_runtimes(NULL), 0);
  ck_assert_uint_ge(fail_each(find_runtimes, NULL), 1);
  ck_assert_int_eq(list_scenarios(NULL), 0);
  ck_assert_uint_ge(fail_each(list_scenarios, NULL), 10);
}
END_TEST

WX_TEST_MAIN("scenario_memory", a_scenario_is_loaded_or_memory_is_said_to_be_out,
             a_refused_scenario_leaves_nothing_either, judging_leaves_nothing,
             looking_for_files_leaves_nothing)
