// One sample of a process: what a double-mapped file holds, what of it is mapped, what is orphaned.
#include "measure/memfd.h"
#include "measure/process_status.h"
#include "measure/sampling.h"
#include "measure/snapshot.h"
#include "os/count.h"
#include "support/double_map.h"
#include "support/inject.h"
#include "support/suite.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SIZE = 16 * 1024 * 1024, PAGE = 4096 };

static WxSnapshot sample(pid_t pid, WxMapperScope scope) {
  const WxObserverOptions options = {.pid = pid, .name = WX_DOUBLEMAPPER, .scope = scope};
  WxObserver *observer;
  ck_assert_int_eq(wx_observer_open(&observer, &options), 0);
  WxSnapshot snapshot;
  ck_assert_int_eq(wx_observer_take(observer, &snapshot), 0);
  wx_observer_close(observer);
  return snapshot;
}

static WxSnapshot sample_self(void) {
  return sample(0, WX_MAPPERS_FAMILY);
}

static void check_files(const WxSnapshot *snapshot, WxFigure allocated, WxFigure mapped,
                        WxFigure mappings) {
  ck_assert_int_eq(snapshot->allocated_bytes, allocated);
  ck_assert_int_eq(snapshot->mapped_bytes, mapped);
  ck_assert_int_eq(snapshot->orphaned_bytes, allocated - mapped);
  ck_assert_int_eq(snapshot->doublemapper_mappings, mappings);
  ck_assert(!snapshot->estimate);
}

START_TEST(a_process_without_the_file_holds_nothing_and_that_is_known) {
  const WxSnapshot snapshot = sample_self();
  check_files(&snapshot, 0, 0, 0);
  ck_assert_int_eq(snapshot.inodes, 0);
  ck_assert_int_eq(snapshot.mappers_unreadable, 0);
}
END_TEST

// The table of states: what each source says of 16 MiB.
START_TEST(each_state_of_a_block_has_its_exact_figures) {
  DoubleMap map = double_map_make(SIZE);
  const WxSnapshot none = sample_self();
  check_files(&none, 0, 0, 0);
  ck_assert_int_eq(none.inodes, 1);

  double_map_writable(&map);
  double_map_write(&map);
  const WxSnapshot written = sample_self();
  check_files(&written, SIZE, SIZE, 1);
  ck_assert_int_eq(written.rss_shmem_bytes - none.rss_shmem_bytes, SIZE);
  ck_assert_int_eq(written.pss_shmem_bytes - none.pss_shmem_bytes, SIZE);

  double_map_executable(&map);
  double_map_touch(&map);
  const WxSnapshot both = sample_self();
  check_files(&both, SIZE, SIZE, 2);
  ck_assert_int_eq(both.rss_shmem_bytes - none.rss_shmem_bytes, 2 * SIZE);
  ck_assert_int_eq(both.pss_shmem_bytes - none.pss_shmem_bytes, SIZE);

  double_map_drop_writable(&map);
  const WxSnapshot one = sample_self();
  check_files(&one, SIZE, SIZE, 1);
  ck_assert_int_eq(one.rss_shmem_bytes - none.rss_shmem_bytes, SIZE);

  double_map_drop_executable(&map);
  const WxSnapshot unmapped = sample_self();
  check_files(&unmapped, SIZE, 0, 0);
  ck_assert_int_eq(unmapped.rss_shmem_bytes, none.rss_shmem_bytes);
  ck_assert_int_eq(unmapped.pss_shmem_bytes, none.pss_shmem_bytes);

  double_map_punch(&map, 0, SIZE);
  const WxSnapshot punched = sample_self();
  check_files(&punched, 0, 0, 0);
  double_map_free(&map);
}
END_TEST

START_TEST(partly_mapped_pages_are_told_from_orphaned_ones_to_the_page) {
  DoubleMap map = double_map_make(8 * PAGE);
  double_map_writable(&map);
  double_map_write(&map);
  double_map_punch(&map, 2 * PAGE, PAGE);
  ck_assert_int_eq(munmap(map.writable + PAGE, 4 * PAGE), 0); // Pages 1 to 4; 2 is a hole.
  const WxSnapshot snapshot = sample_self();
  check_files(&snapshot, 7 * PAGE, 4 * PAGE, 2);
  double_map_free(&map);
}
END_TEST

START_TEST(a_reservation_without_pages_is_neither_allocated_nor_mapped) {
  DoubleMap map = double_map_make(SIZE);
  double_map_executable(&map);
  const WxSnapshot snapshot = sample_self();
  check_files(&snapshot, 0, 0, 1);
  double_map_free(&map);
}
END_TEST

START_TEST(two_files_of_that_name_are_added_and_the_template_is_not) {
  DoubleMap first = double_map_make(2 * PAGE);
  DoubleMap second = double_map_make(4 * PAGE);
  double_map_writable(&first);
  double_map_write(&first);
  double_map_writable(&second);
  double_map_write(&second);
  double_map_drop_writable(&second);
  const int template = memfd_create("doublemapper-template", 0);
  ck_assert_int_eq(ftruncate(template, PAGE), 0);
  ck_assert_int_eq(pwrite(template, "x", 1, 0), 1);
  const WxSnapshot snapshot = sample_self();
  check_files(&snapshot, 6 * PAGE, 2 * PAGE, 1);
  ck_assert_int_eq(snapshot.inodes, 2);
  ck_assert_int_eq(close(template), 0);
  double_map_free(&first);
  double_map_free(&second);
}
END_TEST

// A child that runs `body` until it is killed; it has said by a byte that it is ready.
static pid_t start(void (*body)(void *), void *context) {
  int ready[2];
  ck_assert_int_eq(pipe(ready), 0);
  const pid_t pid = fork();
  ck_assert_int_ge(pid, 0);
  if (pid == 0) {
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (body)
      body(context);
    (void)!write(ready[1], "r", 1);
    for (;;)
      (void)pause();
  }
  char byte;
  ck_assert_int_eq(read(ready[0], &byte, 1), 1);
  ck_assert_int_eq(close(ready[0]), 0);
  ck_assert_int_eq(close(ready[1]), 0);
  return pid;
}

static void finish(pid_t pid) {
  ck_assert_int_eq(kill(pid, SIGKILL), 0);
  ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

START_TEST(what_only_a_forked_child_maps_is_mapped) {
  DoubleMap map = double_map_make(4 * PAGE);
  double_map_writable(&map);
  double_map_write(&map);
  const pid_t child = start(NULL, NULL);
  double_map_drop_writable(&map);
  const WxSnapshot family = sample_self();
  check_files(&family, 4 * PAGE, 4 * PAGE, 0);
  ck_assert_int_eq(family.mappers_checked, 2);
  finish(child);
  const WxSnapshot alone = sample_self();
  check_files(&alone, 4 * PAGE, 0, 0);
  ck_assert_int_eq(alone.mappers_checked, 1);
  double_map_free(&map);
}
END_TEST

START_TEST(what_only_the_parent_maps_is_orphaned_in_the_family_and_mapped_among_all) {
  DoubleMap map = double_map_make(4 * PAGE);
  double_map_writable(&map);
  double_map_write(&map);
  const pid_t child = start((void (*)(void *))double_map_drop_writable, &map);
  const WxSnapshot family = sample(child, WX_MAPPERS_FAMILY);
  check_files(&family, 4 * PAGE, 0, 0);
  const WxSnapshot all = sample(child, WX_MAPPERS_ALL);
  check_files(&all, 4 * PAGE, 4 * PAGE, 0);
  ck_assert_int_ge(all.mappers_checked, 2);
  finish(child);
  double_map_free(&map);
}
END_TEST

START_TEST(a_file_whose_descriptor_is_closed_is_found_by_its_mapping) {
  DoubleMap map = double_map_make(4 * PAGE);
  double_map_writable(&map);
  double_map_write(&map);
  ck_assert_int_eq(close(map.fd), 0);
  const WxSnapshot snapshot = sample_self();
  ck_assert_int_eq(snapshot.inodes, 1);
  ck_assert_int_eq(snapshot.doublemapper_mappings, 1);
  if (!wx_known(snapshot.allocated_bytes)) {
    ck_assert_int_eq(snapshot.mapped_bytes, WX_UNKNOWN);
    WX_SKIP("map_files needs CAP_CHECKPOINT_RESTORE");
  } else {
    check_files(&snapshot, 4 * PAGE, 4 * PAGE, 1);
  }
  ck_assert_int_eq(munmap(map.writable, map.size), 0);
}
END_TEST

// What an ordinary user may do, also where the tests run as root. For this process and its later
// children.
static void become_ordinary(void) {
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  const struct __user_cap_data_struct none[2] = {{0}};
  ck_assert_int_eq((int)syscall(SYS_capset, &header, none), 0);
}

static DoubleMap to_close;
static int closed_pipe[2];

static void close_file(int signal) {
  (void)signal;
  close(to_close.fd);
  (void)!write(closed_pipe[1], "c", 1);
}

static void map_to_close(void *context) {
  (void)context;
  double_map_writable(&to_close);
  double_map_write(&to_close);
  (void)signal(SIGUSR1, close_file);
}

// Starts a child that alone has a file, mapped, and closes it at SIGUSR1.
static pid_t start_closer(void) {
  to_close = double_map_make(4 * PAGE);
  ck_assert_int_eq(pipe(closed_pipe), 0);
  const pid_t pid = start(map_to_close, NULL);
  double_map_free(&to_close);
  return pid;
}

static void let_it_close(pid_t pid) {
  char byte;
  ck_assert_int_eq(kill(pid, SIGUSR1), 0);
  ck_assert_int_eq(read(closed_pipe[0], &byte, 1), 1);
}

// Samples a closer while it has its file open, and after it has closed it.
static WxSnapshot sample_closed(bool keeps) {
  become_ordinary();
  const pid_t pid = start_closer();
  const WxObserverOptions options = {
      .pid = pid, .name = WX_DOUBLEMAPPER, .scope = WX_MAPPERS_FAMILY, .keeps = keeps};
  WxObserver *observer;
  WxSnapshot snapshot;
  ck_assert_int_eq(wx_observer_open(&observer, &options), 0);
  ck_assert_int_eq(wx_observer_take(observer, &snapshot), 0);
  check_files(&snapshot, 4 * PAGE, 4 * PAGE, 1);
  ck_assert_ptr_null(snapshot.unknown);
  let_it_close(pid);
  ck_assert_int_eq(wx_observer_take(observer, &snapshot), 0);
  ck_assert_int_eq(snapshot.inodes, 1);
  const uint64_t held = wx_held().descriptors;
  wx_observer_close(observer);
  // Of the process, of the file.
  ck_assert_uint_eq(held - wx_held().descriptors, 1U + keeps);
  finish(pid);
  return snapshot;
}

START_TEST(a_closed_file_is_unknown_to_an_ordinary_user_and_why_is_said) {
  const WxSnapshot snapshot = sample_closed(false);
  ck_assert_int_eq(snapshot.allocated_bytes, WX_UNKNOWN);
  ck_assert_int_eq(snapshot.orphaned_bytes, WX_UNKNOWN);
  ck_assert_ptr_nonnull(strstr(snapshot.unknown, "CAP_CHECKPOINT_RESTORE"));
}
END_TEST

START_TEST(a_closed_file_that_was_kept_is_known_to_an_ordinary_user) {
  const WxSnapshot snapshot = sample_closed(true);
  check_files(&snapshot, 4 * PAGE, 4 * PAGE, 1);
  ck_assert_ptr_null(snapshot.unknown);
}
END_TEST

// The peak of three steps, the last of them `end`.
static WxFigure peak(WxFigure first, WxFigure second, WxFigure end, bool with_end) {
  WxSample samples[] = {wx_sample_unknown(0, "start"), wx_sample_unknown(1, "generated"),
                        wx_sample_unknown(1, "end")};
  const WxFigure figures[] = {first, second, end};
  for (size_t i = 0; i < 3; ++i)
    samples[i].allocated_bytes = figures[i];
  const WxSampling sampling = {.samples = samples, .count = 3};
  return wx_sampling_peak(&sampling, offsetof(WxSample, allocated_bytes), with_end);
}

START_TEST(a_peak_over_a_step_that_is_unknown_is_unknown) {
  ck_assert_int_eq(peak(0, 5, WX_UNKNOWN, true), WX_UNKNOWN);
  ck_assert_int_eq(peak(0, 5, WX_UNKNOWN, false), 5);
  ck_assert_int_eq(peak(WX_UNKNOWN, 5, 9, false), WX_UNKNOWN);
  ck_assert_int_eq(peak(0, 5, 9, true), 9);
  ck_assert_int_eq(peak(0, 5, 9, false), 5);
}
END_TEST

// Also without a pidfd, as before Linux 5.3.
START_TEST(a_process_that_has_ended_is_not_there) {
  for (int without_pidfd = 0; without_pidfd < 2; ++without_pidfd) {
    const pid_t child = start(NULL, NULL);
    const WxObserverOptions options = {.pid = child, .name = WX_DOUBLEMAPPER};
    WxObserver *observer;
    if (without_pidfd)
      wx_os_inject(WX_OS_PIDFD_OPEN, 1, ENOSYS);
    ck_assert_int_eq(wx_observer_open(&observer, &options), 0);
    ck_assert_int_eq(wx_os_inject_end(), without_pidfd);
    WxSnapshot snapshot;
    ck_assert_int_eq(wx_observer_take(observer, &snapshot), 0);
    ck_assert_int_eq(kill(child, SIGKILL), 0);
    siginfo_t info; // A zombie first ...
    ck_assert_int_eq(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
    ck_assert_int_eq(wx_observer_take(observer, &snapshot), -ESRCH);
    ck_assert_int_eq(waitpid(child, NULL, 0), child); // ... then gone.
    ck_assert_int_eq(wx_observer_take(observer, &snapshot), -ESRCH);
    ck_assert_int_eq(snapshot.allocated_bytes, WX_UNKNOWN);
    wx_observer_close(observer);
    ck_assert_int_eq(wx_observer_open(&observer, &options), -ESRCH);
  }
}
END_TEST

/// A descendant vanishes between any two system calls of a reading of the mappers.
typedef struct {
  WxFileId id;
  WxMappers mappers;
  int survived; ///< Readings in which it vanished and that succeeded all the same.
} Vanishing;

static int read_mappers(void *context) {
  Vanishing *vanishing = context;
  const int result =
      wx_mappers_read(&vanishing->mappers, WX_MAPPERS_FAMILY, 0, NULL, &vanishing->id, 1);
  vanishing->survived += result == 0;
  return result;
}

static void nothing_to_check(void *context) {
  (void)context;
}

START_TEST(a_descendant_that_ends_meanwhile_maps_nothing) {
  DoubleMap map = double_map_make(PAGE);
  struct stat status;
  ck_assert_int_eq(fstat(map.fd, &status), 0);
  double_map_writable(&map);
  const pid_t child = start(NULL, NULL);
  Vanishing vanishing = {.id = {0, minor(status.st_dev), status.st_ino}};
  wx_inject_each(ESRCH, read_mappers, nothing_to_check, &vanishing);
  ck_assert_int_ge(vanishing.survived,
                   3); // Its tasks or its mappings, and the one without failure.
  ck_assert_uint_eq(vanishing.mappers.checked, 2);
  ck_assert_uint_eq(vanishing.mappers.count, 2);
  wx_mappers_free(&vanishing.mappers);
  finish(child);
  double_map_free(&map);
}
END_TEST

static void become_nobody(void) {
  ck_assert_int_eq(setgid(65534), 0);
  ck_assert_int_eq(setuid(65534), 0);
}

// A process of a number that is free, in another tick of the clock that start times are told in
// than `ticks`. A negative errno where the number cannot be chosen, or was taken by another one.
static pid_t start_as(pid_t pid, uint64_t ticks) {
  WxText text = {0};
  for (;;) {
    const struct clone_args wanted = {
        .exit_signal = SIGCHLD, .set_tid = (uintptr_t)&pid, .set_tid_size = 1};
    const pid_t later = (pid_t)syscall(SYS_clone3, &wanted, sizeof wanted);
    if (later < 0)
      return -errno;
    if (later == 0) {
      (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
      for (;;)
        (void)pause();
    }
    uint64_t began;
    ck_assert_int_eq(wx_process_start_time(later, &began, &text), 0);
    if (began != ticks) {
      wx_text_free(&text);
      return later;
    }
    finish(later);
  }
}

// The first one by its descriptor, the second one, as before Linux 5.3, by its start time.
START_TEST(a_later_process_of_the_same_number_is_another_one) {
  for (int without = 0; without < 2; ++without) {
    const pid_t child = start(NULL, NULL);
    const WxObserverOptions options = {.pid = child, .name = WX_DOUBLEMAPPER};
    WxObserver *observer;
    if (without)
      wx_os_inject(WX_OS_PIDFD_OPEN, 1, ENOSYS);
    ck_assert_int_eq(wx_observer_open(&observer, &options), 0);
    ck_assert_int_eq(wx_os_inject_end(), without);
    uint64_t ticks;
    WxText text = {0};
    ck_assert_int_eq(wx_process_start_time(child, &ticks, &text), 0);
    wx_text_free(&text);
    finish(child);
    const pid_t later = start_as(child, ticks);
    WxSnapshot snapshot;
    if (later > 0) {
      ck_assert_int_eq(wx_observer_take(observer, &snapshot), -ESRCH);
      finish(later);
    }
    wx_observer_close(observer);
    if (later <= 0) {
      WX_SKIP("the number cannot be chosen: %s", strerror(-later));
      return;
    }
  }
}
END_TEST

// Of a file that is only mapped, without the right to ask it: no sum is known then.
START_TEST(a_sum_of_which_one_file_is_not_known_is_unknown) {
  const pid_t child = fork();
  ck_assert_int_ge(child, 0);
  if (child == 0) {
    DoubleMap seen = double_map_make(SIZE), unseen = double_map_make(SIZE);
    double_map_writable(&seen);
    double_map_writable(&unseen);
    (void)close(unseen.fd);
    if (geteuid() == 0)
      become_nobody();
    const WxSnapshot snapshot = sample_self();
    _exit(snapshot.inodes == 2 && !wx_known(snapshot.allocated_bytes) &&
                  !wx_known(snapshot.mapped_bytes) && !wx_known(snapshot.orphaned_bytes)
              ? 0
              : 1);
  }
  int status;
  ck_assert_int_eq(waitpid(child, &status, 0), child);
  ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(a_process_of_another_user_is_refused) {
  if (geteuid() != 0) {
    WX_SKIP("needs root to become somebody else");
    return;
  }
  const pid_t target = start(NULL, NULL);
  const pid_t stranger = fork();
  ck_assert_int_ge(stranger, 0);
  if (stranger == 0) {
    become_nobody();
    const WxObserverOptions options = {.pid = target, .name = WX_DOUBLEMAPPER};
    WxObserver *observer;
    int result = wx_observer_open(&observer, &options);
    WxSnapshot snapshot;
    if (!result)
      result = wx_observer_take(observer, &snapshot);
    _exit(-result);
  }
  int status;
  ck_assert_int_eq(waitpid(stranger, &status, 0), stranger);
  ck_assert_int_eq(WEXITSTATUS(status), EACCES);
  finish(target);
}
END_TEST

static int sample_once(void *context) {
  const WxObserverOptions options = {.name = WX_DOUBLEMAPPER, .scope = WX_MAPPERS_FAMILY};
  WxObserver *observer;
  int result = wx_observer_open(&observer, &options);
  if (result)
    return result;
  result = wx_observer_take(observer, context);
  wx_observer_close(observer);
  return result;
}

static WxHeld held_before;

static void nothing_is_left(void *context) {
  (void)context;
  ck_assert_uint_eq(wx_held().descriptors, held_before.descriptors);
}

START_TEST(any_system_call_of_a_sample_may_fail_and_nothing_is_left) {
  DoubleMap map = double_map_make(4 * PAGE);
  double_map_writable(&map);
  double_map_write(&map);
  WxSnapshot snapshot;
  held_before = wx_held();
  ck_assert_uint_ge(wx_inject_each(EIO, sample_once, nothing_is_left, &snapshot), 30);
  check_files(&snapshot, 4 * PAGE, 4 * PAGE, 1);
  double_map_free(&map);
}
END_TEST

WX_TEST_MAIN("snapshot", a_process_without_the_file_holds_nothing_and_that_is_known,
             each_state_of_a_block_has_its_exact_figures,
             partly_mapped_pages_are_told_from_orphaned_ones_to_the_page,
             a_reservation_without_pages_is_neither_allocated_nor_mapped,
             two_files_of_that_name_are_added_and_the_template_is_not,
             what_only_a_forked_child_maps_is_mapped,
             what_only_the_parent_maps_is_orphaned_in_the_family_and_mapped_among_all,
             a_file_whose_descriptor_is_closed_is_found_by_its_mapping,
             a_closed_file_is_unknown_to_an_ordinary_user_and_why_is_said,
             a_closed_file_that_was_kept_is_known_to_an_ordinary_user,
             a_peak_over_a_step_that_is_unknown_is_unknown, a_process_that_has_ended_is_not_there,
             a_descendant_that_ends_meanwhile_maps_nothing,
             a_later_process_of_the_same_number_is_another_one,
             a_sum_of_which_one_file_is_not_known_is_unknown, a_process_of_another_user_is_refused,
             any_system_call_of_a_sample_may_fail_and_nothing_is_left)
