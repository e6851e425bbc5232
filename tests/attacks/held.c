#include "held.h"

#include "attack.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 1 << 20 };

static const uint64_t jump_ns = 100000;
static const uint64_t anew_ns = 1000000; // Figures of the kernel drift apart: take them anew.

static uint64_t holds[MOST];
static _Atomic size_t hold_count;
static _Atomic bool running;

/// Three clocks of a thread at a moment.
typedef struct {
  uint64_t passed;
  uint64_t ran;
  uint64_t waited;
} Clocks;

static uint64_t waited_for_processor(int schedstat) {
  char text[96];
  const ssize_t got = pread(schedstat, text, sizeof text - 1, 0);
  if (got <= 0)
    attack_die("schedstat");
  text[got] = '\0';
  char *end;
  (void)strtoull(text, &end, 10);
  return strtoull(end, NULL, 10);
}

static Clocks look(int schedstat) {
  struct timespec ran;
  (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ran);
  return (Clocks){.ran = (uint64_t)ran.tv_sec * 1000000000U + (uint64_t)ran.tv_nsec,
                  .waited = waited_for_processor(schedstat),
                  .passed = attack_now()};
}

static void add(const Clocks *before, const Clocks *after) {
  const uint64_t explained = (after->ran - before->ran) + (after->waited - before->waited);
  const uint64_t passed = after->passed - before->passed;
  const size_t at = atomic_load(&hold_count);
  if (passed < explained + jump_ns || at == MOST)
    return;
  holds[at] = passed - explained;
  atomic_store(&hold_count, at + 1);
}

static void *measure(void *unused) {
  (void)unused;
  sigset_t all;
  (void)sigfillset(&all);
  (void)pthread_sigmask(SIG_BLOCK, &all, NULL);
  const int schedstat = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
  if (schedstat < 0)
    attack_die("schedstat");
  atomic_store(&running, true);
  for (Clocks before = look(schedstat);;) {
    uint64_t last = attack_now();
    uint64_t now = last;
    while (now - last < jump_ns && now - before.passed < anew_ns) {
      last = now;
      now = attack_now();
    }
    const Clocks after = look(schedstat);
    add(&before, &after);
    before = after;
  }
  return NULL;
}

void held_start(void) {
  pthread_t thread;
  if (pthread_create(&thread, NULL, measure, NULL))
    attack_die("pthread_create");
  (void)pthread_detach(thread);
  while (!atomic_load(&running))
    attack_nap(1000);
}

static int compare(const void *left, const void *right) {
  const uint64_t a = *(const uint64_t *)left;
  const uint64_t b = *(const uint64_t *)right;
  return (a > b) - (a < b);
}

Held held_until_now(void) {
  const size_t count = atomic_load(&hold_count);
  Held held = {.count = count};
  if (!count)
    return held;
  uint64_t *sorted = malloc(count * sizeof *sorted);
  if (!sorted)
    abort();
  memcpy(sorted, holds, count * sizeof *sorted);
  qsort(sorted, count, sizeof *sorted, compare);
  for (size_t i = 0; i < count; ++i)
    held.total += sorted[i];
  held.p50 = sorted[count / 2];
  held.p99 = sorted[count - 1 - count / 100];
  held.longest = sorted[count - 1];
  free(sorted);
  return held;
}
