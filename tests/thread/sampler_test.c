// A thread that samples while the program goes on.
#include "measure/memfd.h"
#include "measure/sampler.h"
#include "support/double_map.h"
#include "support/suite.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGE = 4096, MILLISECOND = 1000000 };

static WxSampler *start(pid_t pid, uint64_t interval_ns, size_t capacity) {
  const WxObserverOptions options = {
      .pid = pid, .name = WX_DOUBLEMAPPER, .scope = WX_MAPPERS_FAMILY};
  WxSampler *sampler = NULL;
  ck_assert_int_eq(wx_sampler_start(&sampler, &options, interval_ns, capacity), 0);
  return sampler;
}

START_TEST(samples_are_taken_while_the_program_maps_and_unmaps) {
  WxSampler *sampler = start(0, 0, 64);
  DoubleMap map = double_map_make(16 * PAGE);
  for (uint64_t reached = 0; reached < 10; reached = wx_sampler_wait(sampler, reached + 1)) {
    double_map_writable(&map);
    double_map_write(&map);
    double_map_drop_writable(&map);
    double_map_punch(&map, 0, 8 * PAGE);
  }
  ck_assert_int_eq(wx_sampler_stop(sampler), 0);
  for (size_t i = 0; i < wx_sampler_count(sampler); ++i) {
    const WxSnapshot *snapshot = wx_sampler_at(sampler, i);
    ck_assert_int_ge(snapshot->allocated_bytes, 0);
    ck_assert_int_le(snapshot->allocated_bytes, 16 * PAGE);
    if (!snapshot->estimate)
      ck_assert_int_eq(snapshot->allocated_bytes,
                       snapshot->mapped_bytes + snapshot->orphaned_bytes);
  }
  wx_sampler_free(sampler);
  double_map_free(&map);
}
END_TEST

START_TEST(the_last_samples_are_kept_oldest_first) {
  WxSampler *sampler = start(0, 0, 3);
  ck_assert_uint_ge(wx_sampler_wait(sampler, 8), 8);
  ck_assert_int_eq(wx_sampler_stop(sampler), 0);
  ck_assert_uint_ge(wx_sampler_taken(sampler), 8);
  ck_assert_uint_eq(wx_sampler_count(sampler), 3);
  for (size_t i = 1; i < 3; ++i)
    ck_assert_uint_gt(wx_sampler_at(sampler, i)->t_ns, wx_sampler_at(sampler, i - 1)->t_ns);
  wx_sampler_free(sampler);
}
END_TEST

START_TEST(stopping_does_not_wait_for_the_interval) {
  WxSampler *sampler = start(0, UINT64_MAX / 4, 8);
  ck_assert_uint_eq(wx_sampler_wait(sampler, 1), 1);
  ck_assert_int_eq(wx_sampler_stop(sampler), 0);
  ck_assert_uint_eq(wx_sampler_taken(sampler), 1);
  wx_sampler_free(sampler);
}
END_TEST

START_TEST(samples_are_at_least_an_interval_apart) {
  WxSampler *sampler = start(0, 2 * MILLISECOND, 16);
  ck_assert_uint_ge(wx_sampler_wait(sampler, 5), 5);
  ck_assert_int_eq(wx_sampler_stop(sampler), 0);
  for (size_t i = 1; i < wx_sampler_count(sampler); ++i)
    ck_assert_uint_ge(wx_sampler_at(sampler, i)->t_ns - wx_sampler_at(sampler, i - 1)->t_ns,
                      2 * MILLISECOND);
  wx_sampler_free(sampler);
}
END_TEST

START_TEST(a_process_that_ends_ends_its_sampler) {
  const pid_t child = fork();
  ck_assert_int_ge(child, 0);
  if (child == 0) {
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;)
      (void)pause();
  }
  WxSampler *sampler = start(child, 0, 8);
  ck_assert_uint_ge(wx_sampler_wait(sampler, 2), 2);
  ck_assert_int_eq(kill(child, SIGKILL), 0);
  ck_assert_int_eq(waitpid(child, NULL, 0), child);
  (void)wx_sampler_wait(sampler, UINT64_MAX); // Returns, since it ends by itself.
  ck_assert_int_eq(wx_sampler_stop(sampler), -ESRCH);
  ck_assert_int_eq(wx_sampler_stop(sampler), -ESRCH);
  wx_sampler_free(sampler);
}
END_TEST

WX_TEST_MAIN("sampler", samples_are_taken_while_the_program_maps_and_unmaps,
             the_last_samples_are_kept_oldest_first, stopping_does_not_wait_for_the_interval,
             samples_are_at_least_an_interval_apart, a_process_that_ends_ends_its_sampler)
