// The parts of a live reclaim that need no frozen process, and every failure of a system call.
#include "os/control.h"
#include "os/count.h"
#include "os/os.h"
#include "reclaim/find.h"
#include "reclaim/freezer_group.h"
#include "reclaim/herd.h"
#include "reclaim/herd_newcomers.h"
#include "reclaim/pace.h"
#include "reclaim/pass.h"
#include "reclaim/pauses.h"
#include "reclaim/scan.h"
#include "reclaim/target.h"
#include "reclaim/task_stat.h"
#include "reclaim/undo.h"
#include "reclaim/zero.h"
#include "support/double_map.h"
#include "support/inject.h"
#include "support/suite.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGE = 4096, PAGES = 64, SIZE = PAGES * PAGE, READS_BEFORE_AN_ATTEMPT = 2 };

START_TEST(every_single_byte_makes_a_page_not_zero) {
  _Alignas(8) static char page[PAGE];
  ck_assert(wx_zero(page, PAGE));
  for (size_t at = 0; at < PAGE; ++at) {
    page[at] = (char)(at % 255 + 1);
    ck_assert_msg(!wx_zero(page, PAGE), "byte %zu", at);
    page[at] = 0;
  }
  ck_assert(wx_zero(page, PAGE));
}
END_TEST

START_TEST(runs_of_zero_pages_end_at_the_first_other_page) {
  _Alignas(8) static char pages[4 * PAGE];
  pages[2 * PAGE + 5] = 1;
  ck_assert_uint_eq(wx_zero_run(pages, sizeof pages, PAGE, true), 2 * PAGE);
  ck_assert_uint_eq(wx_zero_run(pages + 2 * PAGE, 2 * PAGE, PAGE, false), PAGE);
  ck_assert_uint_eq(wx_zero_run(pages + 3 * PAGE, PAGE, PAGE, true), PAGE);
  ck_assert_uint_eq(wx_zero_run(pages, sizeof pages, PAGE, false), 0);
}
END_TEST

static void is_near(uint64_t actual, uint64_t expected) {
  ck_assert_uint_ge(actual, expected - expected / 50);
  ck_assert_uint_le(actual, expected + expected / 50);
}

START_TEST(quantiles_of_pauses_are_exact_to_two_percent) {
  WxPauseLog *log = calloc(1, sizeof *log);
  for (uint64_t i = 1; i <= 1000; ++i)
    wx_pauses_add(log, i * 1777);
  const WxPauses summary = wx_pauses_summary(log);
  ck_assert_uint_eq(summary.count, 1000);
  ck_assert_uint_eq(summary.max_ns, 1000 * 1777);
  ck_assert_uint_eq(summary.total_ns, 1777ULL * 1000 * 1001 / 2);
  is_near(summary.p50_ns, 500 * 1777);
  is_near(summary.p99_ns, 990 * 1777);
  free(log);
}
END_TEST

START_TEST(extreme_pauses_have_a_class) {
  WxPauseLog *log = calloc(1, sizeof *log);
  wx_pauses_add(log, 0);
  wx_pauses_add(log, UINT64_MAX / 4);
  const WxPauses summary = wx_pauses_summary(log);
  ck_assert_uint_eq(summary.p50_ns, 0);
  ck_assert_uint_eq(summary.max_ns, UINT64_MAX / 4);
  free(log);
}
END_TEST

START_TEST(merged_logs_are_as_one) {
  WxPauseLog *logs = calloc(3, sizeof *logs);
  for (uint64_t i = 0; i < 100; ++i) {
    wx_pauses_add(&logs[i % 2], i * i);
    wx_pauses_add(&logs[2], i * i);
  }
  wx_pauses_merge(&logs[0], &logs[1]);
  ck_assert_int_eq(memcmp(&logs[0], &logs[2], sizeof *logs), 0);
  const WxPauses none = wx_pauses_summary(&logs[0]);
  ck_assert_uint_eq(none.count, 100);
  free(logs);
}
END_TEST

START_TEST(work_ends_before_the_budget_does) {
  for (uint64_t budget = 100000; budget <= 1000000000; budget *= 10)
    for (uint64_t thaw = 0; thaw < 2 * budget; thaw += budget / 100 + 1) {
      const WxPace pace = {.freeze_ns = budget / 8, .thaw_ns = thaw, .page_ns = 1000};
      ck_assert_uint_gt(wx_pace_work_limit(&pace, budget), wx_pace_freeze_limit(budget));
      ck_assert_uint_lt(wx_pace_work_limit(&pace, budget), budget);
      // Thawing in time goes before working on, down to what makes a pause worth it.
      const uint64_t least = wx_pace_freeze_limit(budget) + budget / 40;
      ck_assert(wx_pace_work_limit(&pace, budget) == least ||
                wx_pace_work_limit(&pace, budget) + thaw == budget * 3 / 4);
      ck_assert_uint_ge(wx_pace_pages(&pace, budget), 1);
    }
}
END_TEST

START_TEST(more_pages_are_at_hand_than_are_expected_to_fit) {
  for (uint64_t freeze = 0; freeze < 4000000; freeze += 100000) {
    const WxPace pace = {.freeze_ns = freeze, .thaw_ns = 100000, .page_ns = 1000};
    const uint64_t most = wx_pace_most_pages(&pace, WX_RECLAIM_PAUSE_NS);
    ck_assert_uint_eq(most, 1451);
    ck_assert_uint_le(wx_pace_pages(&pace, WX_RECLAIM_PAUSE_NS), most);
  }
}
END_TEST

START_TEST(herd_runs_longer_after_each_failure_up_to_a_bound) {
  ck_assert_uint_eq(wx_pass_wait(1000, 0), 1000);
  for (unsigned failures = 1; failures <= 4; ++failures)
    ck_assert_uint_eq(wx_pass_wait(1000, failures), 2 * wx_pass_wait(1000, failures - 1));
  ck_assert_uint_eq(wx_pass_wait(1000, 1000), 16000);
}
END_TEST

START_TEST(longer_measurements_count_at_once_and_shorter_ones_slowly) {
  uint64_t estimate = 1000;
  wx_pace_learn(&estimate, 5000);
  ck_assert_uint_eq(estimate, 5000);
  wx_pace_learn(&estimate, 1000);
  ck_assert_uint_eq(estimate, 4000);
}
END_TEST

/// A file of PAGES pages: every third one has a byte, the last eight are holes.
static DoubleMap patterned(void) {
  DoubleMap map = double_map_make(SIZE);
  double_map_writable(&map);
  for (size_t page = 0; page < PAGES - 8; ++page)
    map.writable[page * PAGE] = (char)(page % 3 == 0);
  double_map_drop_writable(&map);
  return map;
}

START_TEST(scan_finds_the_zero_pages_and_allocates_none) {
  DoubleMap map = patterned();
  const uint64_t before = double_map_allocated(&map);
  WxExtent whole = {0, SIZE};
  const WxExtents where = {.items = &whole, .count = 1, .capacity = 1};
  WxExtent room[PAGES];
  WxExtents found = {.items = room, .capacity = PAGES};
  WxScan scan;
  ck_assert_int_eq(wx_scan_open(&scan, map.fd, &where, 0), 0);
  uint64_t bytes = 0;
  int64_t added;
  while ((added = wx_scan_next(&scan, &found, PAGE)) > 0)
    bytes += (uint64_t)added;
  ck_assert_int_eq(added, 0);
  ck_assert_uint_eq(bytes, (PAGES - 8 - 19 + 8) * PAGE); // 19 of the first 56 have a byte.
  ck_assert_uint_eq(wx_extents_bytes(&found), bytes);
  ck_assert_uint_eq(found.items[0].start, PAGE);
  ck_assert_uint_eq(double_map_allocated(&map), before);
  wx_scan_close(&scan);
  double_map_free(&map);
}
END_TEST

START_TEST(scan_goes_on_where_its_room_ended) {
  DoubleMap map = patterned();
  WxExtent whole = {0, SIZE};
  const WxExtents where = {.items = &whole, .count = 1, .capacity = 1};
  WxExtent room[2];
  WxScan scan;
  ck_assert_int_eq(wx_scan_open(&scan, map.fd, &where, 0), 0);
  uint64_t bytes = 0;
  for (;;) {
    WxExtents found = {.items = room, .capacity = 2};
    const int64_t added = wx_scan_next(&scan, &found, UINT64_MAX);
    ck_assert_int_ge(added, 0);
    ck_assert_uint_eq(wx_extents_bytes(&found), (uint64_t)added);
    bytes += (uint64_t)added;
    if (!added)
      break;
  }
  ck_assert_uint_eq(bytes, (PAGES - 19) * PAGE);
  wx_scan_close(&scan);
  double_map_free(&map);
}
END_TEST

/// A child that has a patterned file, nothing of it mapped.
static pid_t start_child(void) {
  int ends[2];
  ck_assert_int_eq(pipe(ends), 0);
  const pid_t pid = fork();
  if (pid == 0) {
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)patterned();
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

static void end_child(pid_t pid) {
  ck_assert_int_eq(kill(pid, SIGKILL), 0);
  ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

static WxMemfd memfd_of(pid_t pid) {
  WxMaps maps = {0};
  WxMemfds memfds = {0};
  ck_assert_int_eq(wx_reclaim_find(&memfds, pid, &maps, NULL), 0);
  const WxMemfd memfd = memfds.items[0];
  wx_memfds_free(&memfds);
  wx_maps_free(&maps);
  return memfd;
}

/// A pass in this process that freezes nothing: all that can fail but the freezing.
static int look_and_punch(void *context) {
  const pid_t pid = *(pid_t *)context;
  WxMaps maps = {0};
  WxMemfds memfds = {0};
  WxTarget target;
  int result = wx_reclaim_find(&memfds, pid, &maps, NULL);
  if (!result)
    result = wx_target_open(&target, pid, &memfds.items[0], NULL);
  if (!result) {
    WxPassDone *done = calloc(1, sizeof *done);
    result = wx_target_look(&target, NULL);
    const WxPass pass = {.fd = target.fd,
                         .herd = &target.herd,
                         .freezer = &wx_freezer_none,
                         .max_pause_ns = WX_RECLAIM_PAUSE_NS,
                         .where = &target.orphaned};
    if (!result)
      result = wx_pass_run(&pass, done, NULL);
    free(done);
    wx_target_close(&target);
  }
  wx_memfds_free(&memfds);
  wx_maps_free(&maps);
  return result;
}

static uint64_t descriptors;

// Mappings are counted by the calls: the sanitizer keeps freed memory mapped for a while, and
// reports what was not freed itself.
static void nothing_left(void *context) {
  (void)context;
  const WxOsCounts counts = wx_os_counts();
  ck_assert_uint_eq(wx_held().descriptors, descriptors);
  ck_assert_uint_eq(counts.made[WX_OS_MMAP], counts.made[WX_OS_MUNMAP]);
}

START_TEST(failures_while_looking_and_punching_leave_nothing_behind) {
  pid_t pid = start_child();
  descriptors = wx_held().descriptors;
  ck_assert_uint_gt(wx_inject_each(EIO, look_and_punch, nothing_left, &pid), 20);
  nothing_left(NULL);
  end_child(pid);
}
END_TEST

START_TEST(only_the_zero_pages_are_punched) {
  pid_t pid = start_child();
  ck_assert_int_eq(look_and_punch(&pid), 0);
  const WxMemfd memfd = memfd_of(pid);
  ck_assert_int_eq(memfd.allocated_bytes, 19 * PAGE);
  const int fd = wx_memfd_open(&memfd, pid, O_RDONLY);
  ck_assert_int_ge(fd, 0);
  for (size_t page = 0; page < PAGES; ++page) {
    char byte = 7;
    ck_assert_int_eq(pread(fd, &byte, 1, (off_t)(page * PAGE)), 1);
    ck_assert_int_eq(byte, page < PAGES - 8 && page % 3 == 0);
  }
  (void)close(fd);
  end_child(pid);
}
END_TEST

/// A freezer that fails so many times before it works.
static int failures_left;

static int prepare_nothing(WxHerd *herd, WxUndo *undo, WxReason *reason) {
  (void)herd, (void)undo, (void)reason;
  return 0;
}

static int fail_at_first(WxHerd *herd, WxUndo *undo, uint64_t deadline_ns, WxReason *reason) {
  (void)herd, (void)undo, (void)deadline_ns, (void)reason;
  return failures_left-- > 0 ? -ETIMEDOUT : 0;
}

static int resume_nothing(WxHerd *herd, WxUndo *undo) {
  (void)herd, (void)undo;
  return 0;
}

/// A pass that may fail twice in a row, where freezing fails `failures` times. `*reads` is how
/// often it read the file.
static int run_pass(int failures, uint64_t max_pause_ns, WxPassDone *done, uint64_t *reads) {
  static const WxFreezer freezer = {.name = "failing",
                                    .prepare = prepare_nothing,
                                    .stop = fail_at_first,
                                    .resume = resume_nothing};
  const pid_t pid = start_child();
  const WxMemfd memfd = memfd_of(pid);
  WxTarget target;
  ck_assert_int_eq(wx_target_open(&target, pid, &memfd, NULL), 0);
  ck_assert_int_eq(wx_target_look(&target, NULL), 0);
  const WxPass pass = {.fd = target.fd,
                       .herd = &target.herd,
                       .freezer = &freezer,
                       .max_pause_ns = max_pause_ns,
                       .most_failures = 2,
                       .where = &target.orphaned};
  failures_left = failures;
  const uint64_t before = wx_os_counts().made[WX_OS_PREAD];
  const int result = wx_pass_run(&pass, done, NULL);
  *reads = wx_os_counts().made[WX_OS_PREAD] - before;
  wx_target_close(&target);
  end_child(pid);
  return result;
}

static int run_failing(int failures, WxPassDone *done, uint64_t *reads) {
  return run_pass(failures, WX_RECLAIM_PAUSE_NS, done, reads);
}

// The 37 zero pages that are allocated lie in 19 pieces, the holes behind them join the last one.
START_TEST(what_comes_back_is_told_to_the_byte) {
  static WxPassDone done;
  uint64_t reads;
  ck_assert_int_eq(run_failing(0, &done, &reads), 0);
  ck_assert_uint_eq(done.punched_bytes, (PAGES - 8 - 19) * PAGE);
}
END_TEST

// A pause whose time is over when it begins does one page, and no more.
START_TEST(a_pause_ends_at_its_deadline_with_at_least_a_page_done) {
  static WxPassDone done;
  uint64_t reads;
  ck_assert_int_eq(run_pass(0, 1, &done, &reads), 0);
  ck_assert_uint_eq(done.punched_bytes, (PAGES - 8 - 19) * PAGE);
  ck_assert_uint_eq(done.log.count, PAGES - 8 - 19);
}
END_TEST

START_TEST(attempt_that_failed_is_repeated_without_looking_again) {
  static WxPassDone smooth, done;
  uint64_t reads, reads_smooth;
  ck_assert_int_eq(run_failing(0, &smooth, &reads_smooth), 0);
  ck_assert_int_eq(run_failing(2, &done, &reads), 0);
  ck_assert_uint_eq(done.log.abandoned, 2);
  ck_assert_uint_eq(done.failures, 0);
  ck_assert_uint_eq(done.punched_bytes, smooth.punched_bytes);
  // Before an attempt it asks which number was given out last (a read, and one that finds the end);
  // the file itself is not read again.
  ck_assert_uint_eq(reads - reads_smooth, 2 * READS_BEFORE_AN_ATTEMPT);
}
END_TEST

START_TEST(pass_gives_up_after_too_many_failures_and_can_go_on) {
  static WxPassDone done;
  uint64_t reads;
  ck_assert_int_eq(run_failing(3, &done, &reads), -ETIMEDOUT);
  ck_assert_uint_eq(done.failures, 3);
  ck_assert_uint_eq(done.log.count, 0);
  ck_assert_uint_eq(done.punched_bytes, 0);
  ck_assert_uint_lt(done.next, PAGE * PAGES);
}
END_TEST

START_TEST(number_used_again_can_be_that_of_a_fork) {
  const pid_t pid = start_child();
  const WxMemfd memfd = memfd_of(pid);
  WxHerd herd;
  ck_assert_int_eq(wx_herd_open(&herd, pid, &memfd, NULL), 0);
  ck_assert_int_eq(wx_herd_refresh(&herd, NULL), 0);
  // As if it had been another process then, and numbers had begun anew since.
  ck_assert_int_eq(wx_herd_add_process(&herd, getpid(), NULL), 0);
  WxHerdProcess target = herd.processes[0];
  herd.processes[0] = herd.processes[--herd.process_count];
  herd.given = INT32_MAX;
  ck_assert_int_eq(wx_herd_catch_up(&herd, NULL), 0);
  ck_assert_uint_eq(herd.process_count, 2);
  ck_assert_int_eq(herd.processes[1].pid, pid);
  ck_assert_int_eq(close(target.pidfd), 0);
  ck_assert_int_eq(close(target.tasks), 0);
  ck_assert_uint_gt(herd.known_count, 1); // They are known again.
  ck_assert_int_lt(herd.given, INT32_MAX);
  wx_herd_close(&herd);
  end_child(pid);
}
END_TEST

START_TEST(process_without_its_memfd_is_told_from_none) {
  WxMaps maps = {0};
  WxMemfds memfds = {0};
  WxReason reason = {""};
  ck_assert_int_eq(wx_reclaim_find(&memfds, getpid(), &maps, &reason), -ENODATA);
  ck_assert_ptr_nonnull(strstr(reason.text, "no memfd:doublemapper"));
  const pid_t pid = start_child();
  end_child(pid);
  ck_assert_int_eq(wx_reclaim_find(&memfds, pid, &maps, &reason), -ESRCH);
  ck_assert_ptr_nonnull(strstr(reason.text, "no process"));
  wx_memfds_free(&memfds);
  wx_maps_free(&maps);
}
END_TEST

START_TEST(herd_of_an_ended_process_says_so) {
  const pid_t pid = start_child();
  const WxMemfd memfd = memfd_of(pid);
  WxHerd herd;
  ck_assert_int_eq(wx_herd_open(&herd, pid, &memfd, NULL), 0);
  ck_assert_int_eq(wx_herd_refresh(&herd, NULL), 0);
  ck_assert_uint_eq(herd.process_count, 1);
  end_child(pid);
  ck_assert_int_eq(wx_herd_refresh(&herd, NULL), -ESRCH);
  wx_herd_close(&herd);
}
END_TEST

START_TEST(undo_of_a_number_used_again_reaches_nobody) {
  static WxUndo undo;
  const pid_t pid = start_child();
  ck_assert_int_eq(kill(pid, SIGSTOP), 0);
  ck_assert_int_eq(waitpid(pid, NULL, WUNTRACED), pid);
  const int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  WxTaskStat stat;
  ck_assert_int_eq(wx_task_stat(proc, pid, &stat), 0);
  ck_assert_int_eq(stat.state, 'T');
  ck_assert_int_eq(stat.parent, getpid());
  wx_undo_note_stop(&undo, 3, pid, stat.start_ticks + 1);
  ck_assert_int_eq(wx_undo_run(&undo), 1);
  ck_assert_int_eq(wx_task_stat(proc, pid, &stat), 0);
  ck_assert_int_eq(stat.state, 'T');
  wx_undo_note_stop(&undo, 3, pid, stat.start_ticks);
  ck_assert_int_eq(wx_undo_run(&undo), 1);
  ck_assert_int_eq(wx_undo_run(&undo), 0);
  int status;
  ck_assert_int_eq(waitpid(pid, &status, WCONTINUED), pid);
  ck_assert(WIFCONTINUED(status));
  (void)close(proc);
  end_child(pid);
}
END_TEST

START_TEST(freezers_are_found_by_name_and_none_is_not) {
  ck_assert_ptr_eq(wx_freezer_at(0), &wx_freezer_ptrace);
  for (size_t i = 0; wx_freezer_at(i); ++i)
    ck_assert_ptr_eq(wx_freezer_find(wx_freezer_at(i)->name), wx_freezer_at(i));
  ck_assert_ptr_null(wx_freezer_find("none"));
}
END_TEST

WX_TEST_MAIN("reclaim", every_single_byte_makes_a_page_not_zero,
             runs_of_zero_pages_end_at_the_first_other_page,
             quantiles_of_pauses_are_exact_to_two_percent, extreme_pauses_have_a_class,
             merged_logs_are_as_one, work_ends_before_the_budget_does,
             more_pages_are_at_hand_than_are_expected_to_fit,
             herd_runs_longer_after_each_failure_up_to_a_bound, what_comes_back_is_told_to_the_byte,
             a_pause_ends_at_its_deadline_with_at_least_a_page_done,
             attempt_that_failed_is_repeated_without_looking_again,
             pass_gives_up_after_too_many_failures_and_can_go_on,
             number_used_again_can_be_that_of_a_fork,
             longer_measurements_count_at_once_and_shorter_ones_slowly,
             scan_finds_the_zero_pages_and_allocates_none, scan_goes_on_where_its_room_ended,
             failures_while_looking_and_punching_leave_nothing_behind,
             only_the_zero_pages_are_punched, process_without_its_memfd_is_told_from_none,
             herd_of_an_ended_process_says_so, undo_of_a_number_used_again_reaches_nobody,
             freezers_are_found_by_name_and_none_is_not)
