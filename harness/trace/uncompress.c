#include "trace/uncompress.h"

#include "os/os.h"
#include "os/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NOT_FOUND = 127, NOT_STARTED = 126 };

static _Noreturn void run(int input, int output) {
  char *arguments[] = {(char[]){"zstd"}, (char[]){"-dcq"}, NULL};
  const int silent = wx_os_open("/dev/null", O_WRONLY, 0);
  if (silent < 0 || wx_os_duplicate_onto(input, STDIN_FILENO) < 0 ||
      wx_os_duplicate_onto(output, STDOUT_FILENO) < 0 ||
      wx_os_duplicate_onto(silent, STDERR_FILENO) < 0)
    _exit(NOT_STARTED);
  const int failed = wx_os_exec(arguments, environ);
  _exit(failed == -ENOENT ? NOT_FOUND : NOT_STARTED);
}

int wx_trace_uncompress(int fd, pid_t *uncompressor) {
  int ends[2];
  const int failed = wx_os_pipe(ends);
  if (failed)
    return failed;
  const pid_t pid = wx_os_fork();
  if (pid == 0)
    run(fd, ends[1]);
  (void)wx_os_close(ends[1]);
  if (pid < 0) {
    (void)wx_os_close(ends[0]);
    return pid;
  }
  *uncompressor = pid;
  return ends[0];
}

int wx_trace_uncompress_end(pid_t uncompressor) {
  int status = 0;
  const pid_t ended = wx_os_wait(uncompressor, 0, &status, NULL);
  if (ended < 0)
    return ended;
  if (WIFSIGNALED(status))
    return WTERMSIG(status) == SIGPIPE ? 0 : -EBADMSG;
  switch (WEXITSTATUS(status)) {
  case 0:
    return 0;
  case NOT_FOUND:
    return -ENOENT;
  case NOT_STARTED:
    return -EIO;
  default:
    return -EBADMSG;
  }
}
