#include "os/process.h"

#include "os/count.h"
#include "os/os.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { FIRST_FREE = STDERR_FILENO + 1, MOST_DESCRIPTORS = 65536 };

uint64_t wx_os_now_ns(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now); // Cannot fail for this clock.
  return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

uint64_t wx_os_minor_faults(void) {
  struct rusage usage;
  return getrusage(RUSAGE_SELF, &usage) ? 0 : (uint64_t)usage.ru_minflt;
}

// Moves *fd out of the way of the standard streams.
static int move_up(int *fd) {
  if (*fd >= FIRST_FREE)
    return 0;
  const int failed = wx_os_begin(WX_OS_FCNTL);
  if (failed)
    return failed;
  const int moved = fcntl(*fd, F_DUPFD_CLOEXEC, FIRST_FREE);
  if (moved < 0)
    return -errno;
  (void)close(*fd);
  *fd = moved;
  return 0;
}

int wx_os_pipe(int ends[2]) {
  int failed = wx_os_begin(WX_OS_PIPE);
  if (failed)
    return failed;
  int made[2];
  if (pipe2(made, O_CLOEXEC))
    return -errno;
  for (int i = 0; i < 2 && !failed; ++i)
    failed = move_up(&made[i]);
  for (int i = 0; i < 2; ++i)
    if (failed)
      (void)close(made[i]);
    else
      ends[i] = made[i];
  return failed;
}

int wx_os_keep_on_exec(int fd) {
  const int failed = wx_os_begin(WX_OS_FCNTL);
  if (failed)
    return failed;
  return fcntl(fd, F_SETFD, 0) ? -errno : 0;
}

int wx_os_set_pipe_size(int pipe, size_t size) {
  const int failed = wx_os_begin(WX_OS_FCNTL);
  if (failed)
    return failed;
  const int room = fcntl(pipe, F_SETPIPE_SZ, (int)size);
  return room < 0 ? -errno : room;
}

int wx_os_duplicate_onto(int fd, int onto) {
  const int failed = wx_os_begin(WX_OS_DUP);
  if (failed)
    return failed;
  return dup2(fd, onto) < 0 ? -errno : 0;
}

int wx_os_duplicate_from(int fd, int lowest) {
  const int failed = wx_os_begin(WX_OS_FCNTL);
  if (failed)
    return failed;
  const int made = fcntl(fd, F_DUPFD_CLOEXEC, lowest);
  return made < 0 ? -errno : made;
}

static bool close_range_from(int lowest, unsigned flags) {
#ifdef SYS_close_range
  return syscall(SYS_close_range, (unsigned)lowest, ~0U, flags) == 0; // Linux 5.9, flags: 5.11.
#else
  return false;
#endif
}

void wx_os_close_on_exec_from(int lowest) {
  enum { CLOSE_ON_EXEC = 1 << 2 };
  const long most = close_range_from(lowest, CLOSE_ON_EXEC) ? 0 : sysconf(_SC_OPEN_MAX);
  for (int fd = lowest; fd < most && fd < MOST_DESCRIPTORS; ++fd)
    (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
}

void wx_os_close_from(int lowest) {
  const long most = close_range_from(lowest, 0) ? 0 : sysconf(_SC_OPEN_MAX);
  for (int fd = lowest; fd < most && fd < MOST_DESCRIPTORS; ++fd)
    (void)close(fd);
}

int wx_os_poll(struct pollfd *entries, size_t count, int timeout_ms) {
  const int failed = wx_os_begin(WX_OS_POLL);
  if (failed)
    return failed;
  const int ready = poll(entries, count, timeout_ms);
  if (ready >= 0)
    return ready;
  return errno == EINTR ? 0 : -errno;
}

pid_t wx_os_fork(void) {
  const int failed = wx_os_begin(WX_OS_FORK);
  if (failed)
    return failed;
  const pid_t pid = fork();
  return pid < 0 ? -errno : pid;
}

int wx_os_exec(char *const *argv, char *const *environment) {
  const int failed = wx_os_begin(WX_OS_EXEC);
  if (failed)
    return failed;
  (void)execvpe(argv[0], argv, environment);
  return -errno;
}

pid_t wx_os_wait(pid_t pid, int options, int *status, struct rusage *usage) {
  const int failed = wx_os_begin(WX_OS_WAIT);
  if (failed)
    return failed;
  pid_t ended;
  do
    ended = wait4(pid, status, options, usage);
  while (ended < 0 && errno == EINTR);
  return ended < 0 ? -errno : ended;
}

// The same as wait4() puts into its status: the signal that ended it, with the bit for a core, or
// the exit status, or what stopped it (with the event of a trace above it).
static int status_of(const siginfo_t *info) {
  enum { STOPPED = 0x7f, CORE = 0x80 };
  if (info->si_code == CLD_EXITED)
    return (info->si_status & 0xff) << 8;
  if (info->si_code == CLD_KILLED)
    return info->si_status;
  if (info->si_code == CLD_DUMPED)
    return info->si_status | CORE;
  return (int)((unsigned)info->si_status << 8) | STOPPED;
}

pid_t wx_os_peek(pid_t pid, int *status) {
  const int failed = wx_os_begin(WX_OS_WAITID);
  if (failed)
    return failed;
  siginfo_t info = {0};
  if (waitid(P_PID, (id_t)pid, &info, WEXITED | WSTOPPED | WNOHANG | WNOWAIT | __WALL))
    return -errno;
  if (info.si_pid)
    *status = status_of(&info);
  return info.si_pid;
}

int wx_os_kill(pid_t pid, int signal) {
  const int failed = wx_os_begin(WX_OS_KILL);
  if (failed)
    return failed;
  return kill(pid, signal) ? -errno : 0;
}

void wx_os_end_group(pid_t pid, int *status, struct rusage *usage) {
  (void)kill(-pid, SIGKILL);
  (void)kill(pid, SIGKILL); // It may not lead a group yet.
  int ignored;
  while (wait4(pid, status ? status : &ignored, 0, usage) < 0 && errno == EINTR)
    ;
}

int wx_os_change_directory(const char *path) {
  const int failed = wx_os_begin(WX_OS_CHDIR);
  if (failed)
    return failed;
  return chdir(path) ? -errno : 0;
}

int wx_os_own_group(pid_t pid) {
  const int failed = wx_os_begin(WX_OS_SETPGID);
  if (failed)
    return failed;
  return setpgid(pid, 0) ? -errno : 0;
}

int wx_os_signal_on_parent_death(int signal) {
  const int failed = wx_os_begin(WX_OS_PRCTL);
  if (failed)
    return failed;
  return prctl(PR_SET_PDEATHSIG, signal) ? -errno : 0;
}

int wx_os_pidfd_open(pid_t pid) {
  const int failed = wx_os_begin(WX_OS_PIDFD_OPEN);
  if (failed)
    return failed;
  const long fd = syscall(SYS_pidfd_open, pid, 0U);
  return fd < 0 ? -errno : (int)fd;
}
