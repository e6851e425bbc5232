#include "support/holder.h"

#include "support/double_map.h"

#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

static _Noreturn void be_holder(void) {
  DoubleMap map = double_map_make(WX_HOLDER_BYTES);
  double_map_writable(&map);
  double_map_write(&map);
  (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (dup(map.fd) >= 0) // One that the new program keeps.
    execlp("sleep", "sleep", "infinity", (char *)NULL);
  _exit(127);
}

pid_t wx_holder_start(void) {
  int executed[2];
  char byte;
  ck_assert_int_eq(pipe2(executed, O_CLOEXEC), 0);
  const pid_t pid = fork();
  if (pid == 0)
    be_holder();
  ck_assert_int_gt(pid, 0);
  ck_assert_int_eq(close(executed[1]), 0);
  ck_assert_int_eq(read(executed[0], &byte, 1), 0);
  ck_assert_int_eq(close(executed[0]), 0);
  return pid;
}
