// A file is swept in pauses, of processes that need not be frozen here, with every failure of a
// system call.
#include "os/count.h"
#include "os/process.h"
#include "reclaim/punch.h"
#include "reclaim/sweep.h"
#include "reclaim/target.h"
#include "support/bystander.h"
#include "support/double_map.h"
#include "support/inject.h"
#include "support/patterned.h"
#include "support/suite.h"
#include "support/unfrozen.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGE = 4096, PAGES = WX_PATTERNED_PAGES, SIZE = PAGES * PAGE };
// For all pages, also on a busy machine that makes the tool wait for its turn in the middle.
enum { ONE_PAUSE_IS_ENOUGH_NS = 200000000 };

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

static int look_and_punch(void *context) {
  return wx_sweep_unfrozen(*(pid_t *)context, NULL);
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
  pid_t pid = wx_patterned_start();
  descriptors = wx_held().descriptors;
  ck_assert_uint_gt(wx_inject_each(EIO, look_and_punch, nothing_left, &pid), 100);
  nothing_left(NULL);
  wx_bystander_end(pid);
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
  pid_t pid = wx_patterned_start();
  int result;
  do // Beside busy neighbours whoever may not run before them gives up, and comes again.
    result = look_and_punch(&pid);
  while (result == -ETIMEDOUT);
  ck_assert_int_eq(result, 0);
  const WxMemfd memfd = wx_patterned_memfd(pid);
  ck_assert_int_eq(memfd.allocated_bytes, 19 * PAGE);
  const int fd = wx_memfd_open(&memfd, pid, O_RDONLY, NULL);
  ck_assert_int_ge(fd, 0);
  for (size_t page = 0; page < PAGES; ++page) {
    char byte = 7;
    ck_assert_int_eq(pread(fd, &byte, 1, (off_t)(page * PAGE)), 1);
    ck_assert_int_eq(byte, page < PAGES - 8 && page % 3 == 0);
  }
  (void)close(fd);
  wx_bystander_end(pid);
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
  const pid_t pid = wx_patterned_start();
  const WxMemfd memfd = wx_patterned_memfd(pid);
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
  wx_bystander_end(pid);
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

WX_TEST_MAIN("sweep", holders_run_longer_after_each_failure_up_to_a_bound,
             small_share_of_urgency_is_used_by_half,
             failures_while_looking_and_punching_leave_nothing_behind,
             only_the_zero_pages_are_punched, what_comes_back_is_told_to_the_byte,
             what_was_found_zero_is_looked_at_again_under_the_freeze,
             a_pause_ends_at_its_deadline_with_at_least_a_page_done,
             attempt_that_failed_is_repeated_without_looking_again,
             pass_gives_up_after_too_many_failures_and_can_go_on,
             what_is_written_between_check_and_punch_is_written_back,
             failures_under_the_net_leave_nothing_behind)
