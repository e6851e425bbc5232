#include "support/bystander.h"

#include <check.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

_Noreturn void wx_bystander_wait(void) {
  (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (;;)
    (void)pause();
}

pid_t wx_bystander_start(void (*prepare)(void)) {
  int ends[2];
  ck_assert_int_eq(pipe(ends), 0);
  const pid_t pid = fork();
  ck_assert_int_ge(pid, 0);
  if (pid == 0) {
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    prepare();
    (void)!write(ends[1], "r", 1);
    wx_bystander_wait();
  }
  char byte;
  ck_assert_int_eq(read(ends[0], &byte, 1), 1);
  ck_assert_int_eq(close(ends[0]), 0);
  ck_assert_int_eq(close(ends[1]), 0);
  return pid;
}

void wx_bystander_end(pid_t pid) {
  ck_assert_int_eq(kill(pid, SIGKILL), 0);
  ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}
