// Starts a program (victim busy=1), stops it and lets it go on, again and again, and looks at what
// is told of it:
//   stopper ROUNDS PROGRAM ARGUMENT...
// The program's output goes on; after `rounds`, SIGTERM ends it. Prints a line `NAME NUMBER` of
// each count: stops, stops_wrong (not told, told twice, or it ran after all), exits_wrong.
#include "attack.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LOOKS = 10, CANNOT = 77 };

static _Atomic uint64_t *counter;

static const uint64_t look_ns = 300000;
static const uint32_t longest_run_ns = 3000000;
static const uint64_t patience_ns = 20000000000; // On a busy machine.

// Whether the next thing that is told of the child is this.
static bool is_told(pid_t pid, int code, int status) {
  const uint64_t until = attack_now() + patience_ns;
  siginfo_t info = {0};
  while (attack_now() < until) {
    if (waitid(P_PID, (id_t)pid, &info, WEXITED | WSTOPPED | WCONTINUED | WNOHANG) == 0 &&
        info.si_pid == pid)
      return info.si_code == code && info.si_status == status;
    attack_nap(look_ns);
  }
  return false;
}

// It counts while it runs.
static bool runs(void) {
  const uint64_t before = atomic_load(counter);
  attack_nap(look_ns);
  return atomic_load(counter) != before;
}

static bool stops_and_goes_on(pid_t pid) {
  bool right = kill(pid, SIGSTOP) == 0 && is_told(pid, CLD_STOPPED, SIGSTOP);
  for (int i = 0; right && i < LOOKS; ++i)
    right = !runs();
  (void)kill(pid, SIGCONT);
  return is_told(pid, CLD_CONTINUED, SIGCONT) && right;
}

// A mapping that the program has too, under a number that it inherits.
static void share_counter(void) {
  const int fd = memfd_create("counter", 0);
  if (fd < 0 || ftruncate(fd, ATTACK_PAGE) || dup2(fd, ATTACK_COUNTER) < 0 || close(fd))
    attack_die("counter");
  counter = mmap(NULL, ATTACK_PAGE, PROT_READ, MAP_SHARED, ATTACK_COUNTER, 0);
  if (counter == MAP_FAILED)
    attack_die("counter");
}

int main(int argc, char **argv) {
  if (argc < 3)
    return 2;
  attack_end_with_parent();
  share_counter();
  const pid_t pid = attack_fork();
  if (pid == 0) {
    (void)execv(argv[2], argv + 2);
    _exit(CANNOT);
  }
  const long rounds = strtol(argv[1], NULL, 10);
  long wrong = 0;
  for (long i = 0; i < rounds; ++i) {
    attack_nap(attack_random(longest_run_ns));
    wrong += !stops_and_goes_on(pid);
  }
  (void)kill(pid, SIGTERM);
  const bool ended = is_told(pid, CLD_EXITED, 0);
  attack_say("stops %ld\nstops_wrong %ld\nexits_wrong %d\n", rounds, wrong, !ended);
  return wrong || !ended;
}
