#include "measure/child.h"

#include "measure/memory_group.h"
#include "os/layout.h"
#include "os/os.h"
#include "os/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Its environment
 * -------------------------------------------------------------------------------------------------
 */

static size_t count_of(const char *const *strings) {
  size_t count = 0;
  while (strings && strings[count])
    ++count;
  return count;
}

static bool same_name(const char *a, const char *b) {
  const size_t length = strcspn(a, "=");
  return length == strcspn(b, "=") && strncmp(a, b, length) == 0;
}

// Whether one of `changes`, or `last`, is about the variable of `entry`.
static bool is_changed(const char *entry, const char *const *changes, const char *last) {
  for (size_t i = 0; changes && changes[i]; ++i)
    if (same_name(entry, changes[i]))
      return true;
  return same_name(entry, last);
}

// Makes an environment: that of this process, each of `changes` applied (`NAME=value` adds or
// replaces, `NAME` alone removes; ends with NULL, or NULL), then `last`, a `NAME=value`, which
// must outlive the result. The strings are borrowed; the caller frees the array only. NULL where
// there is no memory.
static char **make_environment(const char *const *changes, char *last) {
  const size_t room = count_of((const char *const *)environ) + count_of(changes) + 2;
  char **made = calloc(room, sizeof *made);
  if (!made)
    return NULL;
  size_t count = 0;
  for (char **entry = environ; entry && *entry; ++entry)
    if (!is_changed(*entry, changes, last))
      made[count++] = *entry;
  for (size_t i = 0; changes && changes[i]; ++i)
    if (strchr(changes[i], '=') && !is_changed(changes[i], &changes[i + 1], last))
      made[count++] = (char *)changes[i]; // execve() takes char *, and changes nothing.
  made[count] = last;
  return made;
}

static bool concerns_loading(const char *entry) {
  static const char *const names[] = {"LD_",   "WXRE",  "ASAN_",  "UBSAN_",
                                      "TSAN_", "LSAN_", "TMPDIR="};
  for (size_t i = 0; i < sizeof names / sizeof *names; ++i)
    if (strncmp(entry, names[i], strlen(names[i])) == 0)
      return true;
  return false;
}

// Makes the environment of a process whose counts must not depend on this one's: what decides how
// a program is loaded and what was loaded into it (a preload library, a sanitizer) is told, and
// the two entries. As above of ownership.
static char **make_fresh_environment(char *first, char *last) {
  char **made = calloc(count_of((const char *const *)environ) + 3, sizeof *made);
  if (!made)
    return NULL;
  size_t count = 0;
  for (char **entry = environ; entry && *entry; ++entry)
    if (concerns_loading(*entry))
      made[count++] = *entry;
  made[count++] = first;
  made[count] = last;
  return made;
}

/* The process
 * -------------------------------------------------------------------------------------------------
 */

enum {
  NOT_STARTED = 127,
  VARIABLE_SIZE = 64,
  OUT_OF_THE_WAY = 64, ///< Descriptors that are about to be moved stand here or above.
};

/// The pipes, each {read, write}; -1 where not made.
typedef struct {
  int steps[2];
  int answers[2];
  int failure[2]; ///< The child's errno where it cannot start; empty and closed where it can.
  int output[2];
  int errors[2];
} Pipes;

static void close_end(int *fd) {
  if (*fd >= 0)
    wx_os_close_reader(*fd);
  *fd = -1;
}

static void close_pipes(Pipes *pipes) {
  int(*const all[])[2] = {&pipes->steps, &pipes->answers, &pipes->failure, &pipes->output,
                          &pipes->errors};
  for (size_t i = 0; i < sizeof all / sizeof *all; ++i) {
    close_end(&(*all[i])[0]);
    close_end(&(*all[i])[1]);
  }
}

static int make_pipes(Pipes *pipes, const WxObserveOptions *options) {
  *pipes = (Pipes){{-1, -1}, {-1, -1}, {-1, -1}, {-1, -1}, {-1, -1}};
  int result = wx_os_pipe(pipes->steps);
  if (!result)
    result = wx_os_pipe(pipes->answers);
  if (!result)
    result = wx_os_pipe(pipes->failure);
  if (!result && options->output == WX_STREAM_CAPTURE)
    result = wx_os_pipe(pipes->output);
  if (!result && options->errors == WX_STREAM_CAPTURE)
    result = wx_os_pipe(pipes->errors);
  return result;
}

// The functions from here to run_child() run in the child, between fork and exec: no allocation.

// What ends at once, where no /dev/null is: a root may hold nothing but /proc.
static int open_ended_pipe(void) {
  int ends[2];
  const int failed = wx_os_pipe(ends);
  if (failed)
    return failed;
  wx_os_close_reader(ends[1]);
  return ends[0];
}

static int point_to_null(int stream, int flags) {
  int fd = wx_os_open("/dev/null", flags, 0);
  if (fd == -ENOENT && flags == O_RDONLY)
    fd = open_ended_pipe();
  if (fd < 0)
    return fd;
  const int result = fd == stream ? wx_os_keep_on_exec(fd) : wx_os_duplicate_onto(fd, stream);
  if (fd != stream)
    wx_os_close_reader(fd);
  return result;
}

static int set_stream(WxStream wanted, int pipe_end, int stream) {
  if (wanted == WX_STREAM_CAPTURE)
    return wx_os_duplicate_onto(pipe_end, stream);
  if (wanted == WX_STREAM_WITH_ERRORS) {
    const int result = wx_os_duplicate_onto(STDERR_FILENO, stream);
    return result == -EBADF ? 0 : result;
  }
  return wanted == WX_STREAM_DISCARD ? point_to_null(stream, O_WRONLY) : 0;
}

static int prepare_child(const Pipes *pipes, const WxObserveOptions *options, pid_t parent) {
  int result = wx_os_own_group(0);
  if (!result)
    result = wx_os_signal_on_parent_death(SIGKILL);
  if (!result && getppid() != parent) // It died before the signal was asked for.
    result = -ESRCH;
  if (!result)
    result = point_to_null(STDIN_FILENO, O_RDONLY);
  if (!result)
    result = set_stream(options->errors, pipes->errors[1], STDERR_FILENO);
  if (!result)
    result = set_stream(options->output, pipes->output[1], STDOUT_FILENO);
  if (!result && options->group)
    result = wx_cgroup_put(options->group, 0);
  if (!result && options->directory)
    result = wx_os_change_directory(options->directory);
  return result;
}

// The same descriptors, limits and kind of address space, whatever this process has.
static int become_fresh(Pipes *pipes, const WxFresh *fresh, char **environment) {
  const int from[] = {pipes->answers[0], pipes->steps[1], fresh->fd};
  enum { MOVED = sizeof from / sizeof *from };
  int moved[MOVED];
  int result = pipes->failure[1] = wx_os_duplicate_from(pipes->failure[1], OUT_OF_THE_WAY);
  for (int i = 0; i < MOVED && result >= 0; ++i)
    result = moved[i] = wx_os_duplicate_from(from[i], OUT_OF_THE_WAY);
  if (result >= 0)
    result = 0;
  for (int i = 0; i < MOVED && result == 0; ++i)
    result = wx_os_duplicate_onto(moved[i], WX_FRESH_ANSWERS + i);
  if (result)
    return result;
  wx_os_close_on_exec_from(WX_FRESH_UNUSED);
  wx_os_fix_next_layout();
  char *const argv[] = {(char[]){"/proc/self/exe"}, NULL};
  return wx_os_exec(argv, environment);
}

static int become_program(const Pipes *pipes, const WxObserveOptions *options, char **environment) {
  int result = wx_os_keep_on_exec(pipes->answers[0]);
  if (!result)
    result = wx_os_keep_on_exec(pipes->steps[1]);
  return result ? result : wx_os_exec(options->argv, environment);
}

static int become_function(Pipes *pipes, const WxObserveOptions *options) {
  const WxStepChannel channel = {.read = pipes->answers[0], .write = pipes->steps[1]};
  pipes->answers[0] = pipes->steps[1] = -1;
  close_pipes(pipes);
  return options->child(channel, options->child_context);
}

static _Noreturn void run_child(Pipes *pipes, const WxObserveOptions *options, char **environment,
                                pid_t parent) {
  int result = prepare_child(pipes, options, parent);
  if (!result && options->child)
    _exit(become_function(pipes, options));
  if (!result)
    result = options->fresh ? become_fresh(pipes, options->fresh, environment)
                            : become_program(pipes, options, environment);
  (void)wx_os_write(pipes->failure[1], &result, sizeof result);
  _exit(NOT_STARTED);
}

// Waits until the child runs its program or function. Returns the child's failure where it cannot.
static int await_start(const Pipes *pipes) {
  int failure = 0;
  const ssize_t got = wx_os_read(pipes->failure[0], &failure, sizeof failure);
  if (got < 0)
    return (int)got;
  return got == sizeof failure ? failure : 0;
}

static int fork_child(WxChild *child, Pipes *pipes, const WxObserveOptions *options,
                      char **environment) {
  const pid_t parent = getpid();
  const pid_t pid = wx_os_fork();
  if (pid < 0)
    return pid;
  if (pid == 0)
    run_child(pipes, options, environment, parent);
  child->pid = pid;
  close_end(&pipes->failure[1]);
  close_end(&pipes->steps[1]);
  close_end(&pipes->output[1]);
  close_end(&pipes->errors[1]);
  int result = await_start(pipes);
  if (!result) {
    child->pidfd = wx_os_pidfd_open(pid);
    result = child->pidfd == -ENOSYS || child->pidfd >= 0 ? 0 : child->pidfd;
  }
  if (!result && options->guarded)
    result = wx_watchdog_begin(&child->watchdog, pid);
  if (result)
    wx_os_end_group(pid, NULL, NULL);
  return result;
}

// The ends that this side needs move from the pipes to the child.
static void take_ends(WxChild *child, Pipes *pipes) {
  int *const from[] = {&pipes->steps[0], &pipes->answers[1], &pipes->answers[0], &pipes->output[0],
                       &pipes->errors[0]};
  int *const to[] = {&child->steps, &child->answers, &child->answers_kept, &child->output,
                     &child->errors};
  for (size_t i = 0; i < sizeof from / sizeof *from; ++i) {
    *to[i] = *from[i];
    *from[i] = -1;
  }
}

int wx_child_start(WxChild *child, const WxObserveOptions *options) {
  *child = (WxChild){-1, -1, -1, -1, -1, -1, -1, WX_WATCHDOG_NONE};
  Pipes pipes;
  int result = make_pipes(&pipes, options);
  char variable[VARIABLE_SIZE], ordered[] = WX_FRESH_VARIABLE "=1";
  snprintf(variable, sizeof variable, "%s=%d,%d", WX_STEP_VARIABLE, pipes.answers[0],
           pipes.steps[1]);
  char **environment = options->fresh ? make_fresh_environment(ordered, variable)
                                      : make_environment(options->environment, variable);
  if (!result && !environment)
    result = -ENOMEM;
  if (!result)
    result = fork_child(child, &pipes, options, environment);
  if (!result)
    take_ends(child, &pipes);
  free(environment);
  close_pipes(&pipes);
  return result;
}

void wx_child_close(WxChild *child) {
  wx_watchdog_end(&child->watchdog);
  close_end(&child->pidfd);
  close_end(&child->steps);
  close_end(&child->answers);
  close_end(&child->answers_kept);
  close_end(&child->output);
  close_end(&child->errors);
}
