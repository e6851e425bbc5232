// The step protocol seen from both sides: a program that keeps it, dies, babbles or hangs.
#include "measure/observe.h"
#include "os/count.h"
#include "os/interrupt.h"
#include "support/inject.h"
#include "support/suite.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SECOND = 1000000000, SEEN_SIZE = 512 };

/// What the callback was told, one word a step.
typedef struct {
  char text[SEEN_SIZE];
  pid_t pid;
  int stop_with;
} Seen;

static int note_step(void *context, pid_t pid, const WxStep *step) {
  Seen *seen = context;
  const size_t length = strlen(seen->text);
  char live[32] = "-";
  if (wx_known(step->live_bytes))
    snprintf(live, sizeof live, "%lld", (long long)step->live_bytes);
  snprintf(seen->text + length, sizeof seen->text - length, "%d:%s:%s ", (int)step->round,
           step->name, live);
  seen->pid = pid;
  return seen->stop_with;
}

static Seen seen;

static WxObserved observe_shell(const char *script, WxObserveOptions options) {
  char *const argv[] = {"sh", "-c", (char *)script, NULL};
  options.argv = argv;
  options.on_step = note_step;
  options.context = &seen;
  if (!options.time_limit_ns) // A broken test ends too.
    options.time_limit_ns = 60ULL * SECOND;
  WxObserved observed = {0};
  ck_assert_int_eq(wx_observe(&options, &observed), 0);
  return observed;
}

/// Shell functions that speak the protocol.
#define SAY                                                                                        \
  "IFS=, read R W <<X\n$WXBENCH_STEP_FDS\nX\nsay() { eval \"echo \\\"\\$1\\\" >&$W; read a "       \
  "<&$R\"; }; "

START_TEST(each_step_is_seen_and_answered) {
  WxObserved observed = observe_shell(SAY "say 'step 0 start -'; say 'step 0 dropped 4096'; "
                                          "say 'step 1 end 9223372036854775807'; exit 3",
                                      (WxObserveOptions){0});
  ck_assert_str_eq(seen.text, "0:start:- 0:dropped:4096 1:end:9223372036854775807 ");
  ck_assert_int_eq(observed.outcome, WX_OBSERVED_ENDED);
  ck_assert_uint_eq(observed.steps, 3);
  ck_assert(WIFEXITED(observed.wait_status));
  ck_assert_int_eq(WEXITSTATUS(observed.wait_status), 3);
  ck_assert_str_eq(observed.last.name, "end");
  ck_assert_int_gt(observed.usage.ru_minflt, 0);
  ck_assert_uint_gt(observed.wall_ns, 0);
  WxEnded ended;
  wx_observed_ended(&observed, &ended);
  ck_assert_int_eq(ended.how, WX_ENDED_EXIT);
  ck_assert_int_eq(ended.status, 3);
  ck_assert_str_eq(ended.text, "exit status 3 after step end of round 1");
  wx_observed_free(&observed);
}
END_TEST

START_TEST(a_program_that_dies_half_way_has_its_wait_status_reported) {
  WxObserved observed =
      observe_shell(SAY "say 'step 0 start -'; kill -KILL $$", (WxObserveOptions){0});
  ck_assert_int_eq(observed.outcome, WX_OBSERVED_DIED);
  ck_assert(WIFSIGNALED(observed.wait_status));
  ck_assert_int_eq(WTERMSIG(observed.wait_status), SIGKILL);
  WxEnded ended;
  wx_observed_ended(&observed, &ended);
  ck_assert_int_eq(ended.how, WX_ENDED_SIGNAL);
  ck_assert_int_eq(ended.signal, SIGKILL);
  ck_assert_str_eq(ended.text, "killed by signal 9 (Killed) after step start of round 0");
  wx_observed_free(&observed);
}
END_TEST

START_TEST(a_program_that_ends_well_but_early_has_died) {
  WxObserved observed = observe_shell("exit 0", (WxObserveOptions){0});
  ck_assert_int_eq(observed.outcome, WX_OBSERVED_DIED);
  ck_assert_int_eq(observed.wait_status, 0);
  ck_assert_uint_eq(observed.steps, 0);
  WxEnded ended;
  wx_observed_ended(&observed, &ended);
  ck_assert_int_eq(ended.how, WX_ENDED_EXIT);
  ck_assert_str_eq(ended.text, "exit status 0 before its first step");
  wx_observed_free(&observed);
}
END_TEST

START_TEST(the_first_and_the_last_line_of_errors_are_quoted) {
  static const struct {
    const char *printed, *first, *last;
  } cases[] = {{"", "", ""},
               {"only\\n", ": only", "only"},
               {"one\\ntwo\\nthree\\n\\n", ": one", "three"},
               {"no end", ": no end", "no end"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
    char script[96], text[96];
    snprintf(script, sizeof script, "printf '%s' >&2; exit 1", cases[i].printed);
    snprintf(text, sizeof text, "exit status 1 before its first step%s", cases[i].first);
    WxObserved observed = observe_shell(script, (WxObserveOptions){.errors = WX_STREAM_CAPTURE});
    WxEnded ended;
    wx_observed_ended(&observed, &ended);
    ck_assert_str_eq(ended.text, text);
    ck_assert_str_eq(ended.last_line, cases[i].last);
    wx_observed_free(&observed);
  }
}
END_TEST

static int interrupt_self(void *context, pid_t pid, const WxStep *step) {
  (void)context, (void)pid, (void)step;
  return raise(SIGINT);
}

// The signal comes while the program waits at its first step, which it would go on from.
START_TEST(a_program_is_stopped_when_its_observer_is_interrupted) {
  ck_assert_int_eq(wx_os_interrupted(), 0);
  ck_assert_int_eq(wx_os_interrupt_begin(), 0);
  char *const argv[] = {(char[]){"/bin/sh"}, (char[]){"-c"},
                        (char[]){SAY "say 'step 0 start -'; exec sleep 1000"}, NULL};
  const WxObserveOptions options = {.argv = argv, .on_step = interrupt_self};
  for (int i = 0; i < 2; ++i) { // It stays so for whatever is begun later.
    WxObserved observed = {0};
    ck_assert_int_eq(wx_observe(&options, &observed), 0);
    ck_assert_int_eq(observed.outcome, WX_OBSERVED_STOPPED);
    ck_assert_int_eq(observed.stopped_by, -EINTR);
    WxEnded ended;
    wx_observed_ended(&observed, &ended);
    ck_assert_int_eq(ended.how, WX_ENDED_STOPPED);
    ck_assert_int_eq(ended.error, -EINTR);
    wx_observed_free(&observed);
    ck_assert_int_eq(wx_os_interrupt_begin(), 0); // One signal more is let through.
  }
  ck_assert_int_eq(wx_os_interrupted(), SIGINT);
}
END_TEST

START_TEST(a_child_that_keeps_the_pipes_open_does_not_hold_the_observer) {
  WxObserved observed =
      observe_shell(SAY "say 'step 0 end -'; sleep 1000 & echo $!; exit 0",
                    (WxObserveOptions){.output = WX_STREAM_CAPTURE, .time_limit_ns = 0});
  ck_assert_int_eq(observed.outcome, WX_OBSERVED_ENDED);
  int left = 0;
  ck_assert_int_eq(sscanf(observed.output.data, "%d", &left), 1);
  ck_assert_int_eq(kill(left, SIGKILL), 0); // It was left alone.
  wx_observed_free(&observed);
}
END_TEST

START_TEST(output_and_errors_are_captured_apart_and_input_is_empty) {
  int input[2];
  ck_assert_int_eq(pipe(input), 0);
  ck_assert_int_eq(write(input[1], "unread\n", 7), 7);
  ck_assert_int_eq(dup2(input[0], STDIN_FILENO), STDIN_FILENO);
  WxObserved observed =
      observe_shell("echo sum 42; echo trouble >&2; cat",
                    (WxObserveOptions){.output = WX_STREAM_CAPTURE, .errors = WX_STREAM_CAPTURE});
  ck_assert_str_eq(observed.output.data, "sum 42\n");
  ck_assert_str_eq(observed.errors.data, "trouble\n");
  wx_observed_free(&observed);
}
END_TEST

START_TEST(the_last_bytes_of_a_long_output_are_kept) {
  WxObserved observed =
      observe_shell("i=0; while [ $i -lt 3000 ]; do echo 0123456789; i=$((i+1)); done; echo last",
                    (WxObserveOptions){.output = WX_STREAM_CAPTURE, .capture_limit = 11 + 5});
  ck_assert_str_eq(observed.output.data, "0123456789\nlast\n");
  wx_observed_free(&observed);
}
END_TEST

START_TEST(variables_are_added_replaced_and_removed) {
  ck_assert_int_eq(setenv("WX_TEST_GONE", "1", 1), 0);
  ck_assert_int_eq(setenv("WX_TEST_KEPT", "old", 1), 0);
  const char *const changes[] = {"WX_TEST_GONE", "WX_TEST_KEPT=first", "WX_TEST_KEPT=new",
                                 "WX_TEST_ADDED=a=b", NULL};
  WxObserved observed =
      observe_shell("echo \"${WX_TEST_GONE-none} $WX_TEST_KEPT $WX_TEST_ADDED\"; pwd; "
                    "tr '\\0' '\\n' </proc/$$/environ | grep -c ^WX_TEST_KEPT=",
                    (WxObserveOptions){
                        .output = WX_STREAM_CAPTURE, .environment = changes, .directory = "/proc"});
  ck_assert_str_eq(observed.output.data, "none new a=b\n/proc\n1\n");
  wx_observed_free(&observed);
}
END_TEST

static const struct {
  const char *script;
  const char *complaint;
} garbage[] = {
    {SAY "say 'hello'", "line 1: expected `step ROUND NAME LIVE_BYTES|-`, got `hello`"},
    {SAY "say 'step 0 start -'; say 'step x end -'",
     "line 2: expected the number of the round after `step`, got `step x end -`"},
    {SAY "say 'step 0 START -'", "line 1: expected a name of at most 31 letters a-z and _ after "
                                 "the round, got `step 0 START -`"},
    {SAY "say 'step 0 start 4k'",
     "line 1: expected the number of live bytes or - at the end, got `step 0 start 4k`"},
    {SAY "say 'step 0 start -1'",
     "line 1: expected the number of live bytes or - at the end, got `step 0 start -1`"},
    {SAY "say 'step 0 start 9223372036854775808'",
     "line 1: expected the number of live bytes or - at the end, got `step 0 start "
     "9223372036854775808`"},
    {SAY "say 'step 0 end -'; say 'step 1 start -'",
     "line 2: expected no step after `end`, got `step 1 start -`"},
    {SAY "eval \"printf 'step 0 start -\\nstep 0 end -\\n' >&$W\"; sleep 1000",
     "line 1: expected the program to wait for the answer, got `step 0 start -`"},
    {SAY "eval \"printf '\\001\\\\\\\\000\\n' >&$W\"; sleep 1000", NULL},
    {SAY "say \"$(printf %0200d 0)\"", NULL},
};

START_TEST(a_malformed_line_is_named_and_the_program_killed) {
  for (size_t i = 0; i < sizeof garbage / sizeof *garbage; ++i) {
    memset(&seen, 0, sizeof seen);
    WxObserved observed = observe_shell(garbage[i].script, (WxObserveOptions){0});
    ck_assert_msg(observed.outcome == WX_OBSERVED_GARBLED, "row %zu: outcome %d", i,
                  (int)observed.outcome);
    ck_assert(WIFSIGNALED(observed.wait_status));
    if (garbage[i].complaint)
      ck_assert_str_eq(observed.complaint, garbage[i].complaint);
    else
      ck_assert_str_ne(observed.complaint, "");
    wx_observed_free(&observed);
  }
}
END_TEST

static int hang_with_a_child(WxStepChannel channel, void *context) {
  (void)context;
  if (fork() != 0)
    (void)wx_step_write(channel, 0, "start", WX_UNKNOWN);
  return pause();
}

START_TEST(a_program_that_hangs_ends_at_the_time_limit_with_its_group) {
  int held[2]; // By the program and its child, until both are dead.
  ck_assert_int_eq(pipe(held), 0);
  const WxObserveOptions options = {.child = hang_with_a_child, .time_limit_ns = SECOND / 4};
  WxObserved observed = {0};
  ck_assert_int_eq(wx_observe(&options, &observed), 0);
  ck_assert_int_eq(observed.outcome, WX_OBSERVED_LATE);
  ck_assert(WIFSIGNALED(observed.wait_status));
  ck_assert_int_eq(close(held[1]), 0);
  char byte;
  ck_assert_int_eq(read(held[0], &byte, 1), 0);
  ck_assert_int_eq(close(held[0]), 0);
  wx_observed_free(&observed);
}
END_TEST

START_TEST(a_callback_that_returns_an_error_stops_the_program) {
  seen.stop_with = -EIO;
  WxObserved observed =
      observe_shell(SAY "say 'step 0 start -'; sleep 1000", (WxObserveOptions){0});
  ck_assert_int_eq(observed.outcome, WX_OBSERVED_STOPPED);
  ck_assert_int_eq(observed.stopped_by, -EIO);
  ck_assert(WIFSIGNALED(observed.wait_status));
  ck_assert_int_eq(kill(seen.pid, 0), -1);
  wx_observed_free(&observed);
}
END_TEST

static int kill_it(void *context, pid_t pid, const WxStep *step) {
  (void)context;
  (void)step;
  ck_assert_int_eq(kill(pid, SIGKILL), 0);
  siginfo_t info;
  ck_assert_int_eq(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
  return -ESRCH; // As a sample of it says.
}

static int say_three_steps(WxStepChannel channel, void *context) {
  const int *status = context;
  int result = wx_step_write(channel, 0, "start", WX_UNKNOWN);
  if (!result)
    result = wx_step_write(channel, 0, "dropped", 12);
  if (!result)
    result = wx_step_write(channel, 0, "end", 0);
  return result ? 99 : *status;
}

static int ticks;

static int end_at_the_third_tick(void *context, pid_t pid) {
  ck_assert_ptr_eq(context, &seen);
  if (++ticks == 3)
    ck_assert_int_eq(kill(pid, SIGKILL), 0);
  ck_assert_int_le(ticks, 3 + 1); // One more where its end is not seen yet.
  return 0;
}

START_TEST(a_program_without_steps_is_looked_at_again_and_again) {
  ticks = 0;
  WxObserved observed =
      observe_shell("exec sleep 1000",
                    (WxObserveOptions){.on_tick = end_at_the_third_tick, .every_ns = SECOND / 100});
  ck_assert_int_ge(ticks, 3);
  ck_assert_int_eq(observed.outcome, WX_OBSERVED_DIED);
  ck_assert_uint_eq(observed.steps, 0);
  ck_assert_int_eq(WTERMSIG(observed.wait_status), SIGKILL);
  wx_observed_free(&observed);
}
END_TEST

static int refuse_to_look(void *context, pid_t pid) {
  (void)context;
  (void)pid;
  return -EACCES;
}

START_TEST(a_look_that_fails_stops_the_program) {
  WxObserved observed = observe_shell(
      "exec sleep 1000", (WxObserveOptions){.on_tick = refuse_to_look, .every_ns = SECOND / 100});
  ck_assert_int_eq(observed.outcome, WX_OBSERVED_STOPPED);
  ck_assert_int_eq(observed.stopped_by, -EACCES);
  wx_observed_free(&observed);
}
END_TEST

START_TEST(a_program_that_dies_while_it_is_looked_at_has_died) {
  int status = 0;
  const WxObserveOptions options = {
      .child = say_three_steps, .child_context = &status, .on_step = kill_it};
  WxObserved observed = {0};
  ck_assert_int_eq(wx_observe(&options, &observed), 0);
  ck_assert_int_eq(observed.outcome, WX_OBSERVED_DIED);
  ck_assert_uint_eq(observed.steps, 1);
  ck_assert_int_eq(WTERMSIG(observed.wait_status), SIGKILL);
  wx_observed_free(&observed);
}
END_TEST

START_TEST(a_function_in_a_child_is_observed_like_a_program) {
  int status = 7;
  const WxObserveOptions options = {
      .child = say_three_steps, .child_context = &status, .on_step = note_step, .context = &seen};
  WxObserved observed = {0};
  ck_assert_int_eq(wx_observe(&options, &observed), 0);
  ck_assert_int_eq(observed.outcome, WX_OBSERVED_ENDED);
  ck_assert_int_eq(WEXITSTATUS(observed.wait_status), 7);
  ck_assert_str_eq(seen.text, "0:start:- 0:dropped:12 0:end:0 ");
  wx_observed_free(&observed);
}
END_TEST

START_TEST(a_kernel_without_pidfd_is_observed_all_the_same) {
  wx_os_inject(WX_OS_PIDFD_OPEN, 1, ENOSYS);
  WxObserved observed =
      observe_shell(SAY "say 'step 0 start -'; say 'step 0 end -'; exit 5", (WxObserveOptions){0});
  ck_assert(wx_os_inject_end());
  ck_assert_int_eq(observed.outcome, WX_OBSERVED_ENDED);
  ck_assert_int_eq(WEXITSTATUS(observed.wait_status), 5);
  wx_observed_free(&observed);
}
END_TEST

START_TEST(a_command_that_cannot_be_started_says_why) {
  static const struct {
    const char *command;
    int error;
  } commands[] = {{"/nonexistent/program", -ENOENT}, {"/", -EACCES}, {"/dev/null", -EACCES}};
  const WxHeld before = wx_held();
  for (size_t i = 0; i < sizeof commands / sizeof *commands; ++i) {
    char *const argv[] = {(char *)commands[i].command, NULL};
    const WxObserveOptions options = {.argv = argv};
    WxObserved observed = {0};
    ck_assert_int_eq(wx_observe(&options, &observed), commands[i].error);
    wx_observed_free(&observed);
  }
  ck_assert_uint_eq(wx_held().descriptors, before.descriptors);
}
END_TEST

START_TEST(a_closed_standard_stream_does_not_confuse_the_pipes) {
  ck_assert_int_eq(close(STDIN_FILENO), 0);
  WxObserved observed = observe_shell(SAY "echo out; say 'step 0 end -'",
                                      (WxObserveOptions){.output = WX_STREAM_CAPTURE});
  ck_assert_int_eq(observed.outcome, WX_OBSERVED_ENDED);
  ck_assert_str_eq(observed.output.data, "out\n");
  wx_observed_free(&observed);
}
END_TEST

START_TEST(the_program_dies_with_its_observer) {
  int held[2]; // By the observer and the program, which says that it runs.
  ck_assert_int_eq(pipe(held), 0);
  const pid_t observer = fork();
  ck_assert_int_ge(observer, 0);
  if (observer == 0) {
    char script[64];
    snprintf(script, sizeof script, "echo >&%d; exec sleep 1000", held[1]);
    char *const argv[] = {"sh", "-c", script, NULL};
    const WxObserveOptions options = {.argv = argv};
    WxObserved observed = {0};
    _exit(-wx_observe(&options, &observed));
  }
  ck_assert_int_eq(close(held[1]), 0);
  char byte;
  ck_assert_int_eq(read(held[0], &byte, 1), 1);
  ck_assert_int_eq(kill(observer, SIGKILL), 0);
  ck_assert_int_eq(waitpid(observer, NULL, 0), observer);
  ck_assert_int_eq(read(held[0], &byte, 1), 0); // Nobody holds it any more.
  ck_assert_int_eq(close(held[0]), 0);
}
END_TEST

START_TEST(numbers_of_a_step_are_decimal) {
  WxStep step;
  ck_assert_ptr_null(wx_step_parse(&step, "step 010 start 010"));
  ck_assert_uint_eq(step.round, 10);
  ck_assert_int_eq(step.live_bytes, 10);
  ck_assert_ptr_nonnull(wx_step_parse(&step, "step 0 start 0x10"));
  ck_assert_ptr_nonnull(wx_step_parse(&step, "step 0x1 start 0"));
  ck_assert_ptr_nonnull(wx_step_parse(&step, "step +1 start 0"));
  ck_assert_ptr_nonnull(wx_step_parse(&step, "step 18446744073709551616 start 0"));
}
END_TEST

START_TEST(a_channel_is_named_by_the_environment_and_by_nothing_else) {
  static const char *const wrong[] = {"", "3", "3,", ",4", "3,4,", "3,4 ", "-3,4", "3,99999999999"};
  WxStepChannel channel;
  ck_assert_int_eq(unsetenv(WX_STEP_VARIABLE), 0);
  ck_assert_int_eq(wx_step_channel(&channel), -ENOENT);
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; ++i) {
    ck_assert_int_eq(setenv(WX_STEP_VARIABLE, wrong[i], 1), 0);
    ck_assert_msg(wx_step_channel(&channel) == -EINVAL, "`%s`", wrong[i]);
  }
  ck_assert_int_eq(setenv(WX_STEP_VARIABLE, "3,14", 1), 0);
  ck_assert_int_eq(wx_step_channel(&channel), 0);
  ck_assert_int_eq(channel.read, 3);
  ck_assert_int_eq(channel.write, 14);
}
END_TEST

static int observe_once(void *context) {
  (void)context;
  int status = 0;
  const WxObserveOptions options = {.child = say_three_steps,
                                    .child_context = &status,
                                    .output = WX_STREAM_CAPTURE,
                                    .errors = WX_STREAM_DISCARD,
                                    .time_limit_ns = 60ULL * SECOND};
  WxObserved observed = {0};
  const int result = wx_observe(&options, &observed);
  wx_observed_free(&observed);
  return result;
}

static WxHeld held_before;

static void nothing_is_left(void *context) {
  (void)context;
  ck_assert_uint_eq(wx_held().descriptors, held_before.descriptors);
  ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1); // No child, not even a zombie.
  ck_assert_int_eq(errno, ECHILD);
}

START_TEST(any_system_call_of_the_observer_may_fail_and_no_child_is_left) {
  held_before = wx_held();
  ck_assert_uint_ge(wx_inject_each(EIO, observe_once, nothing_is_left, NULL), 20);
}
END_TEST

WX_TEST_MAIN("observe", a_program_without_steps_is_looked_at_again_and_again,
             a_look_that_fails_stops_the_program, each_step_is_seen_and_answered,
             a_program_that_dies_half_way_has_its_wait_status_reported,
             a_program_that_ends_well_but_early_has_died,
             the_first_and_the_last_line_of_errors_are_quoted,
             a_program_is_stopped_when_its_observer_is_interrupted,
             a_child_that_keeps_the_pipes_open_does_not_hold_the_observer,
             output_and_errors_are_captured_apart_and_input_is_empty,
             the_last_bytes_of_a_long_output_are_kept, variables_are_added_replaced_and_removed,
             a_malformed_line_is_named_and_the_program_killed,
             a_program_that_hangs_ends_at_the_time_limit_with_its_group,
             a_callback_that_returns_an_error_stops_the_program,
             a_program_that_dies_while_it_is_looked_at_has_died,
             a_function_in_a_child_is_observed_like_a_program,
             a_kernel_without_pidfd_is_observed_all_the_same,
             a_command_that_cannot_be_started_says_why,
             a_closed_standard_stream_does_not_confuse_the_pipes,
             the_program_dies_with_its_observer, numbers_of_a_step_are_decimal,
             a_channel_is_named_by_the_environment_and_by_nothing_else,
             any_system_call_of_the_observer_may_fail_and_no_child_is_left)
