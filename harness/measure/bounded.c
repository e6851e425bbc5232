#include "measure/bounded.h"

#include "os/control.h"
#include "os/os.h"
#include "os/process.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
  LOOK_MS = 250,
  QUIET_LOOKS = WX_BOUNDED_SECONDS * 1000 / LOOK_MS,
  MOST_LEFT_OUT = 16,
  FAREWELL_MS = 1000
};

/// What a child has done, and what it waits for.
typedef struct {
  pid_t child;
  uint64_t switches; ///< Of all its threads: who gets on, or only waits for a while, has more.
  bool waits;        ///< All of its threads do.
  pid_t culprit;     ///< One that it reads of; 0 where there is none.
  WxText *text;
} Look;

static int read_of_thread(const Look *look, long thread, const char *name) {
  char file[64], path[WX_PROCESS_PATH_SIZE];
  snprintf(file, sizeof file, "task/%ld/%s", thread, name);
  wx_process_path(path, look->child, file);
  return wx_text_read(look->text, path);
}

static uint64_t number_after(const char *text, const char *name) {
  const char *at = strstr(text, name);
  return at ? strtoull(at + strlen(name), NULL, 10) : 0;
}

// The process that a thread reads of: the first operand of its system call is a descriptor.
static pid_t find_culprit(const Look *look, long thread) {
  char link[32], path[WX_PROCESS_PATH_SIZE], target[64];
  unsigned descriptor;
  int pid;
  if (read_of_thread(look, thread, "syscall") ||
      sscanf(look->text->data, "%*d %x", &descriptor) != 1)
    return 0;
  snprintf(link, sizeof link, "fd/%u", descriptor);
  wx_process_path(path, look->child, link);
  if (wx_os_readlink(path, target, sizeof target) || sscanf(target, "/proc/%d/", &pid) != 1)
    return 0;
  return pid;
}

static int visit_thread(long thread, void *context) {
  Look *look = context;
  if (read_of_thread(look, thread, "status")) // It has ended.
    return 0;
  const char *state = strstr(look->text->data, "State:\t");
  look->waits = look->waits && state && (state[7] == 'S' || state[7] == 'D');
  look->switches += number_after(look->text->data, "\nvoluntary_ctxt_switches:");
  look->switches += number_after(look->text->data, "\nnonvoluntary_ctxt_switches:");
  const pid_t culprit = find_culprit(look, thread);
  look->culprit = culprit ? culprit : look->culprit;
  return 0;
}

static void look_at(Look *look) {
  char path[WX_PROCESS_PATH_SIZE];
  look->switches = 0;
  look->culprit = 0;
  look->waits = true;
  wx_process_path(path, look->child, "task");
  (void)wx_directory_numbers(path, visit_thread, look);
}

static int exit_status(int status) {
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int reap(pid_t child) {
  int status;
  const pid_t ended = wx_os_wait(child, 0, &status, NULL);
  return ended < 0 ? ended : exit_status(status);
}

// Waits for the child. -ETIMEDOUT where it does not get on with reading of a process (it may wait
// for other things as long as it likes, for who reads its output); it has been killed then, and is
// left to whatever it waits for.
static int watch(Look *look, int pidfd) {
  struct pollfd entry = {.fd = pidfd, .events = POLLIN};
  uint64_t before = 0;
  for (int quiet = 0; quiet < QUIET_LOOKS;) {
    const int ready = wx_os_poll(&entry, 1, LOOK_MS);
    if (ready < 0)
      return ready;
    if (entry.revents)
      return reap(look->child);
    look_at(look);
    quiet = look->culprit && look->waits && look->switches == before ? quiet + 1 : 0;
    before = look->switches;
  }
  (void)wx_os_pidfd_signal(pidfd, SIGKILL);
  if (wx_os_poll(&entry, 1, FAREWELL_MS) > 0)
    (void)reap(look->child);
  return -ETIMEDOUT;
}

static _Noreturn void be_child(int (*work)(const WxProcesses *, void *),
                               const WxProcesses *left_out, void *context, pid_t parent) {
  (void)wx_os_signal_on_parent_death(SIGKILL);
  if (getppid() != parent)
    _exit(EXIT_FAILURE);
  exit(work(left_out, context));
}

static int run_once(int (*work)(const WxProcesses *, void *), const WxProcesses *left_out,
                    void *context, pid_t *culprit) {
  const pid_t parent = getpid();
  (void)fflush(NULL); // Else the child says it again.
  const pid_t child = wx_os_fork();
  if (child == 0)
    be_child(work, left_out, context, parent);
  if (child < 0)
    return child;
  const int pidfd = wx_os_pidfd_open(child);
  if (pidfd < 0) // Before Linux 5.3: without a bound.
    return reap(child);
  WxText text = {0};
  Look look = {.child = child, .text = &text};
  const int result = watch(&look, pidfd);
  *culprit = look.culprit;
  wx_os_close_reader(pidfd);
  wx_text_free(&text);
  return result;
}

int wx_bounded_run(int (*work)(const WxProcesses *left_out, void *context), void *context,
                   pid_t needed, pid_t *culprit) {
  WxProcesses left_out = {0};
  int result = -ETIMEDOUT;
  *culprit = 0;
  while (left_out.count < MOST_LEFT_OUT) {
    result = run_once(work, &left_out, context, culprit);
    if (result != -ETIMEDOUT || *culprit == needed || wx_processes_contain(&left_out, *culprit))
      break;
    const int failed = wx_processes_add(&left_out, *culprit);
    if (failed) {
      result = failed;
      break;
    }
  }
  wx_processes_free(&left_out);
  return result;
}
