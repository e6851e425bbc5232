// The parts of a live reclaim that need no frozen process, and every failure of a system call.
#include "os/control.h"
#include "os/count.h"
#include "os/os.h"
#include "os/process.h"
#include "reclaim/find.h"
#include "reclaim/freezer_cgroup.h"
#include "reclaim/holders.h"
#include "reclaim/pauses.h"
#include "reclaim/preflight.h"
#include "reclaim/proc.h"
#include "reclaim/punch.h"
#include "reclaim/sweep.h"
#include "reclaim/target.h"
#include "reclaim/undo.h"
#include "reclaim/zero_pages.h"
#include "support/bystander.h"
#include "support/double_map.h"
#include "support/inject.h"
#include "support/suite.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGE = 4096, PAGES = 64, SIZE = PAGES * PAGE };
// For all pages, also on a busy machine that makes the tool wait for its turn in the middle.
enum { ONE_PAUSE_IS_ENOUGH_NS = 200000000 };

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
      const WxPausePlan plan = {.freeze_ns = budget / 8, .thaw_ns = thaw, .page_ns = 1000};
      ck_assert_uint_gt(wx_pause_work_limit(&plan, budget), wx_pause_freeze_limit(budget));
      ck_assert_uint_lt(wx_pause_work_limit(&plan, budget), budget);
      // Thawing in time goes before working on, down to what makes a pause worth it.
      const uint64_t least = wx_pause_freeze_limit(budget) + budget / 40;
      ck_assert(wx_pause_work_limit(&plan, budget) == least ||
                wx_pause_work_limit(&plan, budget) + thaw == budget * 3 / 4);
      ck_assert_uint_ge(wx_pause_pages(&plan, budget), 1);
    }
}
END_TEST

START_TEST(more_pages_are_at_hand_than_are_expected_to_fit) {
  for (uint64_t freeze = 0; freeze < 4000000; freeze += 100000) {
    const WxPausePlan plan = {.freeze_ns = freeze, .thaw_ns = 100000, .page_ns = 1000};
    const uint64_t most = wx_pause_most_pages(&plan, WX_RECLAIM_PAUSE_NS);
    ck_assert_uint_eq(most, 1451);
    ck_assert_uint_le(wx_pause_pages(&plan, WX_RECLAIM_PAUSE_NS), most);
  }
}
END_TEST

START_TEST(holders_run_longer_after_each_failure_up_to_a_bound) {
  ck_assert_uint_eq(wx_sweep_wait(1000, 0), 1000);
  for (unsigned failures = 1; failures <= 4; ++failures)
    ck_assert_uint_eq(wx_sweep_wait(1000, failures), 2 * wx_sweep_wait(1000, failures - 1));
  ck_assert_uint_eq(wx_sweep_wait(1000, 1000), 16000);
}
END_TEST

START_TEST(small_share_of_urgency_is_used_by_half) {
  ck_assert_uint_eq(wx_sweep_wait_for_share(1000, 0), 0);
  ck_assert_uint_eq(wx_sweep_wait_for_share(1000, 0.95), 0);
  ck_assert_uint_eq(wx_sweep_wait_for_share(1000, 0.05), 40000);
}
END_TEST

START_TEST(longer_measurements_count_at_once_and_shorter_ones_slowly) {
  uint64_t estimate = 1000;
  wx_pause_learn(&estimate, 5000);
  ck_assert_uint_eq(estimate, 5000);
  wx_pause_learn(&estimate, 1000);
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
  WxExtent headroom[PAGES];
  WxExtents found = {.items = headroom, .capacity = PAGES};
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
  WxExtent headroom[2];
  WxScan scan;
  ck_assert_int_eq(wx_scan_open(&scan, map.fd, &where, 0), 0);
  uint64_t bytes = 0;
  for (;;) {
    WxExtents found = {.items = headroom, .capacity = 2};
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
    double_map_as_runtime();
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
  ck_assert_int_eq(wx_reclaim_find(&memfds, pid, &maps, NULL, NULL), 0);
  const WxMemfd memfd = memfds.items[0];
  wx_memfds_free(&memfds);
  wx_maps_free(&maps);
  return memfd;
}

/// A sweep in this process that freezes nothing: all that can fail but the freezing.
static int look_and_punch(void *context) {
  const pid_t pid = *(pid_t *)context;
  WxMaps maps = {0};
  WxMemfds memfds = {0};
  WxTarget target;
  int result = wx_reclaim_find(&memfds, pid, &maps, NULL, NULL);
  if (!result)
    result = wx_target_open(&target, pid, &memfds.items[0], NULL);
  if (!result) {
    WxSweepDone *done = calloc(1, sizeof *done);
    result = wx_target_look(&target, NULL);
    const WxSweep sweep = {.fd = target.fd,
                           .holders = &target.holders,
                           .freezer = &wx_freezer_none,
                           .max_pause_ns = WX_RECLAIM_PAUSE_NS,
                           .where = &target.orphaned};
    if (!result)
      result = wx_sweep_run(&sweep, done, NULL);
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

// Where there are few processes, since each call for each of them is made to fail.
static void inject_among_few(void) {
  pid_t pid = start_child();
  descriptors = wx_held().descriptors;
  ck_assert_uint_gt(wx_inject_each(EIO, look_and_punch, nothing_left, &pid), 100);
  nothing_left(NULL);
  end_child(pid);
}

enum { NO_NAMESPACE = 77 };

static _Noreturn void be_first(void (*body)(void)) {
  if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
      mount("proc", "/proc", "proc", 0, NULL))
    _exit(NO_NAMESPACE);
  body();
  _exit(0);
}

/// Runs `body` as the first process of a PID namespace of its own. False where none can be made.
/// (Not in this process: whose children are in another namespace cannot start the leak sanitizer.)
static bool in_own_namespace(void (*body)(void)) {
  int status = 0;
  const pid_t between = fork();
  if (between == 0) {
    if (unshare(CLONE_NEWNS | CLONE_NEWPID))
      _exit(NO_NAMESPACE);
    const pid_t first = fork();
    if (first == 0)
      be_first(body);
    _exit(waitpid(first, &status, 0) == first && WIFEXITED(status) ? WEXITSTATUS(status) : 1);
  }
  ck_assert_int_eq(waitpid(between, &status, 0), between);
  ck_assert(WIFEXITED(status));
  ck_assert_msg(WEXITSTATUS(status) % NO_NAMESPACE == 0, "%d", status);
  return status == 0;
}

START_TEST(failures_while_looking_and_punching_leave_nothing_behind) {
  if (!in_own_namespace(inject_among_few))
    WX_SKIP("no PID namespace can be made");
}
END_TEST

START_TEST(only_the_zero_pages_are_punched) {
  pid_t pid = start_child();
  int result;
  do // Beside busy neighbours whoever may not run before them gives up, and comes again.
    result = look_and_punch(&pid);
  while (result == -ETIMEDOUT);
  ck_assert_int_eq(result, 0);
  const WxMemfd memfd = memfd_of(pid);
  ck_assert_int_eq(memfd.allocated_bytes, 19 * PAGE);
  const int fd = wx_memfd_open(&memfd, pid, O_RDONLY, NULL);
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

/// A freezer that fails so many times before it works,
static int failures_left;
/// and returns only so long after its time was over.
static uint64_t late_ns;

static int prepare_nothing(WxHolders *holders, WxProblem *problem) {
  (void)holders, (void)problem;
  return 0;
}

static int fail_at_first(const WxStopping *stopping) {
  while (late_ns && wx_os_now_ns() < stopping->held_by_ns + late_ns) {
  }
  return failures_left-- > 0 ? -ETIMEDOUT : 0;
}

static int resume_nothing(WxHolders *holders, WxUndo *undo) {
  (void)holders, (void)undo;
  return 0;
}

/// From here on no process is born, as far as the list of holders can see.
static void see_no_births(WxHolders *holders) {
  enum { BEYOND_ALL_NUMBERS = 5000000 };
  char given[64];
  const int length = snprintf(given, sizeof given, "0.00 0.00 0.00 1/1 %d\n", BEYOND_ALL_NUMBERS);
  const int fixed = memfd_create("loadavg", MFD_CLOEXEC);
  ck_assert_int_eq(write(fixed, given, (size_t)length), length);
  ck_assert_int_eq(dup2(fixed, holders->last), holders->last);
  ck_assert_int_eq(close(fixed), 0);
  holders->given = BEYOND_ALL_NUMBERS;
}

/// A page that is filled with a byte after the search and before the first attempt. The first one
/// of the file has a byte; filled with zeros only another search could find it.
typedef struct {
  size_t page;
  char byte;
  int fd;
  bool done;
} Change;

static void change_once(void *context) {
  Change *change = context;
  char page[PAGE];
  memset(page, change->byte, sizeof page);
  const off_t at = (off_t)(change->page * PAGE);
  if (!change->done)
    ck_assert_int_eq(pwrite(change->fd, page, sizeof page, at), sizeof page);
  change->done = true;
}

static void assert_changed(const Change *change) {
  char byte;
  ck_assert(change->done);
  ck_assert_int_eq(pread(change->fd, &byte, 1, (off_t)(change->page * PAGE)), 1);
  ck_assert_int_eq(byte, change->byte);
}

/// A sweep that may fail twice in a row, where freezing fails `failures` times.
static int run_pass(int failures, uint64_t max_pause_ns, Change change, WxSweepDone *done) {
  static const WxFreezer freezer = {.name = "failing",
                                    .prepare = prepare_nothing,
                                    .stop = fail_at_first,
                                    .resume = resume_nothing};
  const pid_t pid = start_child();
  const WxMemfd memfd = memfd_of(pid);
  WxTarget target;
  ck_assert_int_eq(wx_target_open(&target, pid, &memfd, NULL), 0);
  ck_assert_int_eq(wx_target_look(&target, NULL), 0);
  see_no_births(&target.holders);
  change.fd = wx_memfd_open(&memfd, pid, O_RDWR, NULL);
  ck_assert_int_ge(change.fd, 0);
  const WxReclaimHook hook = {.before_freeze = change_once, .context = &change};
  const WxSweep sweep = {.fd = target.fd,
                         .holders = &target.holders,
                         .freezer = &freezer,
                         .max_pause_ns = max_pause_ns,
                         .most_failures = 2,
                         .hook = &hook,
                         .where = &target.orphaned};
  failures_left = failures;
  const int result = wx_sweep_run(&sweep, done, NULL);
  assert_changed(&change);
  ck_assert_int_eq(close(change.fd), 0);
  wx_target_close(&target);
  end_child(pid);
  return result;
}

static int run_failing(int failures, WxSweepDone *done) {
  late_ns = 0;
  return run_pass(failures, ONE_PAUSE_IS_ENOUGH_NS, (Change){0}, done);
}

// The 37 zero pages that are allocated lie in 19 pieces, the holes behind them join the last one.
START_TEST(what_comes_back_is_told_to_the_byte) {
  static WxSweepDone done;
  ck_assert_int_eq(run_failing(0, &done), 0);
  ck_assert_uint_eq(done.punched_bytes, (PAGES - 8 - 19) * PAGE);
}
END_TEST

START_TEST(what_was_found_zero_is_looked_at_again_under_the_freeze) {
  static WxSweepDone done;
  late_ns = 0;
  ck_assert_int_eq(run_pass(0, ONE_PAUSE_IS_ENOUGH_NS, (Change){.page = 1, .byte = 7}, &done), 0);
  ck_assert_uint_eq(done.punched_bytes, (PAGES - 8 - 19 - 1) * PAGE);
}
END_TEST

// A pause whose time is over once all is frozen does one page, and no more.
START_TEST(a_pause_ends_at_its_deadline_with_at_least_a_page_done) {
  enum { PAUSE_NS = 4000000 };
  static WxSweepDone done;
  late_ns = PAUSE_NS;
  ck_assert_int_eq(run_pass(0, PAUSE_NS, (Change){0}, &done), 0);
  ck_assert_uint_eq(done.punched_bytes, (PAGES - 8 - 19) * PAGE);
  ck_assert_uint_eq(done.log.count, PAGES - 8 - 19);
}
END_TEST

START_TEST(attempt_that_failed_is_repeated_without_looking_again) {
  static WxSweepDone smooth, done;
  ck_assert_int_eq(run_failing(0, &smooth), 0);
  ck_assert_int_eq(run_failing(2, &done), 0);
  ck_assert_uint_eq(done.log.abandoned, 2);
  ck_assert_uint_eq(done.failures, 0);
  ck_assert_uint_eq(done.punched_bytes, (PAGES - 8 - 19) * PAGE);
  ck_assert_uint_eq(smooth.punched_bytes, done.punched_bytes);
}
END_TEST

START_TEST(pass_gives_up_after_too_many_failures_and_can_go_on) {
  static WxSweepDone done;
  ck_assert_int_eq(run_failing(3, &done), -ETIMEDOUT);
  ck_assert_uint_eq(done.failures, 3);
  ck_assert_uint_eq(done.log.count, 0);
  ck_assert_uint_eq(done.punched_bytes, 0);
  ck_assert_uint_lt(done.next, PAGE * PAGES);
}
END_TEST

static void look_at_holders(WxHolders *holders) {
  ck_assert_int_eq(wx_holders_look(holders, NULL), 0);
}

static void update_holders(WxHolders *holders) {
  int failed;
  do
    failed = wx_holders_update(holders, NULL);
  while (failed == -EAGAIN);
  ck_assert_int_eq(failed, 0);
}

static void open_holders(WxHolders *holders, pid_t pid) {
  const WxMemfd memfd = memfd_of(pid);
  ck_assert_int_eq(wx_holders_open(holders, pid, memfd.id, NULL), 0);
  look_at_holders(holders);
}

static bool are_holders(const WxHolders *holders, pid_t pid) {
  for (size_t i = 0; i < holders->count; ++i)
    if (holders->items[i].pid == pid)
      return true;
  return false;
}

START_TEST(number_used_again_can_be_that_of_a_holder) {
  const pid_t pid = start_child();
  WxHolders holders;
  open_holders(&holders, pid);
  // As if it had been another process, which did not hold the file, and numbers had begun anew.
  (void)close(holders.items[0].pidfd);
  (void)close(holders.items[0].tasks);
  holders.count = 0;
  size_t at = 0;
  while (at < holders.known_count && holders.known[at].pid < pid)
    ++at;
  holders.known_capacity = holders.known_count + 1;
  holders.known = reallocarray(holders.known, holders.known_capacity, sizeof *holders.known);
  memmove(&holders.known[at + 1], &holders.known[at],
          (holders.known_count++ - at) * sizeof *holders.known);
  holders.known[at] = (WxKnown){.pid = pid, .inode = 1, .kind = holders.known[0].kind};
  ck_assert_int_eq(wx_os_cpu_clock(pid, &holders.known[at].used_ns), 0);
  holders.given = INT32_MAX;
  update_holders(&holders);
  ck_assert(are_holders(&holders, pid));
  ck_assert_int_lt(holders.given, INT32_MAX);
  wx_holders_close(&holders);
  end_child(pid);
}
END_TEST

/// A child that does what it is told by a byte: opens the file of `pid`, as number 0 or read-only.
static pid_t start_opener(pid_t pid, int number, int orders[2], int answers[2]) {
  ck_assert_int_eq(pipe(orders), 0);
  ck_assert_int_eq(pipe(answers), 0);
  const pid_t opener = fork();
  if (opener)
    return opener;
  (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
  char path[64];
  (void)snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)pid, number);
  for (char order; read(orders[0], &order, 1) == 1;) {
    const int fd = open(path, order == 'w' ? O_RDWR : O_RDONLY);
    const bool done = fd >= 0 && (order == 'r' || dup2(fd, 0) == 0);
    if (order == 'w')
      (void)close(fd);
    (void)!write(answers[1], done ? "y" : "n", 1);
  }
  _exit(0);
}

static void tell(int orders, int answers, char order) {
  char answer = 0;
  ck_assert_int_eq(write(orders, &order, 1), 1);
  ck_assert_int_eq(read(answers, &answer, 1), 1);
  ck_assert_int_eq(answer, 'y');
}

START_TEST(process_that_opens_the_file_later_is_found_whatever_its_number) {
  const pid_t pid = start_child();
  int orders[2], answers[2];
  const pid_t opener = start_opener(pid, memfd_of(pid).number, orders, answers);
  WxHolders holders;
  open_holders(&holders, pid);
  ck_assert(!are_holders(&holders, opener));
  tell(orders[1], answers[0], 'r'); // It can change nothing.
  update_holders(&holders);
  ck_assert(!are_holders(&holders, opener));
  tell(orders[1], answers[0], 'w');
  update_holders(&holders);
  ck_assert(are_holders(&holders, opener));
  wx_holders_close(&holders);
  end_child(opener);
  end_child(pid);
  for (int i = 0; i < 2; ++i) {
    (void)close(orders[i]);
    (void)close(answers[i]);
  }
}
END_TEST

START_TEST(process_that_has_not_run_is_not_read_again) {
  const pid_t pid = start_child();
  const pid_t idle = fork();
  if (idle == 0)
    wx_bystander_wait();
  while (true) { // Until it waits, and its clock stands still.
    uint64_t first, second;
    ck_assert_int_eq(wx_os_cpu_clock(idle, &first), 0);
    ck_assert_int_eq(wx_os_sleep_ns(20000000), 0);
    ck_assert_int_eq(wx_os_cpu_clock(idle, &second), 0);
    if (first == second)
      break;
  }
  WxHolders holders;
  open_holders(&holders, pid);
  size_t at = 0;
  while (at < holders.known_count && holders.known[at].pid != idle)
    ++at;
  ck_assert_uint_lt(at, holders.known_count);
  holders.known[at].start_ticks = 7; // What reading it would put right.
  update_holders(&holders);
  for (at = 0; holders.known[at].pid != idle;)
    ++at;
  ck_assert_uint_eq(holders.known[at].start_ticks, 7);
  ++holders.known[at].used_ns;
  update_holders(&holders);
  for (at = 0; holders.known[at].pid != idle;)
    ++at;
  ck_assert_uint_ne(holders.known[at].start_ticks, 7);
  wx_holders_close(&holders);
  end_child(idle);
  end_child(pid);
}
END_TEST

// As where a thread that is about to execute a program takes the place of the one that is read.
START_TEST(holder_that_could_not_be_read_for_a_moment_is_found_again) {
  WxHolders holders;
  const pid_t pid = start_child();
  open_holders(&holders, pid);
  bool injected = true;
  for (uint64_t nth = 1; injected; ++nth) {
    wx_os_inject(WX_OS_OPEN, nth, ESRCH);
    (void)wx_holders_look(&holders, NULL);
    injected = wx_os_inject_end();
    update_holders(&holders);
    ck_assert_msg(are_holders(&holders, pid), "open %ju", (uintmax_t)nth);
  }
  wx_holders_close(&holders);
  end_child(pid);
}
END_TEST

// Exit status: 0 the holders are found, 1 not because of the child that has ended.
static void look_beside_a_zombie(void) {
  const uid_t user = getuid() ? getuid() : 65534;
  if (setresuid(user, user, user) || prctl(PR_SET_DUMPABLE, 1))
    _exit(2);
  const int fd = memfd_create("zombie", MFD_CLOEXEC);
  const pid_t ended = fork();
  if (ended == 0)
    _exit(0);
  const pid_t holder = fork();
  if (holder == 0)
    wx_bystander_wait();
  siginfo_t info;
  struct stat status;
  if (holder < 0 || waitid(P_PID, (id_t)ended, &info, WEXITED | WNOWAIT) || fstat(fd, &status))
    _exit(2);
  const WxFileId file = {major(status.st_dev), minor(status.st_dev), status.st_ino};
  WxHolders holders;
  WxProblem problem = {""};
  char name[32];
  (void)snprintf(name, sizeof name, "process %d ", (int)ended);
  if (wx_holders_open(&holders, holder, file, &problem))
    _exit(2);
  const int failed = wx_holders_look(&holders, &problem); // A stranger may be in the way.
  wx_holders_close(&holders);
  wx_bystander_end(holder);
  _exit(failed && strstr(problem.text, name));
}

START_TEST(child_that_has_ended_is_not_in_the_way_of_an_ordinary_user) {
  const pid_t pid = fork();
  if (pid == 0)
    look_beside_a_zombie();
  int status;
  ck_assert_int_eq(waitpid(pid, &status, 0), pid);
  ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(birth_since_the_last_update_is_seen) {
  const pid_t pid = start_child();
  WxHolders holders;
  open_holders(&holders, pid);
  const pid_t born = fork();
  if (born == 0)
    wx_bystander_wait();
  ck_assert(wx_holders_has_newborn(&holders));
  wx_holders_close(&holders);
  end_child(born);
  end_child(pid);
}
END_TEST

static void put_file(const char *folder, const char *name, const char *text) {
  char path[256];
  (void)snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *file = fopen(path, "we");
  ck_assert_ptr_nonnull(file);
  ck_assert_int_ge(fputs(text, file), 0);
  ck_assert_int_eq(fclose(file), 0);
}

/// Folders that look like control groups, as `top/outer/inner`; the process is in `/outer/inner`.
typedef struct {
  char top[64];
  char outer[96];
  char inner[128];
} Groups;

static Groups make_groups(const char *line, const char *type, const char *options) {
  Groups groups = {.top = "/tmp/wxbench-groups-XXXXXX"};
  char mounts[256];
  ck_assert_ptr_nonnull(mkdtemp(groups.top));
  (void)snprintf(groups.outer, sizeof groups.outer, "%s/outer", groups.top);
  (void)snprintf(groups.inner, sizeof groups.inner, "%s/inner", groups.outer);
  ck_assert_int_eq(mkdir(groups.outer, 0700), 0);
  ck_assert_int_eq(mkdir(groups.inner, 0700), 0);
  put_file(groups.top, "groups", line);
  (void)snprintf(mounts, sizeof mounts,
                 "1 2 0:3 / / rw - ext4 none rw\n4 5 0:6 / %s rw - %s none %s\n", groups.top, type,
                 options);
  put_file(groups.top, "mounts", mounts);
  return groups;
}

static double quota_in(const Groups *groups, char path[static 256]) {
  char lines[128];
  char mounts[128];
  (void)snprintf(lines, sizeof lines, "%s/groups", groups->top);
  (void)snprintf(mounts, sizeof mounts, "%s/mounts", groups->top);
  return wx_preflight_quota(lines, mounts, path, 256);
}

static double urgent_share_in(const Groups *groups, double *time_us) {
  char lines[128];
  char mounts[128];
  (void)snprintf(lines, sizeof lines, "%s/groups", groups->top);
  (void)snprintf(mounts, sizeof mounts, "%s/mounts", groups->top);
  double part;
  wx_preflight_urgent(lines, mounts, &part, time_us);
  return part;
}

static void remove_groups(const Groups *groups) {
  char command[128];
  (void)snprintf(command, sizeof command, "rm -r %s", groups->top);
  ck_assert_int_eq(system(command), 0);
}

START_TEST(least_quota_of_all_groups_on_the_way_up_counts) {
  char path[256];
  Groups groups = make_groups("0::/outer/inner\n", "cgroup2", "rw");
  ck_assert_double_eq(quota_in(&groups, path), HUGE_VAL);
  put_file(groups.inner, "cpu.max", "200000 100000\n");
  put_file(groups.outer, "cpu.max", "max 100000\n");
  ck_assert_double_eq(quota_in(&groups, path), 2);
  put_file(groups.outer, "cpu.max", "25000 50000\n");
  ck_assert_double_eq(quota_in(&groups, path), 0.5);
  ck_assert_ptr_nonnull(strstr(path, "/outer/cpu.max"));
  remove_groups(&groups);
}
END_TEST

START_TEST(quota_of_version_1_is_found_too) {
  char path[256];
  Groups groups =
      make_groups("7:cpuset:/x\n4:cpu,cpuacct:/outer/inner\n", "cgroup", "rw,cpu,cpuacct");
  put_file(groups.inner, "cpu.cfs_quota_us", "-1\n");
  put_file(groups.inner, "cpu.cfs_period_us", "100000\n");
  ck_assert_double_eq(quota_in(&groups, path), HUGE_VAL);
  put_file(groups.inner, "cpu.cfs_quota_us", "10000\n");
  ck_assert_double_eq(quota_in(&groups, path), 0.1);
  ck_assert_ptr_nonnull(strstr(path, "/inner/cpu.cfs_quota_us"));
  double time_us;
  ck_assert_double_eq(urgent_share_in(&groups, &time_us), HUGE_VAL);
  ck_assert_double_eq(time_us, HUGE_VAL);
  put_file(groups.inner, "cpu.rt_runtime_us", "25000\n");
  put_file(groups.inner, "cpu.rt_period_us", "1000000\n");
  put_file(groups.outer, "cpu.rt_runtime_us", "100000\n");
  put_file(groups.outer, "cpu.rt_period_us", "1000000\n");
  ck_assert_double_eq(urgent_share_in(&groups, &time_us), 0.025);
  ck_assert_double_eq(time_us, 25000);
  remove_groups(&groups);
}
END_TEST

static void write_meanwhile(void *context) {
  DoubleMap *map = context;
  map->writable[PAGE + 5] = 1; // By a mapping, and as a system call does.
  ck_assert_int_eq(pwrite(map->fd, "end", 3, 2 * PAGE - 3), 3);
}

START_TEST(what_is_written_between_check_and_punch_is_written_back) {
  DoubleMap map = double_map_make(SIZE);
  double_map_writable(&map);
  memset(map.writable, 0, SIZE);
  WxRescue rescue;
  uint64_t rescued;
  ck_assert_int_eq(wx_rescue_open(&rescue, 8 * PAGE), 0);
  ck_assert_int_eq(wx_rescue_punch(&rescue, map.fd, 0, 4 * PAGE, write_meanwhile, &map, &rescued),
                   4 * PAGE);
  ck_assert_uint_eq(rescued, 4);
  ck_assert_int_eq(map.writable[PAGE + 5], 1);
  ck_assert_int_eq(memcmp(map.writable + 2 * PAGE - 3, "end", 3), 0);
  ck_assert_uint_eq(double_map_allocated(&map), SIZE - 3 * PAGE);
  ck_assert_int_eq(wx_rescue_punch(&rescue, map.fd, 2 * PAGE, SIZE, NULL, NULL, &rescued),
                   8 * PAGE);
  ck_assert_uint_eq(rescued, 0);
  ck_assert_uint_eq(double_map_allocated(&map), SIZE - 9 * PAGE);
  wx_rescue_close(&rescue);
  double_map_free(&map);
}
END_TEST

static int cast_net(void *context) {
  const DoubleMap *map = context;
  WxRescue rescue;
  uint64_t rescued;
  const int failed = wx_rescue_open(&rescue, 8 * PAGE);
  if (failed)
    return failed;
  const int64_t punched = wx_rescue_punch(&rescue, map->fd, 0, 4 * PAGE, NULL, NULL, &rescued);
  wx_rescue_close(&rescue);
  return punched < 0 ? (int)punched : 0;
}

START_TEST(failures_under_the_net_leave_nothing_behind) {
  DoubleMap map = double_map_make(SIZE);
  ck_assert_uint_gt(wx_inject_without_leak(EIO, cast_net, &map), 4);
  double_map_free(&map);
}
END_TEST

START_TEST(process_without_its_memfd_is_told_from_none) {
  WxMaps maps = {0};
  WxMemfds memfds = {0};
  WxProblem problem = {""};
  ck_assert_int_eq(wx_reclaim_find(&memfds, getpid(), &maps, NULL, &problem), -ENODATA);
  ck_assert_ptr_nonnull(strstr(problem.text, "no memfd:doublemapper"));
  const pid_t pid = start_child();
  end_child(pid);
  ck_assert_int_eq(wx_reclaim_find(&memfds, pid, &maps, NULL, &problem), -ESRCH);
  ck_assert_ptr_nonnull(strstr(problem.text, "no process"));
  wx_memfds_free(&memfds);
  wx_maps_free(&maps);
}
END_TEST

START_TEST(holders_of_an_ended_process_are_none) {
  const pid_t pid = start_child();
  const WxMemfd memfd = memfd_of(pid);
  WxHolders holders;
  ck_assert_int_eq(wx_holders_open(&holders, pid, memfd.id, NULL), 0);
  look_at_holders(&holders);
  ck_assert_uint_eq(holders.count, 1);
  end_child(pid);
  ck_assert_int_eq(wx_holders_look(&holders, NULL), -ESRCH);
  wx_holders_close(&holders);
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

WX_TEST_MAIN(
    "reclaim", every_single_byte_makes_a_page_not_zero,
    runs_of_zero_pages_end_at_the_first_other_page, quantiles_of_pauses_are_exact_to_two_percent,
    extreme_pauses_have_a_class, merged_logs_are_as_one, work_ends_before_the_budget_does,
    more_pages_are_at_hand_than_are_expected_to_fit,
    holders_run_longer_after_each_failure_up_to_a_bound, what_comes_back_is_told_to_the_byte,
    what_was_found_zero_is_looked_at_again_under_the_freeze,
    a_pause_ends_at_its_deadline_with_at_least_a_page_done,
    attempt_that_failed_is_repeated_without_looking_again,
    pass_gives_up_after_too_many_failures_and_can_go_on, number_used_again_can_be_that_of_a_holder,
    process_that_opens_the_file_later_is_found_whatever_its_number,
    process_that_has_not_run_is_not_read_again,
    holder_that_could_not_be_read_for_a_moment_is_found_again,
    child_that_has_ended_is_not_in_the_way_of_an_ordinary_user, birth_since_the_last_update_is_seen,
    least_quota_of_all_groups_on_the_way_up_counts, quota_of_version_1_is_found_too,
    what_is_written_between_check_and_punch_is_written_back,
    failures_under_the_net_leave_nothing_behind, small_share_of_urgency_is_used_by_half,
    longer_measurements_count_at_once_and_shorter_ones_slowly,
    scan_finds_the_zero_pages_and_allocates_none, scan_goes_on_where_its_room_ended,
    failures_while_looking_and_punching_leave_nothing_behind, only_the_zero_pages_are_punched,
    process_without_its_memfd_is_told_from_none, holders_of_an_ended_process_are_none,
    undo_of_a_number_used_again_reaches_nobody, freezers_are_found_by_name_and_none_is_not)
