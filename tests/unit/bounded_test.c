// Work in a child: what comes of it, and what where another process holds it.
#include "measure/bounded.h"
#include "os/count.h"
#include "support/bystander.h"
#include "support/inject.h"
#include "support/suite.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STATUS = 42 };

static int answer(const WxProcesses *left_out, void *context) {
  ck_assert_uint_eq(left_out->count, 0);
  return *(int *)context;
}

static int be_killed(const WxProcesses *left_out, void *context) {
  (void)left_out, (void)context;
  return raise(SIGKILL);
}

START_TEST(result_is_the_child_s_status_or_its_signal) {
  pid_t culprit;
  int status = STATUS;
  ck_assert_int_eq(wx_bounded_run(answer, &status, 0, &culprit), STATUS);
  ck_assert_int_eq(wx_bounded_run(be_killed, NULL, 0, &culprit), 128 + SIGKILL);
  wx_os_inject(WX_OS_FORK, 1, EAGAIN);
  ck_assert_int_eq(wx_bounded_run(answer, &status, 0, &culprit), -EAGAIN);
  ck_assert(wx_os_inject_end());
  wx_os_inject(WX_OS_PIDFD_OPEN, 1, ENOSYS); // Before Linux 5.3.
  ck_assert_int_eq(wx_bounded_run(answer, &status, 0, &culprit), STATUS);
  ck_assert(wx_os_inject_end());
}
END_TEST

/// As a process that holds whoever reads its mappings: a pipe that nobody writes to lies over them,
/// in the reader's mount namespace.
static int cover_mappings(pid_t pid) {
  char path[64], folder[] = "/tmp/wx-bounded-XXXXXX", fifo[64];
  snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
  if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
      !mkdtemp(folder))
    return -1;
  snprintf(fifo, sizeof fifo, "%s/f", folder);
  const int failed = mkfifo(fifo, 0600) || mount(fifo, path, NULL, MS_BIND, NULL);
  (void)unlink(fifo);
  (void)rmdir(folder);
  return failed ? -1 : open(path, O_RDWR);
}

// Reads of a process that holds it, unless that is left out.
static int read_held(const WxProcesses *left_out, void *context) {
  const pid_t pid = *(pid_t *)context;
  char byte;
  if (wx_processes_contain(left_out, pid))
    return left_out->count == 1 ? STATUS : 1;
  return (int)read(cover_mappings(pid), &byte, 1) + 2;
}

START_TEST(process_that_holds_its_reader_is_left_out_or_named) {
  if (geteuid() != 0) {
    WX_SKIP("only root can cover the mappings of a process");
    return;
  }
  pid_t pid = fork(), culprit;
  if (pid == 0)
    wx_bystander_wait();
  ck_assert_int_eq(wx_bounded_run(read_held, &pid, 0, &culprit), STATUS);
  ck_assert_int_eq(wx_bounded_run(read_held, &pid, pid, &culprit), -ETIMEDOUT);
  ck_assert_int_eq(culprit, pid);
  wx_bystander_end(pid);
}
END_TEST

// A pipe of nobody's: what waits for its reader or writer may do so.
static int wait_for_input(const WxProcesses *left_out, void *context) {
  (void)left_out;
  char byte;
  return read(*(int *)context, &byte, 1) == 1 ? STATUS : 1;
}

START_TEST(work_that_waits_for_something_else_is_left_to_it) {
  int ends[2];
  pid_t culprit;
  ck_assert_int_eq(pipe(ends), 0);
  const pid_t writer = fork();
  if (writer == 0) {
    (void)poll(NULL, 0, (WX_BOUNDED_SECONDS + 2) * 1000);
    _exit(write(ends[1], "w", 1) != 1);
  }
  ck_assert_int_eq(wx_bounded_run(wait_for_input, &ends[0], 0, &culprit), STATUS);
  ck_assert_int_eq(waitpid(writer, NULL, 0), writer);
}
END_TEST

static int run_bounded(void *context) {
  pid_t culprit;
  const int status = wx_bounded_run(answer, context, 0, &culprit);
  return status == STATUS ? 0 : status;
}

static uint64_t descriptors;

static void nothing_left(void *context) {
  (void)context;
  ck_assert_uint_eq(wx_held().descriptors, descriptors);
  while (waitpid(-1, NULL, 0) > 0) // One that could not be waited for.
    ;
}

START_TEST(failures_leave_nothing_behind) {
  int status = STATUS;
  descriptors = wx_held().descriptors;
  ck_assert_uint_gt(wx_inject_each(EIO, run_bounded, nothing_left, &status), 2);
}
END_TEST

WX_TEST_MAIN("bounded", result_is_the_child_s_status_or_its_signal,
             process_that_holds_its_reader_is_left_out_or_named,
             work_that_waits_for_something_else_is_left_to_it, failures_leave_nothing_behind)
