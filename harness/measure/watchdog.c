#include "measure/watchdog.h"

#include "os/control.h"
#include "os/os.h"
#include "os/process.h"

#include <signal.h>
#include <stddef.h>
#include <unistd.h>

enum { KEPT = STDERR_FILENO + 1 };

// A byte: all is well. The end of the pipe without one: nobody is there to end the group.
static _Noreturn void wait_for_the_end(int pipe, pid_t group) {
  (void)wx_os_new_session();
  (void)wx_os_set_name("wx-watchdog");
  if (wx_os_duplicate_onto(pipe, KEPT) == 0) {
    wx_os_close_from(KEPT + 1); // Else a pipe of the program would stay open by it.
    char byte;
    if (wx_os_read(KEPT, &byte, 1) == 0)
      (void)wx_os_kill(-group, SIGKILL);
  }
  _exit(0);
}

int wx_watchdog_begin(WxWatchdog *watchdog, pid_t group) {
  int ends[2];
  *watchdog = WX_WATCHDOG_NONE;
  const int failed = wx_os_pipe(ends);
  if (failed)
    return failed;
  const pid_t pid = wx_os_fork();
  if (pid == 0)
    wait_for_the_end(ends[0], group);
  if (pid > 0) {
    *watchdog = (WxWatchdog){.end = ends[1], .kept = ends[0], .pid = pid};
    return 0;
  }
  wx_os_close_reader(ends[0]);
  wx_os_close_reader(ends[1]);
  return pid;
}

void wx_watchdog_end(WxWatchdog *watchdog) {
  if (watchdog->end < 0)
    return;
  (void)wx_os_write(watchdog->end, "", 1);
  wx_os_close_reader(watchdog->end);
  wx_os_close_reader(watchdog->kept);
  (void)wx_os_wait(watchdog->pid, 0, NULL, NULL);
  *watchdog = WX_WATCHDOG_NONE;
}
