// What is reclaimed from: a program that looks like .NET to wxbench, and accounts for what happens
// to it.
//   victim [pages=N] [threads=N] [calm=1] [rate=N] [busy=N] [children=1|2] [measure=1]
//          [refills=N] [least=N] [seconds=N] [mappings=N] [forks=1]
// It prints `ready PID`, keeps `pages` zero pages allocated that nobody maps, ends after `seconds`,
// after they were given back `refills` times (but no sooner than after `least` seconds), by
// SIGTERM, or with the program that started it, and prints a line `NAME NUMBER` of each account.
// With threads: storm.h; with children: children.h (2: none that stops); with measure: held.h.
#include "attack.h"
#include "children.h"
#include "held.h"
#include "storm.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MILLISECOND_NS = 1000000, SECOND_MS = 1000, BIRTH_NS = 2000000 };

static const uint64_t endless = UINT64_MAX;

static long option(char **argv, const char *name, long otherwise) {
  const size_t length = strlen(name);
  for (char **word = argv + 1; *word; ++word)
    if (strncmp(*word, name, length) == 0 && (*word)[length] == '=')
      return strtol(*word + length + 1, NULL, 10);
  return otherwise;
}

static int wake[2];

static void end(int signal) {
  (void)signal;
  // NOLINTNEXTLINE(bugprone-signal-handler,cert-sig30-c): each thread has an errno of its own.
  const int error = errno;
  const ssize_t put = write(wake[1], "", 1);
  (void)put;
  errno = error;
}

static void *compute(void *counter) {
  for (;;)
    atomic_fetch_add((_Atomic uint64_t *)counter, 1);
  return NULL;
}

static void start_busy(long count) {
  static _Atomic uint64_t own;
  void *counter = mmap(NULL, sizeof own, PROT_READ | PROT_WRITE, MAP_SHARED, ATTACK_COUNTER, 0);
  pthread_t thread;
  for (long i = 0; i < count; ++i)
    if (pthread_create(&thread, NULL, compute, counter == MAP_FAILED ? &own : counter) ||
        pthread_detach(thread))
      attack_die("pthread_create");
}

static void map_much(long count) {
  // Neighbours of one kind would be one mapping.
  for (long i = 0; i < count; ++i)
    if (mmap(NULL, ATTACK_PAGE, i % 2 ? PROT_READ : PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
             0) == MAP_FAILED)
      attack_die("mmap");
}

static void *bear(void *unused) {
  for (;;) {
    const pid_t child = attack_fork();
    if (child == 0) {
      attack_nap(BIRTH_NS);
      _exit(0);
    }
    (void)attack_reap(child);
  }
  return unused;
}

static void start_births(void) {
  pthread_t thread;
  if (pthread_create(&thread, NULL, bear, NULL) || pthread_detach(thread))
    attack_die("pthread_create");
}

// Signals go to those threads that want them.
static void block_signals(void) {
  sigset_t all;
  (void)sigfillset(&all);
  (void)sigdelset(&all, SIGTERM);
  (void)pthread_sigmask(SIG_BLOCK, &all, NULL);
}

static uint64_t in_seconds(long seconds) {
  return attack_now() + (uint64_t)seconds * SECOND_MS * MILLISECOND_NS;
}

// Until it is to end: what was given back is allocated again. Returns how often it was.
static uint64_t refill(int fd, int pages, char **argv) {
  uint64_t refills = 0;
  const uint64_t full = (uint64_t)pages * ATTACK_PAGE;
  const uint64_t enough = (uint64_t)option(argv, "refills", LONG_MAX);
  const uint64_t soonest = in_seconds(option(argv, "least", 0));
  const long seconds = option(argv, "seconds", 0);
  const uint64_t latest = seconds ? in_seconds(seconds) : endless;
  struct pollfd woken = {.fd = wake[0], .events = POLLIN};
  while (attack_now() < latest && (refills < enough || attack_now() < soonest)) {
    if (full && attack_allocated(fd) < full / 2) {
      attack_fill(fd, 0, pages);
      ++refills;
    }
    if (poll(&woken, 1, 1) > 0)
      break;
  }
  return refills;
}

static void say(const char *name, uint64_t number) {
  attack_say("%s %" PRIu64 "\n", name, number);
}

static void say_storm(const Storm *storm) {
  say("signals_sent", storm->sent);
  say("signals_a_second", storm->rate);
  say("signals_lost", storm->lost);
  say("signals_doubled", storm->doubled);
  say("signals_reordered", storm->reordered);
  say("signals_altered", storm->altered);
  say("calls", storm->calls);
  say("calls_wrong", storm->wrong);
  if (storm->wrong_call)
    attack_say("# a wrong result of: %s\n", storm->wrong_call);
}

static void say_held(const Held *held) {
  say("held_count", held->count);
  say("held_p50_ns", held->p50);
  say("held_p99_ns", held->p99);
  say("held_longest_ns", held->longest);
  say("held_total_ns", held->total);
}

int main(int argc, char **argv) {
  (void)argc;
  const int pages = (int)option(argv, "pages", 1024);
  const long children = option(argv, "children", 0);
  attack_end_with_parent();
  if (pipe2(wake, O_CLOEXEC))
    attack_die("pipe");
  block_signals();
  (void)signal(SIGTERM, end);
  if (pages)
    attack_look_like_dotnet();
  const int fd = pages ? attack_memfd(pages) : -1;
  map_much(option(argv, "mappings", 0));
  if (option(argv, "forks", 0))
    start_births();
  start_busy(option(argv, "busy", 0));
  storm_start((int)option(argv, "threads", 0), (int)option(argv, "rate", 10000),
              option(argv, "calm", 0) != 0);
  if (children)
    children_start(children == 1);
  if (option(argv, "measure", 0))
    held_start();
  attack_say("ready %d\n", (int)getpid());
  say("refills", refill(fd, pages, argv));
  const Held held = held_until_now();
  const Storm storm = storm_end();
  const Children had = children_end();
  say_storm(&storm);
  say("children_told", had.told);
  say("children_wrong", had.wrong);
  if (had.what)
    attack_say("# the parent was not told of: %s\n", had.what);
  say_held(&held);
  fflush(stdout);
  _exit(0);
}
