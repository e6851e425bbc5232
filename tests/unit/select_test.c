// Which processes are meant by --only and --except.
#include "os/count.h"
#include "reclaim/select.h"
#include "support/bystander.h"
#include "support/inject.h"
#include "support/suite.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static const WxIdentity app = {
    .user = 1654,
    .command = "dotnet",
    .program = "dotnet",
    .groups = "12:memory:/kubepods/burstable/pod1/c1\n3:cpu,cpuacct:/system.slice\n0::/\n",
};
static const WxIdentity tool = {.user = 0, .command = "renamed", .program = "dotnet-counters"};

// Whether the rules, `-` before each of --except, take a process.
static bool takes(const WxIdentity *identity, const char *const rules[]) {
  WxSelection selection = {0};
  WxProblem problem = {""};
  WxIdentity whole = *identity;
  if (!whole.groups)
    whole.groups = "";
  for (; *rules; ++rules) {
    const bool except = **rules == '-';
    ck_assert_msg(wx_selection_add(&selection, except, *rules + except, &problem) == 0, "%s",
                  problem.text);
  }
  const bool taken = wx_selection_takes(&selection, &whole);
  wx_selection_free(&selection);
  return taken;
}

#define TAKES(IDENTITY, ...) takes(&(IDENTITY), (const char *const[]){__VA_ARGS__, NULL})

START_TEST(without_rules_everybody_is_taken) {
  ck_assert(takes(&app, (const char *const[]){NULL}));
}
END_TEST

START_TEST(command_is_the_name_of_the_process_or_of_its_program) {
  ck_assert(TAKES(app, "command=dotnet"));
  ck_assert(!TAKES(app, "command=dot"));
  ck_assert(TAKES(app, "command=dot*"));
  ck_assert(TAKES(tool, "command=renamed"));
  ck_assert(TAKES(tool, "command=dotnet-counters"));
  ck_assert(!TAKES(tool, "-command=dotnet-counters"));
  ck_assert(TAKES(app, "-command=dotnet-counters"));
}
END_TEST

START_TEST(user_is_a_name_or_a_number) {
  ck_assert(TAKES(app, "user=1654"));
  ck_assert(!TAKES(app, "user=0"));
  ck_assert(TAKES(tool, "user=root"));
  ck_assert(!TAKES(tool, "-user=root"));
}
END_TEST

START_TEST(cgroup_is_the_path_in_any_hierarchy) {
  ck_assert(TAKES(app, "cgroup=/kubepods/*"));
  ck_assert(TAKES(app, "cgroup=/system.slice"));
  ck_assert(TAKES(app, "cgroup=/"));
  ck_assert(!TAKES(app, "cgroup=/kubepods"));
  ck_assert(!TAKES(app, "cgroup=memory*")); // The path alone.
  ck_assert(!TAKES(tool, "cgroup=/*"));
}
END_TEST

START_TEST(of_one_criterion_any_has_to_match_and_of_several_each) {
  ck_assert(TAKES(app, "user=0", "user=1654"));
  ck_assert(TAKES(app, "user=1654", "command=dotnet"));
  ck_assert(!TAKES(app, "user=1654", "command=java"));
  ck_assert(!TAKES(app, "user=0", "command=dotnet"));
  ck_assert(!TAKES(app, "user=1654", "-cgroup=/kubepods/*"));
}
END_TEST

START_TEST(rule_that_is_none_is_refused_with_what_was_expected) {
  static const struct {
    const char *rule, *expected;
  } rows[] = {
      {"usr=app", "'usr=app' begins with no criterion; expected command=, user= or cgroup="},
      {"", "begins with no criterion"},
      {"user", "'user' begins with no criterion"},
      {"=x", "begins with no criterion"},
      {"user=", "'user=' has no value; expected NAME|NUMBER"},
      {"command=", "has no value; expected NAME"},
      {"user=no-such-user-here", "user=no-such-user-here: there is no user of that name or number"},
      {"user=99999999999", "there is no user of that name or number"},
      {"user=-1", "there is no user"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i) {
    WxSelection selection = {0};
    WxProblem problem = {""};
    ck_assert_int_eq(wx_selection_add(&selection, false, rows[i].rule, &problem), -EINVAL);
    ck_assert_msg(strstr(problem.text, rows[i].expected), "%s", problem.text);
    ck_assert_uint_eq(selection.count, 0);
    wx_selection_free(&selection);
  }
}
END_TEST

START_TEST(identity_is_what_the_kernel_says) {
  WxIdentity identity = {0};
  ck_assert_int_eq(wx_identity_read(&identity, getpid()), 0);
  ck_assert_uint_eq(identity.user, getuid());
  ck_assert_int_eq(identity.parent, getppid());
  ck_assert_str_eq(identity.program, "select_test");
  ck_assert_str_eq(identity.command, "select_test");
  ck_assert_ptr_nonnull(strchr(identity.groups, ':'));
  ck_assert_int_eq(wx_identity_read(&identity, 1 << 22), -ESRCH);
  wx_identity_free(&identity);
}
END_TEST

// Becomes user 65534, then user 5 of a namespace that this one made: 100005 outside. Says when.
static _Noreturn void be_many(int ready, int go) {
  char byte = 0;
  if (setresuid(65534, 65534, 65534) || unshare(CLONE_NEWUSER) || write(ready, &byte, 1) != 1 ||
      read(go, &byte, 1) != 1 || setresuid(5, 5, 5) || prctl(PR_SET_DUMPABLE, 1) ||
      write(ready, &byte, 1) != 1)
    _exit(1);
  wx_bystander_wait();
}

static bool map_users(pid_t pid) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/uid_map", (int)pid);
  FILE *map = fopen(path, "we");
  if (!map)
    return false;
  fputs("0 100000 10\n", map);
  return fclose(map) == 0;
}

START_TEST(user_of_a_namespace_counts_as_who_made_it) {
  int ready[2], go[2];
  char byte = 0;
  ck_assert_int_eq(pipe2(ready, O_CLOEXEC) | pipe2(go, O_CLOEXEC), 0);
  ck_assert_uint_eq(wx_identity_account(getpid(), 1234), 1234);
  const pid_t pid = fork();
  if (pid == 0)
    be_many(ready[1], go[0]);
  close(ready[1]);
  if (read(ready[0], &byte, 1) != 1 || !map_users(pid)) {
    WX_SKIP("a user namespace of another user cannot be made");
  } else {
    ck_assert_int_eq(write(go[1], &byte, 1), 1);
    ck_assert_int_eq(read(ready[0], &byte, 1), 1);
    WxIdentity identity = {0};
    ck_assert_int_eq(wx_identity_read(&identity, pid), 0);
    ck_assert_uint_eq(identity.user, 100005);
    ck_assert_uint_eq(wx_identity_account(pid, identity.user), 65534);
    wx_identity_free(&identity);
    const uint64_t before = wx_held().descriptors;
    for (uint64_t nth = 1; nth <= 8;
         ++nth) { // As many calls as it makes; what fails changes nothing.
      wx_os_inject(WX_OS_ANY, nth, EIO);
      const uint32_t account = wx_identity_account(pid, 100005);
      const bool failed = wx_os_inject_end();
      ck_assert(account == 65534 || (failed && account == 100005));
      ck_assert_uint_eq(wx_held().descriptors, before);
    }
  }
  (void)kill(pid, SIGKILL);
  ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
  close(ready[0]);
  close(go[0]);
  close(go[1]);
}
END_TEST

WX_TEST_MAIN("select", without_rules_everybody_is_taken,
             command_is_the_name_of_the_process_or_of_its_program, user_is_a_name_or_a_number,
             cgroup_is_the_path_in_any_hierarchy,
             of_one_criterion_any_has_to_match_and_of_several_each,
             rule_that_is_none_is_refused_with_what_was_expected, identity_is_what_the_kernel_says,
             user_of_a_namespace_counts_as_who_made_it)
