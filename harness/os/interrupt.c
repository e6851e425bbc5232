#include "os/interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

static volatile sig_atomic_t remembered;
static int ends[2] = {-1, -1};

static void remember(int signal) {
  const int kept = errno;
  remembered = signal;
  (void)!write(ends[1], "", 1);
  errno = kept;
}

int wx_os_interrupt_begin(void) {
  static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
  if (ends[0] < 0 && pipe2(ends, O_CLOEXEC | O_NONBLOCK))
    return -errno;
  const struct sigaction action = {.sa_handler = remember,
                                   .sa_flags = (int)(SA_RESTART | SA_RESETHAND)};
  for (size_t i = 0; i < sizeof signals / sizeof *signals; ++i) {
    struct sigaction before;
    if (sigaction(signals[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
      (void)sigaction(signals[i], &action, NULL);
  }
  return 0;
}

int wx_os_interrupted(void) {
  return remembered;
}

int wx_os_interrupt_fd(void) {
  return ends[0];
}

void wx_os_interrupt_end(void) {
  if (!remembered)
    return;
  (void)signal(remembered, SIG_DFL);
  (void)raise(remembered);
}
