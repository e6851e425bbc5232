// A target that starts a set-user-ID program again and again:
//   launcher fork|spawn PROGRAM [starts=N] [stays=1]
// Prints `ready PID`, then starts the program `starts` times after pages were given back for the
// first time, and prints `started` and `without_rights` (PROGRAM's exit status 1). With `stays` it
// starts one that stays, and ends after pages were given back three times more.
#include "attack.h"

#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGES = 1024, USUAL_STARTS = 200, TIMES = 3, CANNOT = 77 };
enum { STACK = 64 * 1024, LINGER_NS = 4000000 };

static const uint64_t look_ns = 500000;
static const uint64_t patience_ns = 30000000000; // On a busy machine.

static long option(char **argv, const char *name, long otherwise) {
  const size_t length = strlen(name);
  for (char **word = argv; *word; ++word)
    if (strncmp(*word, name, length) == 0 && (*word)[length] == '=')
      return strtol(*word + length + 1, NULL, 10);
  return otherwise;
}

static bool is_given_back(int fd) {
  const uint64_t until = attack_now() + patience_ns;
  while (attack_allocated(fd) > (uint64_t)PAGES * ATTACK_PAGE / 2) {
    if (attack_now() > until)
      return false;
    attack_nap(look_ns);
  }
  attack_fill(fd, 0, PAGES);
  return true;
}

/// What a child is to execute, and how long it takes to come to that.
typedef struct {
  char *words[3];
  uint64_t linger_ns;
} Launch;

static int execute(void *context) {
  const Launch *launch = context;
  char *const nothing[] = {NULL};
  attack_nap(launch->linger_ns);
  if (launch->words[0])
    (void)execve(launch->words[0], launch->words, nothing);
  _exit(CANNOT);
}

// A child by fork, or as posix_spawn() and the runtime do it, in the memory of its parent, which
// waits. Between its birth and the program there is some work to do in either case.
static pid_t launch(char **argv, char *argument) {
  static char stack[STACK];
  Launch launch = {.words = {argv[2], argument, NULL}, .linger_ns = attack_random(LINGER_NS)};
  if (strcmp(argv[1], "spawn") == 0)
    return clone(execute, stack + STACK, CLONE_VM | CLONE_VFORK | SIGCHLD, &launch);
  const pid_t pid = fork();
  if (pid == 0)
    (void)execute(&launch);
  return pid;
}

static int launch_often(char **argv, int fd) {
  long starts = option(argv, "starts", USUAL_STARTS);
  long without = 0;
  long started = 0;
  for (; starts > 0; --starts) {
    const pid_t pid = launch(argv, NULL);
    const int status = pid < 0 ? 0 : attack_reap(pid);
    if (pid < 0 || !WIFEXITED(status) || WEXITSTATUS(status) > 1)
      attack_die("starting the program");
    ++started;
    without += WEXITSTATUS(status);
    if (attack_allocated(fd) < (uint64_t)PAGES * ATTACK_PAGE / 2)
      attack_fill(fd, 0, PAGES);
  }
  attack_say("started %ld\nwithout_rights %ld\n", started, without);
  return without != 0;
}

// A child into which the sidecar may not look, beside a target that goes on.
static int launch_one_that_stays(char **argv, int fd) {
  char word[] = "stay";
  const pid_t pid = launch(argv, word);
  int times = 0;
  while (times < TIMES && is_given_back(fd))
    ++times;
  (void)kill(pid, SIGKILL); // It has our real user.
  attack_say("given_back %d\n", times);
  return pid < 0 || times < TIMES;
}

int main(int argc, char **argv) {
  if (argc < 3)
    return 2;
  attack_end_with_parent();
  attack_look_like_dotnet();
  const int fd = attack_memfd(PAGES);
  attack_say("ready %d\n", (int)getpid());
  if (!is_given_back(fd)) {
    attack_say("given_back 0\n");
    return 1;
  }
  if (option(argv, "stays", 0))
    return launch_one_that_stays(argv, fd);
  return launch_often(argv, fd);
}
