#include "trace/recording.h"

#include "os/os.h"
#include "os/preloads.h"
#include "os/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NEW_FILE_MODE = 0644 };

static int make_absolute(const char *path, char **absolute) {
  char *folder = *path == '/' ? NULL : getcwd(NULL, 0);
  if (*path != '/' && !folder)
    return -errno;
  const int length = asprintf(absolute, "%s%s%s", folder ? folder : "", folder ? "/" : "", path);
  free(folder);
  return length < 0 ? -ENOMEM : 0;
}

/// Whether a file can be made there: makes one and removes it.
static int try_to_make(const char *path) {
  const int fd = wx_os_open(path, O_WRONLY | O_CREAT | O_EXCL, NEW_FILE_MODE);
  if (fd < 0)
    return fd;
  (void)wx_os_close(fd);
  return unlink(path) ? -errno : 0;
}

/// Beside the file, so that it can be renamed.
static int move_aside(WxRecordingPlace *place) {
  if (asprintf(&place->kept, "%s.before-%d", place->path, (int)getpid()) < 0) {
    place->kept = NULL;
    return -ENOMEM;
  }
  const int failed = rename(place->path, place->kept) ? -errno : 0;
  if (failed) {
    free(place->kept);
    place->kept = NULL;
  }
  return failed;
}

static int clear_way(WxRecordingPlace *place) {
  struct stat status;
  const int missing = wx_os_stat(place->path, &status);
  if (missing)
    return try_to_make(place->path);
  if (!S_ISREG(status.st_mode))
    return S_ISDIR(status.st_mode) ? -EISDIR : -EEXIST;
  if (access(place->path, W_OK))
    return -errno;
  return move_aside(place);
}

static void free_place(WxRecordingPlace *place) {
  free(place->path);
  free(place->kept);
  *place = (WxRecordingPlace){0};
}

int wx_recording_prepare(const char *path, WxRecordingPlace *place) {
  *place = (WxRecordingPlace){0};
  int failed = make_absolute(path, &place->path);
  if (!failed)
    failed = clear_way(place);
  if (failed)
    free_place(place);
  return failed;
}

int wx_recording_settle(WxRecordingPlace *place) {
  struct stat status;
  int failed = 0;
  if (place->kept && wx_os_stat(place->path, &status))
    failed = rename(place->kept, place->path) ? -errno : 0;
  else if (place->kept)
    failed = unlink(place->kept) ? -errno : 0;
  free_place(place);
  return failed;
}

/// The signals that are awaited while the program runs.
static sigset_t awaited(void) {
  const int signals[] = {SIGCHLD, SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2};
  sigset_t set;
  sigemptyset(&set);
  for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
    sigaddset(&set, signals[i]);
  return set;
}

/// Waits for the program and passes signals on. One from the terminal reaches it without our help.
static int attend(pid_t pid, const sigset_t *signals, int *status) {
  for (;;) {
    const pid_t ended = wx_os_wait(pid, WNOHANG, status, NULL);
    if (ended != 0)
      return ended < 0 ? ended : 0;
    siginfo_t information;
    const int number = sigwaitinfo(signals, &information);
    if (number > 0 && number != SIGCHLD && information.si_code != SI_KERNEL)
      (void)wx_os_kill(pid, number);
  }
}

/// In the child: becomes the program, or says through the pipe why not.
static _Noreturn void become(char *const *argv, char *const *environment, const sigset_t *mask,
                             int report) {
  sigprocmask(SIG_SETMASK, mask, NULL);
  const int failed = wx_os_exec(argv, environment);
  (void)wx_os_write(report, &failed, sizeof failed);
  _exit(127);
}

/// Starts the program. Returns its process, or why it could not be started.
static pid_t start(char *const *argv, char *const *environment, const sigset_t *mask) {
  int ends[2];
  int failed = wx_os_pipe(ends);
  if (failed)
    return failed;
  const pid_t pid = wx_os_fork();
  if (pid == 0)
    become(argv, environment, mask, ends[1]);
  (void)wx_os_close(ends[1]);
  if (pid > 0 && wx_os_read(ends[0], &failed, sizeof failed) != sizeof failed)
    failed = 0;
  (void)wx_os_close(ends[0]);
  if (pid > 0 && failed)
    (void)wx_os_wait(pid, 0, NULL, NULL);
  return failed ? failed : pid;
}

static int make_environment(const char *absolute, char *entries[3], char ***environment) {
  const int failed = wx_preload_entry("libwxrecord.so", WX_PRELOAD_FIRST, &entries[0]);
  if (failed)
    return failed == -ENOMEM ? failed : -ELIBACC;
  if (asprintf(&entries[1], "WXRECORD=%s", absolute) < 0) {
    entries[1] = NULL;
    return -ENOMEM;
  }
  *environment = wx_preload_environment(entries);
  return *environment ? 0 : -ENOMEM;
}

int wx_recording_run(char *const *argv, const char *absolute, int *status) {
  char *entries[3] = {NULL, NULL, NULL};
  char **environment = NULL;
  const sigset_t signals = awaited();
  sigset_t mask;
  int failed = make_environment(absolute, entries, &environment);
  if (!failed) {
    sigprocmask(SIG_BLOCK, &signals, &mask);
    const pid_t pid = start(argv, environment, &mask);
    failed = pid < 0 ? pid : attend(pid, &signals, status);
    sigprocmask(SIG_SETMASK, &mask, NULL);
  }
  free(environment);
  free(entries[0]);
  free(entries[1]);
  return failed;
}
