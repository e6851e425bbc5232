// Giving memory back where our own runs out: the process that is looked at stays as it was.
#include "measure/memfd.h"
#include "memory/failing.h"
#include "reclaim/sidecar.h"
#include "support/bystander.h"
#include "support/double_map.h"
#include "support/suite.h"
#include "support/unfrozen.h"

enum { PAGES = 64, PAGE = 4096 };

// A file of zero pages, nothing of it mapped.
static void make_zeros(void) {
  DoubleMap map = double_map_make(PAGES * PAGE);
  double_map_writable(&map);
  for (size_t page = 0; page < PAGES; ++page)
    ((volatile char *)map.writable)[page * PAGE] = 0;
  double_map_drop_writable(&map);
}

static int look_and_punch(void *context) {
  return wx_sweep_unfrozen(*(pid_t *)context, WX_DOUBLEMAPPER_NAME);
}

static int estimate(void *context) {
  WxReclaim result;
  WxProblem problem = {""};
  const WxReclaimOptions options = {.dry_run = true, .memfd = WX_DOUBLEMAPPER_NAME};
  const int failed = wx_reclaim_once(*(pid_t *)context, &options, &result, &problem);
  memory_suffices();
  ck_assert(failed || result.punched_bytes == PAGES * PAGE);
  return failed;
}

START_TEST(a_reclaim_is_done_or_memory_is_said_to_be_out) {
  pid_t pid = wx_bystander_start(make_zeros);
  ck_assert_uint_ge(memory_fail_each(estimate, &pid), 10);
  ck_assert_uint_ge(memory_fail_each(look_and_punch, &pid), 10);
  wx_bystander_end(pid);
}
END_TEST

static int beside(void *context) {
  const WxReclaimOptions options = {.memfd = WX_DOUBLEMAPPER_NAME};
  WxSidecar *sidecar = NULL;
  const int result = wx_sidecar_start(*(pid_t *)context, 1000000000, &options, &sidecar);
  memory_suffices();
  return result ? result : wx_sidecar_stop(sidecar, NULL, NULL);
}

START_TEST(a_sidecar_starts_or_memory_is_said_to_be_out) {
  pid_t pid = wx_bystander_start(make_zeros);
  ck_assert_uint_ge(memory_fail_each(beside, &pid), 1);
  wx_bystander_end(pid);
}
END_TEST

WX_TEST_MAIN("reclaim_memory", a_reclaim_is_done_or_memory_is_said_to_be_out,
             a_sidecar_starts_or_memory_is_said_to_be_out)
