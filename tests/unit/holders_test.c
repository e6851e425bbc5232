// Who holds a file: those that come later, that were read wrong for a moment, that have ended.
#include "os/control.h"
#include "os/count.h"
#include "reclaim/holders.h"
#include "support/bystander.h"
#include "support/patterned.h"
#include "support/suite.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

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
  const WxMemfd memfd = wx_patterned_memfd(pid);
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
  const pid_t pid = wx_patterned_start();
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
  wx_bystander_end(pid);
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
  const pid_t pid = wx_patterned_start();
  int orders[2], answers[2];
  const pid_t opener = start_opener(pid, wx_patterned_memfd(pid).number, orders, answers);
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
  wx_bystander_end(opener);
  wx_bystander_end(pid);
  for (int i = 0; i < 2; ++i) {
    (void)close(orders[i]);
    (void)close(answers[i]);
  }
}
END_TEST

START_TEST(process_that_has_not_run_is_not_read_again) {
  const pid_t pid = wx_patterned_start();
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
  wx_bystander_end(idle);
  wx_bystander_end(pid);
}
END_TEST

// As where a thread that is about to execute a program takes the place of the one that is read.
START_TEST(holder_that_could_not_be_read_for_a_moment_is_found_again) {
  WxHolders holders;
  const pid_t pid = wx_patterned_start();
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
  wx_bystander_end(pid);
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
  const pid_t pid = wx_patterned_start();
  WxHolders holders;
  open_holders(&holders, pid);
  const pid_t born = fork();
  if (born == 0)
    wx_bystander_wait();
  ck_assert(wx_holders_has_newborn(&holders));
  wx_holders_close(&holders);
  wx_bystander_end(born);
  wx_bystander_end(pid);
}
END_TEST

START_TEST(holders_of_an_ended_process_are_none) {
  const pid_t pid = wx_patterned_start();
  const WxMemfd memfd = wx_patterned_memfd(pid);
  WxHolders holders;
  ck_assert_int_eq(wx_holders_open(&holders, pid, memfd.id, NULL), 0);
  look_at_holders(&holders);
  ck_assert_uint_eq(holders.count, 1);
  wx_bystander_end(pid);
  ck_assert_int_eq(wx_holders_look(&holders, NULL), -ESRCH);
  wx_holders_close(&holders);
}
END_TEST

WX_TEST_MAIN("holders", number_used_again_can_be_that_of_a_holder,
             process_that_opens_the_file_later_is_found_whatever_its_number,
             process_that_has_not_run_is_not_read_again,
             holder_that_could_not_be_read_for_a_moment_is_found_again,
             child_that_has_ended_is_not_in_the_way_of_an_ordinary_user,
             birth_since_the_last_update_is_seen, holders_of_an_ended_process_are_none)
