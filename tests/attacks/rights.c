// To be installed set-user-ID root: exit status 0 where it has root's rights, 1 where the kernel
// has taken them away. With an argument it stays until it is killed, and nobody else may look into
// it.
#include <unistd.h>

int main(int argc, char **argv) {
  (void)argv;
  const int without = geteuid() != 0;
  if (argc > 1)
    (void)close(STDOUT_FILENO); // Whoever reads there need not wait for us.
  while (argc > 1 && !without)
    (void)pause();
  return without;
}
