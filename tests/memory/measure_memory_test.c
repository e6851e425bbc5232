// Looking at a process where memory runs out. (Inside an attempt nothing is asserted before memory
// suffices again: libcheck allocates.)
#include "measure/cgroup.h"
#include "measure/observe.h"
#include "measure/orphans.h"
#include "measure/process_status.h"
#include "measure/runtime.h"
#include "measure/sampling.h"
#include "measure/smaps.h"
#include "memory/failing.h"
#include "support/double_map.h"
#include "support/suite.h"
#include "support/written.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SIZE = 1 << 20 };

static int load_maps(void *path) {
  WxMaps maps = {0};
  WxDamage damage;
  const int result = wx_maps_load(&maps, path, &damage);
  wx_maps_free(&maps);
  return result;
}

static int load_smaps(void *path) {
  WxSmaps smaps = {0};
  WxDamage damage;
  const int result = wx_smaps_load(&smaps, path, &damage);
  wx_smaps_free(&smaps);
  return result;
}

static int load_damaged(void *path) {
  WxMaps maps = {0};
  WxDamage damage;
  const int result = wx_maps_load(&maps, path, &damage);
  wx_maps_free(&maps);
  return result == -EINVAL ? 0 : result;
}

START_TEST(saved_mappings_are_read_or_memory_is_said_to_be_out) {
  static char smaps[] = "tests/fixtures/audit.smaps";
  char path[WRITTEN_PATH], damaged[WRITTEN_PATH];
  written_text(path, "1000-2000 r--p 00000000 08:01 7    /usr/bin/app\n"
                     "3000-4000 rw-p 00000000 00:00 0    [heap]\n");
  written_text(damaged, "1000-2000 r--p 00000000 08:01 7    /usr/bin/app\nnonsense\n");
  ck_assert_uint_ge(memory_fail_each(load_maps, path), 3);
  ck_assert_uint_ge(memory_fail_each(load_damaged, damaged), 3);
  ck_assert_uint_ge(memory_fail_each(load_smaps, smaps), 4);
  unlink(path);
  unlink(damaged);
}
END_TEST

static int read_own(void *context) {
  (void)context;
  WxMaps maps = {0};
  WxSmaps smaps = {0};
  WxText text = {0};
  WxProcesses family = {0};
  WxProcessStatus status;
  WxProcessPss pss;
  uint64_t started;
  int result = wx_maps_read(&maps, 0);
  if (!result)
    result = wx_smaps_read(&smaps, 0);
  if (!result)
    result = wx_process_status(&status, 0, &text);
  if (!result)
    result = wx_process_pss(&pss, 0, &text);
  if (!result)
    result = wx_process_start_time(0, &started, &text);
  if (!result)
    result = wx_process_descendants(&family, getpid(), &text);
  if (!result)
    result = wx_process_all(&family);
  WxRuntime runtime = wx_runtime_find(&maps);
  if (!result)
    result = wx_runtime_identify(&runtime, 0, &maps);
  wx_processes_free(&family);
  wx_text_free(&text);
  wx_smaps_free(&smaps);
  wx_maps_free(&maps);
  return result;
}

START_TEST(a_process_is_read_or_memory_is_said_to_be_out) {
  ck_assert_uint_ge(memory_fail_each(read_own, NULL), 10);
}
END_TEST

static int read_group(void *context) {
  (void)context;
  static WxCgroup group;
  WxText text = {0};
  WxCgroupFigures figures;
  int result = wx_cgroup_find(&group, 0, "", &text);
  if (!result)
    result = wx_cgroup_read(&figures, &group, &text);
  wx_text_free(&text);
  return result;
}

START_TEST(a_group_is_read_or_memory_is_said_to_be_out) {
  ck_assert_uint_ge(memory_fail_each(read_group, NULL), 2);
}
END_TEST

static int observe_self(void *context) {
  const WxObserverOptions options = {.name = WX_DOUBLEMAPPER, .scope = WX_MAPPERS_FAMILY};
  WxObserver *observer;
  int result = wx_observer_open(&observer, &options);
  if (result)
    return result;
  WxSnapshot snapshot;
  result = wx_observer_take(observer, &snapshot);
  wx_observer_close(observer);
  memory_suffices();
  const bool unknown = !wx_known(snapshot.allocated_bytes) && !wx_known(snapshot.rss_bytes);
  ck_assert(result ? unknown : snapshot.orphaned_bytes == *(WxFigure *)context);
  return result;
}

START_TEST(a_sample_has_all_its_figures_or_none) {
  DoubleMap map = double_map_make(SIZE);
  double_map_writable(&map);
  double_map_write(&map);
  double_map_drop_writable(&map);
  WxFigure orphaned = SIZE;
  ck_assert_uint_ge(memory_fail_each(observe_self, &orphaned), 15);
  double_map_free(&map);
}
END_TEST

static int take(void *context, pid_t pid, const WxStep *step) {
  return wx_sampling_take(context, pid, step);
}

static int say_steps(WxStepChannel channel, void *context) {
  (void)context;
  static const char *const steps[] = {"start", "generated", "collected", "end"};
  for (size_t i = 0; i < sizeof steps / sizeof *steps; ++i)
    if (wx_step_write(channel, 0, steps[i], 0))
      return 1;
  return 0;
}

static int observe_child(void *context) {
  (void)context;
  WxSampling sampling = {.file = WX_DOUBLEMAPPER};
  const char *const environment[] = {"ONE=1", "TWO", NULL};
  const WxObserveOptions options = {.child = say_steps,
                                    .environment = environment,
                                    .output = WX_STREAM_CAPTURE,
                                    .on_step = take,
                                    .context = &sampling};
  WxObserved observed = {0};
  int result = wx_observe(&options, &observed);
  if (!result && observed.outcome == WX_OBSERVED_STOPPED)
    result = observed.stopped_by;
  else if (!result && observed.outcome != WX_OBSERVED_ENDED)
    result = -EPROTO;
  wx_observed_free(&observed);
  wx_sampling_free(&sampling);
  return result;
}

START_TEST(an_observation_ends_its_program_where_memory_runs_out) {
  ck_assert_uint_ge(memory_fail_each(observe_child, NULL), 15);
}
END_TEST

// A list so long and dense that it is sorted by its bits, for which there may be no memory.
static int normalize(void *context) {
  (void)context;
  enum { COUNT = 2000, PAGE = 4096 };
  WxExtents extents = {0}, difference = {0};
  const WxExtents nothing = {0};
  int result = 0;
  for (uint64_t i = 0; i < COUNT && !result; ++i) {
    const uint64_t page = i * 7919 % COUNT * 2;
    result = wx_extents_add(&extents, page * PAGE, (page + 1) * PAGE);
  }
  wx_extents_normalize(&extents);
  if (!result)
    result = wx_extents_subtract(&difference, &extents, &nothing);
  memory_suffices();
  ck_assert(result || (difference.count == COUNT && difference.items[1].start == 2 * PAGE));
  wx_extents_free(&extents);
  wx_extents_free(&difference);
  return result;
}

START_TEST(extents_are_sorted_with_and_without_memory_for_it) {
  ck_assert_uint_ge(memory_fail_each(normalize, NULL), 3);
}
END_TEST

WX_TEST_MAIN("measure_memory", saved_mappings_are_read_or_memory_is_said_to_be_out,
             a_process_is_read_or_memory_is_said_to_be_out,
             a_group_is_read_or_memory_is_said_to_be_out, a_sample_has_all_its_figures_or_none,
             an_observation_ends_its_program_where_memory_runs_out,
             extents_are_sorted_with_and_without_memory_for_it)
