// Whether a process still is what it was.
#include "measure/process_status.h"
#include "support/suite.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

START_TEST(a_process_stays_the_same_while_it_runs_one_program) {
  WxText text = {0};
  WxProcessLife before, after;
  ck_assert_int_eq(wx_process_life(&before, getpid(), &text), 0);
  ck_assert_int_eq(wx_process_life(&after, getpid(), &text), 0);
  ck_assert(wx_process_life_equal(&before, &after));
  ck_assert_uint_gt(before.vm_bytes, 0);
  wx_text_free(&text);
}
END_TEST

START_TEST(a_process_that_has_ended_and_is_not_waited_for_has_no_life) {
  WxText text = {0};
  WxProcessLife life;
  siginfo_t info;
  const pid_t pid = fork();
  if (pid == 0)
    _exit(0);
  ck_assert_int_eq(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
  ck_assert_int_eq(wx_process_life(&life, pid, &text), -ESRCH);
  ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
  ck_assert_int_eq(wx_process_life(&life, pid, &text), -ESRCH);
  wx_text_free(&text);
}
END_TEST

START_TEST(a_process_that_runs_another_program_is_another_one) {
  WxText text = {0};
  WxProcessLife before, after;
  int in[2], out[2];
  char byte = 'x';
  ck_assert_int_eq(pipe(in), 0);
  ck_assert_int_eq(pipe(out), 0);
  const pid_t pid = fork();
  if (pid == 0) {
    dup2(in[0], 0);
    dup2(out[1], 1);
    close(in[1]);
    if (read(0, &byte, 1) == 1)
      execlp("cat", "cat", (char *)NULL);
    _exit(1);
  }
  ck_assert_int_eq(wx_process_life(&before, pid, &text), 0);
  ck_assert_int_eq(write(in[1], "ab", 2), 2);
  ck_assert_int_eq(read(out[0], &byte, 1), 1); // By the other program.
  ck_assert_int_eq(wx_process_life(&after, pid, &text), 0);
  ck_assert(!wx_process_life_equal(&before, &after));
  ck_assert_int_eq(kill(pid, SIGKILL), 0);
  ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
  wx_text_free(&text);
}
END_TEST

WX_TEST_MAIN("life", a_process_stays_the_same_while_it_runs_one_program,
             a_process_that_has_ended_and_is_not_waited_for_has_no_life,
             a_process_that_runs_another_program_is_another_one)
