// One live reclaim of a process of the test's own: what it gives back, what it leaves alone, and
// that without the freeze it would corrupt the program.
#include "codegen/codegen.h"
#include "os/process.h"
#include "reclaim/reclaim.h"
#include "reclaim/sidecar.h"
#include "reclaim/target.h"
#include "support/churn.h"
#include "support/frozen.h"
#include "support/suite.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
  PAGE = 4096,
  FUNCTION = 1024,
  ANSWER_MS = 50,
  PATIENCE_MS = 20000,
  REPEATS = 10,
  KILLS = 12
};

static const WxReclaimOptions patient = {.max_pause_ns = 50000000};

static uint64_t allocated(pid_t pid, int memfd) {
  char path[64];
  struct stat status;
  (void)snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)pid, memfd);
  ck_assert_int_eq(stat(path, &status), 0);
  return (uint64_t)status.st_blocks * 512;
}

static WxReclaim reclaim(pid_t pid, const WxReclaimOptions *options) {
  WxReclaim result;
  WxProblem problem = {""};
  const int failed = wx_reclaim_once(pid, options, &result, &problem);
  WX_SKIP_WHERE_BUSY(failed, problem.text);
  ck_assert_msg(failed == 0, "%d %s", failed, problem.text);
  return result;
}

START_TEST(orphaned_pages_come_back_and_mapped_ones_stay) {
  WxSubject *subject;
  const char *group;
  const pid_t pid = wx_subject_start(&subject, wx_subject_busy, 0, &group);
  ck_assert_uint_eq(allocated(pid, subject->memfd), WX_SUBJECT_BYTES);
  const WxReclaim result = reclaim(pid, &patient);
  ck_assert_uint_eq(allocated(pid, subject->memfd), WX_SUBJECT_BYTES / 2);
  ck_assert_uint_eq(result.before_bytes, WX_SUBJECT_BYTES);
  ck_assert_uint_eq(result.after_bytes, WX_SUBJECT_BYTES / 2);
  ck_assert_uint_eq(result.punched_bytes, WX_SUBJECT_BYTES / 2);
  ck_assert_int_eq(result.zero_mapped_bytes, WX_SUBJECT_BYTES / 2);
  ck_assert_uint_gt(result.pauses.count, 0);
  ck_assert_uint_eq(result.processes_frozen, 1);
  wx_subject_runs(subject);
  wx_subject_end(pid);
}
END_TEST

START_TEST(mapped_zero_pages_come_back_on_request) {
  WxSubject *subject;
  const char *group;
  const pid_t pid = wx_subject_start(&subject, wx_subject_busy, 0, &group);
  WxReclaimOptions options = patient;
  options.mapped = true;
  const WxReclaim result = reclaim(pid, &options);
  ck_assert_uint_eq(allocated(pid, subject->memfd), 0);
  ck_assert_uint_eq(result.punched_bytes, WX_SUBJECT_BYTES);
  wx_subject_end(pid);
}
END_TEST

START_TEST(dry_run_tells_the_same_and_touches_nothing) {
  WxSubject *subject;
  const char *group;
  const pid_t pid = wx_subject_start(&subject, wx_subject_busy, 0, &group);
  WxReclaimOptions options = patient;
  options.dry_run = true;
  const WxReclaim result = reclaim(pid, &options);
  ck_assert_uint_eq(allocated(pid, subject->memfd), WX_SUBJECT_BYTES);
  ck_assert_uint_eq(result.after_bytes, WX_SUBJECT_BYTES / 2);
  ck_assert_uint_eq(result.punched_bytes, WX_SUBJECT_BYTES / 2);
  ck_assert_int_eq(result.zero_mapped_bytes, WX_SUBJECT_BYTES / 2);
  ck_assert_uint_gt(result.pauses.count, 0);
  wx_subject_end(pid);
}
END_TEST

static void with_written_pages(WxSubject *subject) {
  char bytes[PAGE] = {0};
  for (int i = 0; i < 3; ++i) { // The first, the middle and the last byte of an orphaned page.
    memset(bytes, 0, sizeof bytes);
    bytes[(PAGE - 1) * i / 2] = 1;
    if (pwrite(subject->memfd, bytes, sizeof bytes, WX_SUBJECT_BYTES / 2 + 2 * i * PAGE) != PAGE)
      abort();
  }
  atomic_store(&subject->ready, true);
}

START_TEST(page_with_one_byte_stays) {
  WxSubject *subject;
  const char *group;
  const pid_t pid = wx_subject_start(&subject, with_written_pages, 0, &group);
  const WxReclaim result = reclaim(pid, &patient);
  ck_assert_uint_eq(result.punched_bytes, WX_SUBJECT_BYTES / 2 - 3 * PAGE);
  char path[64];
  (void)snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)pid, subject->memfd);
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  for (int i = 0; i < 3; ++i) {
    char byte = 0;
    ck_assert_int_eq(pread(fd, &byte, 1, WX_SUBJECT_BYTES / 2 + 2 * i * PAGE + (PAGE - 1) * i / 2),
                     1);
    ck_assert_int_eq(byte, 1);
  }
  (void)close(fd);
  wx_subject_end(pid);
}
END_TEST

// A reclaim of somebody else has the file, for as long as this test lives.
START_TEST(sidecar_that_cannot_keep_up_says_what_keeps_it) {
  WxSubject *subject;
  const char *group;
  const pid_t pid = wx_subject_start(&subject, wx_subject_busy, 0, &group);
  char path[64];
  (void)snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)pid, subject->memfd);
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  ck_assert_int_eq(flock(fd, LOCK_EX | LOCK_NB), 0);
  WxSidecar *sidecar;
  ck_assert_int_eq(wx_sidecar_start(pid, (uint64_t)ANSWER_MS * 1000000, &patient, &sidecar), 0);
  WxProblem problem = {""};
  ck_assert_int_eq(wx_sidecar_settle(sidecar, &problem), -ETIMEDOUT);
  ck_assert_msg(strstr(problem.text, "another wxbench"), "%s", problem.text);
  ck_assert_int_eq(wx_sidecar_stop(sidecar, NULL, NULL), 0);
  (void)close(fd);
  wx_subject_end(pid);
}
END_TEST

// A page counts as mapped if any process maps it: a child that was forked keeps what its parent
// unmapped.
static void fork_then_unmap(WxSubject *subject) {
  if (fork() == 0) {
    atomic_store(&subject->ready, true);
    for (;;)
      (void)pause();
  }
  while (!atomic_load(&subject->ready))
    (void)sched_yield();
  (void)munmap(subject->page, WX_SUBJECT_BYTES / 2);
}

START_TEST(mapping_of_a_forked_child_counts) {
  WxSubject *subject;
  const char *group;
  const pid_t pid = wx_subject_start(&subject, fork_then_unmap, 0, &group);
  const WxReclaim result = reclaim(pid, &patient);
  ck_assert_uint_eq(result.punched_bytes, WX_SUBJECT_BYTES / 2);
  ck_assert_uint_eq(result.processes_frozen, 2);
  wx_subject_end(pid);
}
END_TEST

/// A program that writes a function into a page which was all zero, when it is told to.
typedef struct {
  int orders[2];
  int answers[2];
  int patience_ms;
  bool asked;
  bool written; ///< It answered before the page was punched.
} Writer;

static Writer writer;

static void write_and_check(WxSubject *subject) {
  char *code = mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, subject->memfd, 0);
  atomic_store(&subject->ready, true);
  char order;
  if (code == MAP_FAILED || read(writer.orders[0], &order, 1) != 1 ||
      wx_codegen_emit(subject->page, FUNCTION, 7))
    abort();
  wx_codegen_flush(code, FUNCTION);
  (void)!write(writer.answers[1], "w", 1);
  // Not called where it is gone: zeros are instructions too, and would end in a fault.
  if (read(writer.orders[0], &order, 1) != 1)
    abort();
  const bool intact = memcmp(code, (char[8]){0}, 8) != 0 && !wx_codegen_check(code, FUNCTION, 7);
  (void)!write(writer.answers[1], intact ? "y" : "n", 1);
}

// Tells the program to write, and waits for it a while.
static void let_it_write(void *context) {
  Writer *it = context;
  if (it->asked) // The page is in the first batch.
    return;
  it->asked = true;
  (void)!write(it->orders[1], "w", 1);
  struct pollfd entry = {.fd = it->answers[0], .events = POLLIN};
  it->written = poll(&entry, 1, it->patience_ms) == 1;
}

// Returns whether what the program wrote in the middle of the reclaim is still there.
static bool survives(const WxFreezer *freezer, void (*before_freeze)(void *context),
                     void (*between)(void *context), bool *written) {
  ck_assert_int_eq(pipe2(writer.orders, O_CLOEXEC), 0);
  ck_assert_int_eq(pipe2(writer.answers, O_CLOEXEC), 0);
  writer.asked = writer.written = false;
  const bool can_answer = before_freeze || freezer == &wx_freezer_none;
  writer.patience_ms = can_answer ? PATIENCE_MS : ANSWER_MS;
  WxSubject *subject;
  const char *group;
  const pid_t pid = wx_subject_start(&subject, write_and_check, 0, &group);
  const WxMemfd memfd = wx_subject_memfd(pid);
  const WxReclaimHook hook = {
      .between = between, .before_freeze = before_freeze, .context = &writer};
  const WxReclaimOptions options = {
      .freezer = freezer, .max_pause_ns = 100000000, .mapped = true, .hook = &hook};
  WxTarget target;
  WxProblem problem = {""};
  ck_assert_int_eq(wx_target_open(&target, pid, &memfd, &problem), 0);
  ck_assert_int_eq(wx_target_look(&target, &problem), 0);
  // In this process, so that the hook's memory is ours.
  WxSweepDone *done = calloc(1, sizeof *done);
  const WxSweep sweep = {.fd = target.fd,
                         .holders = &target.holders,
                         .freezer = freezer,
                         .max_pause_ns = options.max_pause_ns,
                         .hook = &hook,
                         .where = &target.allocated};
  int result;
  do // On busy processors a task may come to its stop long after its pause: then once more.
    result = wx_sweep_run(&sweep, done, &problem);
  while (result == -EINPROGRESS);
  WX_SKIP_WHERE_BUSY(result, problem.text);
  ck_assert_msg(result == 0, "%d %s", result, problem.text);
  *written = writer.written;
  char answer = 0;
  ck_assert_int_eq(read(writer.answers[0], &answer, 1), 1);
  ck_assert_int_eq(answer, 'w');
  (void)!write(writer.orders[1], "c", 1);
  ck_assert_int_eq(read(writer.answers[0], &answer, 1), 1);
  wx_target_close(&target);
  free(done);
  wx_subject_end(pid);
  for (int i = 0; i < 2; ++i) {
    (void)close(writer.orders[i]);
    (void)close(writer.answers[i]);
  }
  return answer == 'y';
}

START_TEST(without_the_freeze_the_program_is_corrupted_every_time) {
  for (int i = 0; i < REPEATS; ++i) {
    bool written;
    ck_assert(!survives(&wx_freezer_none, NULL, let_it_write, &written));
    ck_assert(written);
  }
}
END_TEST

// After the search for zero pages and before the freeze: the page is looked at once more.
START_TEST(what_is_written_before_the_freeze_survives_every_time) {
  for (int i = 0; i < REPEATS; ++i) {
    bool written;
    ck_assert(survives(&wx_freezer_ptrace, let_it_write, NULL, &written));
    ck_assert(written);
  }
}
END_TEST

START_TEST(with_the_freeze_it_cannot_write_in_between) {
  const WxFreezer *const freezers[] = {&wx_freezer_ptrace, &wx_freezer_stop};
  for (int i = 0; i < 2; ++i) {
    bool written;
    ck_assert(survives(freezers[i], NULL, let_it_write, &written));
    ck_assert(!written);
  }
}
END_TEST

static pid_t start_tool(pid_t pid, const char *freezer) {
  char number[16];
  (void)snprintf(number, sizeof number, "%d", (int)pid);
  const pid_t tool = fork();
  if (tool == 0) {
    (void)execl("build/wxbench", "wxbench", "reclaim", "--pid", number, "--every", "0.001",
                "--above", "0", "--max-pause", "20", "--freeze", freezer, "--quiet", NULL);
    _exit(127);
  }
  return tool;
}

// The worker of the tool, 0 where there is none at the moment.
static pid_t worker_of(pid_t tool) {
  char path[64];
  pid_t worker = 0;
  (void)snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)tool, (int)tool);
  FILE *file = fopen(path, "re");
  if (file && fscanf(file, "%d", &worker) != 1)
    worker = 0;
  if (file)
    (void)fclose(file);
  return worker;
}

static void checks_go_on(WxChurn *churn) {
  const uint64_t before = atomic_load(&churn->checks);
  const time_t until = time(NULL) + 20;
  while (atomic_load(&churn->checks) < before + 100) {
    ck_assert_msg(time(NULL) < until, "the program stands still");
    (void)sched_yield();
  }
}

// The tool has seen that its worker is dead once there is another one. Were both killed in the same
// moment, a target stopped by a signal would stay stopped (worker.h).
static void await_next_worker(pid_t tool, pid_t worker) {
  const time_t until = time(NULL) + 20;
  pid_t next;
  do {
    ck_assert_msg(time(NULL) < until, "the tool starts no other worker");
    (void)sched_yield();
    next = worker_of(tool);
  } while (next == 0 || next == worker);
}

static void check_death(const char *freezer, bool kill_worker) {
  WxChurn *churn = wx_churn_new();
  const pid_t pid = wx_churn_fork(churn, 4, 8);
  unsigned random = (unsigned)pid;
  for (int i = 0; i < KILLS; ++i) {
    const pid_t tool = start_tool(pid, freezer);
    random = random * 1103515245U + 12345U;
    const long moment = 20000000 + (long)(random / 65536 % 100) * 1000000;
    (void)nanosleep(&(struct timespec){.tv_nsec = moment}, NULL);
    const pid_t worker = worker_of(tool);
    if (kill_worker && worker)
      (void)kill(worker, SIGKILL);
    else
      (void)kill(tool, SIGKILL);
    checks_go_on(churn);
    if (kill_worker && worker)
      await_next_worker(tool, worker);
    (void)kill(tool, SIGKILL);
    ck_assert_int_eq(waitpid(tool, NULL, 0), tool);
    checks_go_on(churn);
  }
  atomic_store(&churn->stop, true);
  int status;
  ck_assert_int_eq(waitpid(pid, &status, 0), pid);
  ck_assert_int_eq(status, 0);
  ck_assert_uint_eq(atomic_load(&churn->wrong), 0);
  wx_churn_free(churn);
}

START_TEST(death_of_the_tool_at_any_moment_lets_the_target_go_on) {
  check_death("ptrace", false);
  check_death("stop", false);
}
END_TEST

START_TEST(death_of_its_worker_at_any_moment_lets_the_target_go_on) {
  check_death("ptrace", true);
  check_death("stop", true);
}
END_TEST

WX_TEST_MAIN("reclaim_live", orphaned_pages_come_back_and_mapped_ones_stay,
             mapped_zero_pages_come_back_on_request, dry_run_tells_the_same_and_touches_nothing,
             page_with_one_byte_stays, mapping_of_a_forked_child_counts,
             without_the_freeze_the_program_is_corrupted_every_time,
             with_the_freeze_it_cannot_write_in_between,
             what_is_written_before_the_freeze_survives_every_time,
             death_of_the_tool_at_any_moment_lets_the_target_go_on,
             death_of_its_worker_at_any_moment_lets_the_target_go_on,
             sidecar_that_cannot_keep_up_says_what_keeps_it)
