// Observing a process with very many mappings: buffers are used again, nothing is changed in it.
#include "measure/memfd.h"
#include "measure/observe.h"
#include "measure/snapshot.h"
#include "os/process.h"
#include "support/bystander.h"
#include "support/double_map.h"
#include "support/suite.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PAGE = 4096, MAPPINGS = 60000, RESERVE_FOR_OTHERS = 1000 };

/// Buffers of a fixed size: three to read through, two to read maps by pieces (it is read twice)
/// and one to sort in; whatever the number of mappings.
enum { ALLOCATIONS_OF_A_SAMPLE = 6 };

static _Atomic uint64_t allocations;

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

void *malloc(size_t size) {
  ++allocations;
  return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
  ++allocations;
  return __libc_calloc(count, size);
}

void *realloc(void *old, size_t size) {
  ++allocations;
  return __libc_realloc(old, size);
}

static long map_limit(void) {
  long limit = 0;
  FILE *file = fopen("/proc/sys/vm/max_map_count", "re");
  if (file) {
    if (fscanf(file, "%ld", &limit) != 1)
      limit = 0;
    (void)fclose(file);
  }
  return limit;
}

// Every other page executable: each page is a mapping of its own. Every third one is written.
static void make_mappings(void) {
  DoubleMap map = double_map_make((size_t)MAPPINGS * PAGE);
  double_map_writable(&map);
  for (size_t i = 0; i < MAPPINGS; i += 3)
    map.writable[i * PAGE] = 1;
  for (size_t i = 0; i < MAPPINGS; i += 2)
    ck_assert_int_eq(mprotect(map.writable + i * PAGE, PAGE, PROT_READ | PROT_EXEC), 0);
}

static void check_sample(const WxSnapshot *snapshot) {
  ck_assert_int_eq(snapshot->allocated_bytes, (WxFigure)(MAPPINGS / 3) * PAGE);
  ck_assert_int_eq(snapshot->mapped_bytes, snapshot->allocated_bytes);
  ck_assert_int_eq(snapshot->orphaned_bytes, 0);
  ck_assert_int_eq(snapshot->doublemapper_mappings, MAPPINGS);
  ck_assert_int_ge(snapshot->mappings, MAPPINGS);
  ck_assert(!snapshot->estimate);
}

START_TEST(a_sample_of_sixty_thousand_mappings_uses_its_buffers_again) {
  if (map_limit() < MAPPINGS + RESERVE_FOR_OTHERS) {
    WX_SKIP("vm.max_map_count is below %d", MAPPINGS + RESERVE_FOR_OTHERS);
    return;
  }
  const pid_t target = wx_bystander_start(make_mappings);
  const WxObserverOptions options = {
      .pid = target, .name = WX_DOUBLEMAPPER, .scope = WX_MAPPERS_FAMILY};
  WxObserver *observer;
  WxSnapshot snapshot;
  ck_assert_int_eq(wx_observer_open(&observer, &options), 0);
  ck_assert_int_eq(wx_observer_take(observer, &snapshot), 0); // Makes room.
  check_sample(&snapshot);
  const uint64_t before = allocations;
  const uint64_t begun = wx_os_now_ns();
  ck_assert_int_eq(wx_observer_take(observer, &snapshot), 0);
  const uint64_t used = wx_os_now_ns() - begun;
  ck_assert_uint_le(allocations - before, ALLOCATIONS_OF_A_SAMPLE);
  check_sample(&snapshot);
  printf("# %d mappings: one sample in %.1f ms\n", MAPPINGS, (double)used / 1e6);
  wx_observer_close(observer);
  wx_bystander_end(target);
}
END_TEST

START_TEST(a_thousand_samples_leave_what_the_target_holds) {
  DoubleMap map = double_map_make(64 * PAGE);
  double_map_writable(&map);
  double_map_executable(&map);
  memset(map.writable, 1, 16 * PAGE); // The other pages are mapped holes.
  const uint64_t before = double_map_allocated(&map);
  ck_assert_uint_eq(before, 16 * PAGE);
  const WxObserverOptions options = {.name = WX_DOUBLEMAPPER, .scope = WX_MAPPERS_FAMILY};
  WxObserver *observer;
  ck_assert_int_eq(wx_observer_open(&observer, &options), 0);
  for (int i = 0; i < 1000; ++i) {
    WxSnapshot snapshot;
    ck_assert_int_eq(wx_observer_take(observer, &snapshot), 0);
    ck_assert_int_eq(snapshot.allocated_bytes, 16 * PAGE);
  }
  wx_observer_close(observer);
  ck_assert_uint_eq(double_map_allocated(&map), before);
  double_map_free(&map);
}
END_TEST

WX_TEST_MAIN("observer", a_sample_of_sixty_thousand_mappings_uses_its_buffers_again,
             a_thousand_samples_leave_what_the_target_holds)
