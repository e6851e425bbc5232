// The freezers: what they stop, what they leave as it was, what they refuse.
#include "os/control.h"
#include "os/count.h"
#include "os/process.h"
#include "reclaim/freezer.h"
#include "reclaim/target.h"
#include "support/frozen.h"
#include "support/suite.h"

#include <errno.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// The claims here are about what happens, not how fast: a busy machine may take its time.
static const uint64_t patience_ns = 20000000000U;
static const uint64_t short_ns = 20000000;
enum { ROUNDS = 5, FORK_ROUNDS = 25, SIGNALS = 5000, MOST_ATTEMPTS = 1000, LOOKS_FOR_REST = 3000 };

/// A freezer, and the version of control groups that the subject has to be in for it.
typedef struct {
  const WxFreezer *freezer;
  int version;
} Variant;

static const Variant variants[] = {
    {&wx_freezer_ptrace, 0},
    {&wx_freezer_stop, 0},
    {&wx_freezer_cgroup, 1},
    {&wx_freezer_cgroup, 2},
};

/// A subject, ready to be frozen.
typedef struct {
  WxSubject *subject;
  pid_t pid;
  const char *group; ///< "" without.
  WxHolders holders;
  WxFreeze freeze;
} Case;

static void look_at_holders(Case *it) {
  ck_assert_int_eq(wx_holders_look(&it->holders, NULL), 0);
}

// So that no attempt waits for the subject, which was forked a moment ago.
static void grow_up(Case *it) {
  const bool may_trace_any = it->holders.may_trace_any;
  it->holders.may_trace_any = false;
  while (wx_holders_check_young(&it->holders, NULL))
    (void)usleep(1000);
  it->holders.may_trace_any = may_trace_any;
}

static bool begin(Case *it, const Variant *variant, void (*body)(WxSubject *)) {
  it->pid = wx_subject_start(&it->subject, body, variant->version, &it->group);
  if (variant->version && !*it->group) {
    WX_SKIP("no control group of version %d can be made", variant->version);
    wx_subject_end(it->pid);
    return false;
  }
  const WxMemfd memfd = wx_subject_memfd(it->pid);
  ck_assert_int_eq(wx_holders_open(&it->holders, it->pid, memfd.id, NULL), 0);
  look_at_holders(it);
  grow_up(it);
  it->freeze = (WxFreeze){.freezer = variant->freezer, .holders = &it->holders};
  return true;
}

static void end(Case *it) {
  wx_holders_close(&it->holders);
  wx_subject_end(it->pid);
  wx_subject_ungroup(it->group);
}

// Again where a process was born meanwhile.
static int try_freeze(Case *it, WxProblem *problem) {
  int failed;
  do {
    failed = wx_holders_update(&it->holders, problem);
    if (!failed)
      failed = wx_freeze(&it->freeze, patience_ns, problem);
  } while (failed == -EAGAIN);
  return failed;
}

static void freeze(Case *it) {
  WxProblem problem = {""};
  const int failed = try_freeze(it, &problem);
  WX_SKIP_WHERE_BUSY(failed, problem.text);
  ck_assert_msg(failed == 0, "%d %s", failed, problem.text);
}

static void thaw(Case *it) {
  ck_assert_int_eq(wx_thaw(&it->freeze), 0);
  ck_assert_uint_gt(it->freeze.length_ns, 0);
}

static void check_still(int variant, void (*body)(WxSubject *), int rounds) {
  Case it;
  if (!begin(&it, &variants[variant], body))
    return;
  for (int i = 0; i < rounds; ++i) {
    look_at_holders(&it);
    freeze(&it);
    wx_subject_is_still(it.subject);
    thaw(&it);
    wx_subject_runs(it.subject);
  }
  end(&it);
}

START_TEST(busy_threads_stand_still_and_go_on) {
  check_still(_i, wx_subject_busy, ROUNDS);
}
END_TEST

static int scheduler(void) {
  return sched_getscheduler(0) & ~SCHED_RESET_ON_FORK;
}

START_TEST(tool_runs_before_all_others_while_they_stand_still) {
  Case it;
  if (!begin(&it, &variants[_i], wx_subject_busy))
    return;
  const struct sched_param wanted = {.sched_priority = 1};
  const bool permitted = sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &wanted) == 0;
  ck_assert_int_eq(
      sched_setscheduler(0, SCHED_OTHER | SCHED_RESET_ON_FORK, &(struct sched_param){0}), 0);
  freeze(&it);
  const int frozen = scheduler();
  thaw(&it);
  ck_assert_int_eq(scheduler(), SCHED_OTHER);
  end(&it);
  if (permitted)
    ck_assert_int_eq(frozen, SCHED_FIFO);
  else
    WX_SKIP("real-time priority is not permitted");
}
END_TEST

// Whether a task of the process is traced.
static bool is_traced(pid_t pid) {
  char command[64];
  (void)snprintf(command, sizeof command, "grep -qE '^TracerPid:.*[1-9]' /proc/%d/task/*/status",
                 (int)pid);
  return system(command) == 0;
}

// No time at all: busy threads are still on their way to the stop when the attempt is given up.
START_TEST(late_tasks_of_a_failed_attempt_are_let_go_as_they_come) {
  Case it;
  if (!begin(&it, &variants[_i], wx_subject_busy))
    return;
  int failed = 0;
  for (int i = 0; i < MOST_ATTEMPTS && (failed != -ETIMEDOUT || it.freeze.must_end); ++i) {
    look_at_holders(&it);
    failed = wx_freeze(&it.freeze, 0, NULL);
    ck_assert(failed == 0 || failed == -ETIMEDOUT || failed == -EAGAIN);
    if (!failed)
      ck_assert_int_eq(wx_thaw(&it.freeze), 0);
  }
  ck_assert_int_eq(failed, -ETIMEDOUT);
  ck_assert(!is_traced(it.pid));
  wx_subject_runs(it.subject);
  end(&it);
}
END_TEST

START_TEST(exited_first_thread_is_no_obstacle) {
  check_still(_i, wx_subject_first_exited, ROUNDS);
}
END_TEST

START_TEST(threads_born_meanwhile_stand_still) {
  check_still(_i, wx_subject_bears, ROUNDS);
}
END_TEST

START_TEST(children_forked_meanwhile_stand_still) {
  check_still(_i, wx_subject_forks, FORK_ROUNDS);
}
END_TEST

// A process that has the number `wanted`, once that of another one; 0 where that is not permitted.
// Which number is given next does not change by it.
static pid_t child_with_number(pid_t wanted) {
  struct clone_args arguments = {
      .exit_signal = SIGCHLD, .set_tid = (uintptr_t)&wanted, .set_tid_size = 1};
  const long child = syscall(SYS_clone3, &arguments, sizeof arguments);
  if (child == 0)
    for (;;)
      (void)pause();
  return child < 0 ? 0 : (pid_t)child;
}

static pid_t number_of_one_that_ended(void) {
  const pid_t child = fork();
  if (child == 0)
    _exit(0);
  ck_assert_int_eq(waitpid(child, NULL, 0), child);
  return child;
}

// Nobody but us starts a process between a look and what is asked of it, sooner or later.
static pid_t look_when_quiet(Case *it, unsigned births) {
  pid_t number = 0;
  do {
    for (unsigned i = 0; i < births; ++i)
      number = number_of_one_that_ended();
    look_at_holders(it);
  } while (wx_holders_has_newborn(&it->holders));
  return number;
}

// As the child of one that waits for a processor in the middle of fork().
START_TEST(number_that_nobody_had_is_asked_for_again) {
  Case it;
  if (_i || !begin(&it, &variants[0], wx_subject_waits))
    return;
  const pid_t number = look_when_quiet(&it, 1);
  const pid_t child = child_with_number(number);
  if (child) {
    ck_assert_int_eq(child, number);
    ck_assert(wx_holders_settle(&it.holders));
    do
      (void)look_when_quiet(&it, 0); // It is read, and nobody new any more.
    while (wx_holders_settle(&it.holders));
    wx_subject_end(child);
  } else {
    WX_SKIP("no process can be given a number of our choice");
  }
  end(&it);
}
END_TEST

START_TEST(numbers_are_forgotten_once_all_have_stood_still) {
  Case it;
  if (_i || !begin(&it, &variants[0], wx_subject_waits))
    return;
  do
    (void)look_when_quiet(&it, 1);
  while (wx_holders_settle(&it.holders));
  ck_assert_uint_eq(it.holders.absent_count, 0);
  end(&it);
}
END_TEST

START_TEST(more_numbers_than_can_be_kept_cost_one_attempt) {
  Case it;
  if (_i || !begin(&it, &variants[0], wx_subject_waits))
    return;
  (void)look_when_quiet(&it, WX_HOLDERS_MOST_ABSENT + 1);
  ck_assert(wx_holders_settle(&it.holders));
  do
    (void)look_when_quiet(&it, 1);
  while (wx_holders_settle(&it.holders));
  end(&it);
}
END_TEST

// Others that want a processor are no rest either: then nobody can tell.
START_TEST(holders_at_rest_are_told_from_those_that_work) {
  if (_i)
    return;
  Case it;
  ck_assert(begin(&it, &variants[0], wx_subject_waits));
  const WxFigure used_ns = wx_holders_used_ns(&it.holders);
  ck_assert(wx_known(used_ns));
  ck_assert(!wx_holders_is_at_rest(&it.holders, used_ns - 1));
  ck_assert(!wx_holders_is_at_rest(&it.holders, WX_UNKNOWN));
  bool at_rest = false;
  for (int i = 0; i < LOOKS_FOR_REST && !at_rest; ++i) {
    at_rest = wx_holders_is_at_rest(&it.holders, wx_holders_used_ns(&it.holders));
    (void)usleep(1000);
  }
  if (!at_rest)
    WX_SKIP("other programs want the processors all the time");
  end(&it);
  ck_assert(begin(&it, &variants[0], wx_subject_busy));
  for (int i = 0; i < ROUNDS; ++i) {
    const WxFigure before = wx_holders_used_ns(&it.holders);
    wx_subject_runs(it.subject);
    ck_assert(!wx_holders_is_at_rest(&it.holders, before));
  }
  end(&it);
}
END_TEST

// Attaching to a child that is about to execute a program would take its rights or wait for it;
// one that only does not get a processor keeps them.
START_TEST(only_who_traces_waits_for_a_child_forked_a_moment_ago) {
  Case it;
  if (!begin(&it, &variants[_i], wx_subject_busy))
    return;
  struct timespec now;
  ck_assert_int_eq(clock_gettime(CLOCK_BOOTTIME, &now), 0);
  const uint64_t hertz = (uint64_t)sysconf(_SC_CLK_TCK);
  WxHolder *holder = &it.holders.items[0];
  const WxHolder real = *holder;
  holder->forked = true;
  holder->start_ticks = ((uint64_t)now.tv_sec + 3600) * hertz;
  it.holders.may_trace_any = false;
  WxProblem problem = {""};
  if (it.freeze.freezer == &wx_freezer_ptrace) {
    for (int i = 0; i < ROUNDS * 2; ++i)
      ck_assert_int_eq(wx_freeze(&it.freeze, patience_ns, &problem), -EAGAIN);
    ck_assert_ptr_nonnull(strstr(problem.text, "is starting a program"));
    ck_assert_uint_eq(it.freeze.length_ns, 0); // Nobody was held.
    it.holders.may_trace_any = true;
  }
  freeze(&it);
  wx_subject_is_still(it.subject);
  thaw(&it);
  holder->forked = real.forked;
  holder->start_ticks = real.start_ticks;
  end(&it);
}
END_TEST

START_TEST(stopped_process_stays_stopped) {
  Case it;
  if (variants[_i].version || !begin(&it, &variants[_i], wx_subject_busy))
    return;
  int status;
  ck_assert_int_eq(kill(it.pid, SIGSTOP), 0);
  ck_assert_int_eq(waitpid(it.pid, &status, WUNTRACED), it.pid);
  for (int i = 0; i < 3; ++i) {
    freeze(&it);
    wx_subject_is_still(it.subject);
    thaw(&it);
    wx_subject_is_still(it.subject);
    while (wx_subject_state(it.pid, it.pid) != 'T') // The kernel puts the stop back.
      (void)sched_yield();
  }
  ck_assert_int_eq(kill(it.pid, SIGCONT), 0);
  wx_subject_runs(it.subject);
  end(&it);
}
END_TEST

// Sends numbered signals as fast as the queue takes them.
static pid_t start_sender(pid_t pid) {
  const pid_t sender = fork();
  for (int i = 0; sender == 0 && i < SIGNALS;) {
    if (sigqueue(pid, SIGRTMIN + 1, (union sigval){.sival_int = i}) == 0)
      ++i;
    else if (errno != EAGAIN)
      _exit(1);
  }
  if (sender == 0)
    _exit(0);
  return sender;
}

START_TEST(signals_keep_their_order_and_data) {
  Case it;
  if (!begin(&it, &variants[_i], wx_subject_receives))
    return;
  const pid_t sender = start_sender(it.pid);
  int status = 0;
  while (waitpid(sender, &status, WNOHANG) == 0) {
    look_at_holders(&it);
    freeze(&it);
    thaw(&it);
  }
  ck_assert_int_eq(status, 0);
  while (atomic_load(&it.subject->received) < SIGNALS)
    wx_subject_runs(it.subject);
  ck_assert_uint_eq(atomic_load(&it.subject->received), SIGNALS);
  ck_assert_uint_eq(atomic_load(&it.subject->wrong), 0);
  end(&it);
}
END_TEST

// The parent of a vforked child cannot be stopped by a signal or a tracer. Its control group can
// freeze it, and a tracer can tell that it is off the processor.
START_TEST(vfork_parent_is_held_or_given_up_and_goes_on) {
  Case it;
  if (!begin(&it, &variants[_i], wx_subject_vforks))
    return;
  const bool given_up = variants[_i].freezer == &wx_freezer_stop;
  const WxMemfd memfd = wx_subject_memfd(it.pid);
  const WxReclaimOptions options = {.freezer = variants[_i].freezer, .max_pause_ns = short_ns};
  WxTarget target;
  WxProblem problem = {""};
  ck_assert_int_eq(wx_target_open(&target, it.pid, &memfd, &problem), 0);
  ck_assert_int_eq(wx_target_look(&target, &problem), 0);
  const int failed = wx_target_reclaim(&target, &options, given_up ? 1 : 100, &problem);
  const WxReclaim result = wx_target_result(&target);
  WX_SKIP_WHERE_BUSY(failed, problem.text);
  if (given_up) {
    ck_assert_int_eq(failed, -ETIMEDOUT);
    ck_assert_ptr_nonnull(strstr(problem.text, "could not be stopped"));
    ck_assert_uint_ge(result.pauses.abandoned, 2);
    ck_assert_uint_ge(result.pauses.held_abandoned_ns, short_ns);
    ck_assert_uint_eq(result.punched_bytes, 0);
  } else {
    ck_assert_msg(failed == 0, "%d %s", failed, problem.text);
    ck_assert_uint_eq(result.punched_bytes, WX_SUBJECT_BYTES / 2);
    ck_assert_uint_eq(result.processes_frozen, 2);
  }
  wx_target_close(&target);
  atomic_store(&it.subject->release, true);
  wx_subject_runs(it.subject);
  end(&it);
}
END_TEST

START_TEST(killed_target_is_left_to_its_parent) {
  Case it;
  if (!begin(&it, &variants[_i], wx_subject_busy))
    return;
  const pid_t tool = fork();
  if (tool == 0) {
    freeze(&it);
    if (kill(it.pid, SIGKILL))
      _exit(1);
    (void)wx_thaw(&it.freeze);
    _exit(0);
  }
  int status;
  ck_assert_int_eq(waitpid(tool, &status, 0), tool);
  ck_assert_int_eq(status, 0);
  ck_assert_int_eq(waitpid(it.pid, &status, 0), it.pid);
  ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  wx_holders_close(&it.holders);
  wx_subject_ungroup(it.group);
}
END_TEST

/// One pause whose n-th system call fails, in a tool of its own.
typedef struct {
  WxUndo undo;
  bool happened;
  bool frozen;
} Injected;

static void freeze_and_fail(Case *it, Injected *injected, uint64_t nth) {
  it->freeze.undo = &injected->undo;
  wx_os_inject(WX_OS_ANY, nth, EIO);
  const int failed = wx_freeze(&it->freeze, patience_ns, NULL);
  if (!failed)
    (void)wx_thaw(&it->freeze);
  injected->frozen = !failed;
  injected->happened = wx_os_inject_end();
}

// The end of the tool lets go of what it could not, and its parent what it noted.
START_TEST(failure_of_any_call_lets_the_target_go_on) {
  Case it;
  Injected *injected =
      mmap(NULL, sizeof *injected, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  ck_assert_ptr_ne(injected, MAP_FAILED);
  if (!begin(&it, &variants[_i], wx_subject_busy))
    return;
  injected->happened = true;
  for (uint64_t nth = 1; injected->happened; ++nth) {
    look_at_holders(&it);
    it.holders.absent_count = 0; // Each is one more call.
    const pid_t tool = fork();
    if (tool == 0) {
      freeze_and_fail(&it, injected, nth);
      _exit(0);
    }
    int status;
    ck_assert_int_eq(waitpid(tool, &status, 0), tool);
    ck_assert_int_eq(status, 0);
    (void)wx_undo_run(&injected->undo);
    ck_assert(!is_traced(it.pid));
    wx_subject_runs(it.subject);
    ck_assert_uint_lt(nth, MOST_ATTEMPTS);
  }
  end(&it);
  (void)munmap(injected, sizeof *injected);
}
END_TEST

static pid_t start_debugger(pid_t pid) {
  int ends[2];
  ck_assert_int_eq(wx_os_pipe(ends), 0);
  const pid_t debugger = fork();
  if (debugger == 0) {
    const char byte = ptrace(PTRACE_SEIZE, pid, NULL, NULL) ? 'n' : 'y';
    (void)!write(ends[1], &byte, 1);
    for (;;)
      (void)pause();
  }
  char byte;
  ck_assert_int_eq(read(ends[0], &byte, 1), 1);
  ck_assert_int_eq(byte, 'y');
  return debugger;
}

START_TEST(traced_process_is_refused_and_left_alone) {
  Case it;
  ck_assert(begin(&it, &variants[0], wx_subject_busy));
  const pid_t debugger = start_debugger(it.pid);
  WxProblem problem = {""};
  ck_assert_int_eq(try_freeze(&it, &problem), -EBUSY);
  ck_assert_ptr_nonnull(strstr(problem.text, "traced by process"));
  wx_subject_runs(it.subject);
  wx_subject_end(debugger);
  end(&it);
}
END_TEST

// Frozen by version 1 its tasks do not even see a signal; in version 2 they can be traced.
START_TEST(paused_process_stays_paused) {
  Case it;
  const Variant paused = {&wx_freezer_ptrace, 1 + _i % 2};
  if (!begin(&it, &paused, wx_subject_busy))
    return;
  WxGroup group;
  ck_assert_int_eq(wx_group_find(&group, it.pid), 0);
  ck_assert_str_eq(strrchr(group.path, '/'), strrchr(it.group, '/')); // Nobody else's.
  ck_assert_int_eq(wx_group_write(&group, true), 0);
  while (wx_group_state_has(&group, group.kind->frozen) != 1)
    (void)sched_yield();
  const pid_t tool = fork(); // Its end lets go of what cannot be detached.
  if (tool == 0) {
    const int failed = wx_freeze(&it.freeze, short_ns, NULL);
    if (!failed)
      (void)wx_thaw(&it.freeze);
    _exit(failed && failed != -ETIMEDOUT && failed != -EAGAIN);
  }
  int status;
  ck_assert_int_eq(waitpid(tool, &status, 0), tool);
  ck_assert_int_eq(status, 0);
  wx_subject_is_still(it.subject);
  it.freeze.freezer = &wx_freezer_cgroup;
  WxProblem problem = {""};
  ck_assert_int_eq(wx_freeze(&it.freeze, short_ns, &problem), -EBUSY);
  ck_assert_ptr_nonnull(strstr(problem.text, "paused"));
  wx_subject_is_still(it.subject);
  ck_assert_int_eq(wx_group_write(&group, false), 0);
  wx_subject_runs(it.subject);
  end(&it);
}
END_TEST

static void join(const char *group) {
  char path[256];
  (void)snprintf(path, sizeof path, "%s/cgroup.procs", group);
  FILE *file = fopen(path, "we");
  if (!file || fprintf(file, "%d", (int)getpid()) < 0 || fclose(file))
    _exit(2);
}

// A task frozen by version 1 cannot even be killed, so that it would hold what it traces.
START_TEST(group_that_could_freeze_the_tool_is_left) {
  Case it;
  const Variant first = {&wx_freezer_cgroup, 1};
  if (!begin(&it, &first, wx_subject_busy))
    return;
  const pid_t tool = fork();
  if (tool == 0) {
    WxGroup group;
    join(it.group);
    if (wx_group_find(&group, it.pid) || wx_group_has(&group, getpid(), true) != 1)
      _exit(3);
    _exit(wx_group_leave() || wx_group_has(&group, getpid(), true) != 0 ||
          wx_group_has(&group, it.pid, true) != 1);
  }
  int status;
  ck_assert_int_eq(waitpid(tool, &status, 0), tool);
  ck_assert_int_eq(status, 0);
  end(&it);
}
END_TEST

// Whether that group beside `group` is frozen.
static bool is_kept_frozen(const char *group) {
  WxGroup kept;
  (void)snprintf(kept.state, sizeof kept.state, "%.*s/wxbench-frozen/freezer.state",
                 (int)(strrchr(group, '/') - group), group);
  return wx_group_state_has(&kept, "FROZEN\n") == 1;
}

// The kernel patches itself for the first frozen group, while the tasks of that group stand still.
// A reclaim beside this test may make that group, too, and take it away.
START_TEST(group_is_never_the_only_one_that_is_frozen) {
  Case it;
  const Variant first = {&wx_freezer_cgroup, 1};
  if (!begin(&it, &first, wx_subject_busy))
    return;
  do
    wx_freezer_cgroup.keep(&it.holders, true);
  while (!is_kept_frozen(it.group));
  do
    wx_freezer_cgroup.keep(&it.holders, false);
  while (is_kept_frozen(it.group));
  end(&it);
}
END_TEST

START_TEST(group_that_holds_the_tool_is_refused) {
  Case it;
  const Variant shared = {&wx_freezer_cgroup, 1 + _i % 2};
  if (!begin(&it, &shared, wx_subject_busy))
    return;
  const pid_t tool = fork();
  if (tool == 0) {
    join(it.group);
    WxProblem problem = {""};
    const int failed = wx_freeze(&it.freeze, short_ns, &problem);
    _exit(failed != -EDEADLK || !strstr(problem.text, "holds this tool"));
  }
  int status;
  ck_assert_int_eq(waitpid(tool, &status, 0), tool);
  ck_assert_int_eq(status, 0);
  wx_subject_runs(it.subject);
  end(&it);
}
END_TEST

int main(void) {
  const TTest *const tests[] = {
      busy_threads_stand_still_and_go_on,
      tool_runs_before_all_others_while_they_stand_still,
      late_tasks_of_a_failed_attempt_are_let_go_as_they_come,
      exited_first_thread_is_no_obstacle,
      threads_born_meanwhile_stand_still,
      children_forked_meanwhile_stand_still,
      number_that_nobody_had_is_asked_for_again,
      numbers_are_forgotten_once_all_have_stood_still,
      more_numbers_than_can_be_kept_cost_one_attempt,
      holders_at_rest_are_told_from_those_that_work,
      only_who_traces_waits_for_a_child_forked_a_moment_ago,
      stopped_process_stays_stopped,
      signals_keep_their_order_and_data,
      vfork_parent_is_held_or_given_up_and_goes_on,
      killed_target_is_left_to_its_parent,
      failure_of_any_call_lets_the_target_go_on,
      traced_process_is_refused_and_left_alone,
      paused_process_stays_paused,
      group_that_holds_the_tool_is_refused,
      group_that_could_freeze_the_tool_is_left,
      group_is_never_the_only_one_that_is_frozen,
  };
  return wx_suite_run_variants("freeze", tests, sizeof tests / sizeof *tests,
                               sizeof variants / sizeof *variants);
}
