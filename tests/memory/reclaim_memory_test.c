// Giving memory back where our own runs out: the process that is looked at stays as it was.
#include "memory/failing.h"
#include "reclaim/find.h"
#include "reclaim/freezer.h"
#include "reclaim/sidecar.h"
#include "reclaim/sweep.h"
#include "reclaim/target.h"
#include "support/double_map.h"
#include "support/suite.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGES = 64, PAGE = 4096 };

// A child that has a file of zero pages, nothing of it mapped.
static pid_t start_child(void) {
  int ends[2];
  ck_assert_int_eq(pipe(ends), 0);
  const pid_t pid = fork();
  if (pid == 0) {
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    DoubleMap map = double_map_make(PAGES * PAGE);
    double_map_writable(&map);
    for (size_t page = 0; page < PAGES; ++page)
      ((volatile char *)map.writable)[page * PAGE] = 0;
    double_map_drop_writable(&map);
    (void)!write(ends[1], "r", 1);
    for (;;)
      (void)pause();
  }
  char byte;
  ck_assert_int_eq(read(ends[0], &byte, 1), 1);
  (void)close(ends[0]);
  (void)close(ends[1]);
  return pid;
}

static int look_and_punch(void *context) {
  const pid_t pid = *(pid_t *)context;
  static WxSweepDone done;
  done = (WxSweepDone){0};
  WxMaps maps = {0};
  WxMemfds memfds = {0};
  WxTarget target;
  int result = wx_reclaim_find(&memfds, pid, &maps, WX_DOUBLEMAPPER_NAME, NULL);
  if (!result)
    result = wx_target_open(&target, pid, &memfds.items[0], NULL);
  if (!result) {
    result = wx_target_look(&target, NULL);
    const WxSweep sweep = {.fd = target.fd,
                           .holders = &target.holders,
                           .freezer = &wx_freezer_none,
                           .max_pause_ns = WX_RECLAIM_PAUSE_NS,
                           .where = &target.orphaned};
    if (!result)
      result = wx_sweep_run(&sweep, &done, NULL);
    wx_target_close(&target);
  }
  wx_memfds_free(&memfds);
  wx_maps_free(&maps);
  return result;
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
  pid_t pid = start_child();
  ck_assert_uint_ge(memory_fail_each(estimate, &pid), 10);
  ck_assert_uint_ge(memory_fail_each(look_and_punch, &pid), 10);
  ck_assert_int_eq(kill(pid, SIGKILL), 0);
  ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
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
  pid_t pid = start_child();
  ck_assert_uint_ge(memory_fail_each(beside, &pid), 1);
  ck_assert_int_eq(kill(pid, SIGKILL), 0);
  ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}
END_TEST

WX_TEST_MAIN("reclaim_memory", a_reclaim_is_done_or_memory_is_said_to_be_out,
             a_sidecar_starts_or_memory_is_said_to_be_out)
