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

void wx_bystander_end(pid_t pid) {
  ck_assert_int_eq(kill(pid, SIGKILL), 0);
  ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}
