#include "storm.h"

#include "attack.h"
#include "blocked.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// Lanes of a thread: a signal whose calls start again, one whose calls do not, one that is taken.
enum { AGAIN, NOT_AGAIN, TAKEN, LANES };
enum { MOST_THREADS = 256, MOST_WAITING = 8, WINDOW = 64, SLICES = 1000 };

static const uint64_t slice_ns = 1000000;
static const uint64_t patience_ns =
    10000000000; // For anything to arrive at all, on a busy machine.

/// Signals of one number to one thread. `sent` belongs to the sender, the rest to the thread.
typedef struct {
  _Atomic uint64_t sent;
  _Atomic uint64_t arrived; ///< Different ones.
  uint64_t highest;
  uint64_t seen; ///< Bit n: the one n before the highest has arrived.
  uint64_t doubled;
  uint64_t reordered;
  uint64_t altered;
} Lane;

typedef struct {
  pthread_t thread;
  const BlockedCall *call;
  Lane lanes[LANES];
  _Atomic uint64_t calls;
  _Atomic uint64_t wrong;
  _Atomic bool ready;
} Blocked;

static Blocked blocked[MOST_THREADS];
static int thread_count;
static _Thread_local Blocked *own;

static _Atomic bool ended;
static pthread_t sender;
static int wanted_rate;
static uint64_t sending_ns;

static int signal_of(int lane) {
  return lane == TAKEN ? blocked_taken_signal() : SIGRTMIN + 1 + lane;
}

static void count(Lane *lane, uint64_t number) {
  if (number > lane->highest) {
    const uint64_t ahead = number - lane->highest;
    lane->seen = (ahead < WINDOW ? lane->seen << ahead : 0) | 1;
    lane->highest = number;
  } else {
    const uint64_t behind = lane->highest - number;
    const uint64_t bit = behind < WINDOW ? 1ULL << behind : 0;
    if (lane->seen & bit || !bit) {
      ++lane->doubled;
      return;
    }
    lane->seen |= bit;
    ++lane->reordered;
  }
  atomic_fetch_add(&lane->arrived, 1);
}

static void receive(int signal, siginfo_t *info, void *context) {
  (void)context;
  const int error = errno;
  Lane *lane = &own->lanes[signal == signal_of(AGAIN) ? AGAIN : NOT_AGAIN];
  if (info->si_code != SI_QUEUE || info->si_pid != getpid() || info->si_uid != getuid())
    ++lane->altered;
  count(lane, (uint32_t)info->si_value.sival_int);
  errno = error;
}

static void take(int value) {
  count(&own->lanes[TAKEN], (uint32_t)value);
}

static void *run(void *context) {
  own = context;
  sigset_t taken;
  sigset_t received;
  (void)sigemptyset(&taken);
  (void)sigaddset(&taken, signal_of(TAKEN));
  (void)pthread_sigmask(SIG_BLOCK, &taken, NULL);
  (void)sigemptyset(&received);
  (void)sigaddset(&received, signal_of(AGAIN));
  (void)sigaddset(&received, signal_of(NOT_AGAIN));
  (void)pthread_sigmask(SIG_UNBLOCK, &received, NULL);
  atomic_store(&own->ready, true);
  for (;;) {
    if (!own->call->once())
      atomic_fetch_add(&own->wrong, 1);
    atomic_fetch_add(&own->calls, 1);
  }
  return NULL;
}

// Sends the next signal of a lane. Returns whether it did.
static bool send_one(Blocked *to, int lane) {
  Lane *on = &to->lanes[lane];
  const uint64_t sent = atomic_load(&on->sent);
  if (sent - atomic_load(&on->arrived) >= MOST_WAITING)
    return false;
  const union sigval value = {.sival_int = (int)(sent + 1)};
  const int failed = pthread_sigqueue(to->thread, signal_of(lane), value);
  if (failed && failed != EAGAIN) {
    errno = failed;
    attack_die("pthread_sigqueue");
  }
  if (!failed)
    atomic_store(&on->sent, sent + 1);
  return !failed;
}

static void *send_all(void *unused) {
  (void)unused;
  const uint64_t start = attack_now();
  int thread = 0;
  int lane = 0;
  while (!atomic_load(&ended)) {
    const uint64_t slice_end = attack_now() + slice_ns;
    // No more than once round: who takes none now is asked again in the next slice.
    int asked = thread_count * LANES;
    for (int left = wanted_rate / SLICES; left > 0 && asked > 0; --asked) {
      if (lane != TAKEN || blocked[thread].call->takes)
        left -= send_one(&blocked[thread], lane);
      thread = (thread + 1) % thread_count;
      lane = thread ? lane : (lane + 1) % LANES;
    }
    const uint64_t now = attack_now();
    if (now < slice_end)
      attack_nap(slice_end - now);
  }
  sending_ns = attack_now() - start;
  return NULL;
}

void storm_start(int threads, int rate, bool calm) {
  struct sigaction action = {.sa_sigaction = receive, .sa_flags = SA_SIGINFO | SA_RESTART};
  (void)sigfillset(&action.sa_mask);
  if (sigaction(signal_of(AGAIN), &action, NULL))
    attack_die("sigaction");
  action.sa_flags = SA_SIGINFO;
  if (sigaction(signal_of(NOT_AGAIN), &action, NULL))
    attack_die("sigaction");
  (void)unshare(CLONE_NEWIPC); // Where it may, so that no queue outlives it.
  blocked_take = take;
  wanted_rate = rate;
  thread_count = threads < MOST_THREADS ? threads : MOST_THREADS;
  pthread_attr_t small;
  (void)pthread_attr_init(&small);
  (void)pthread_attr_setstacksize(&small, 256 * 1024);
  for (int i = 0, call = 0; i < thread_count; ++i, ++call) {
    while (calm && blocked_calls[(size_t)call % blocked_call_count].busy)
      ++call;
    blocked[i].call = &blocked_calls[(size_t)call % blocked_call_count];
    if (pthread_create(&blocked[i].thread, &small, run, &blocked[i]))
      attack_die("pthread_create");
  }
  for (int i = 0; i < thread_count; ++i)
    while (!atomic_load(&blocked[i].ready))
      attack_nap(slice_ns);
  if (thread_count && pthread_create(&sender, NULL, send_all, NULL))
    attack_die("pthread_create");
}

static uint64_t arrived(void) {
  uint64_t sum = 0;
  for (int i = 0; i < thread_count; ++i)
    for (int lane = 0; lane < LANES; ++lane)
      sum += atomic_load(&blocked[i].lanes[lane].arrived);
  return sum;
}

static void let_arrive(uint64_t sent) {
  uint64_t before = 0;
  for (uint64_t since = attack_now(); attack_now() - since < patience_ns;) {
    const uint64_t now = arrived();
    if (now == sent)
      return;
    if (now != before)
      since = attack_now();
    before = now;
    attack_nap(slice_ns);
  }
}

static void add(Storm *storm, const Blocked *one) {
  for (int lane = 0; lane < LANES; ++lane) {
    const Lane *from = &one->lanes[lane];
    storm->lost += from->sent - from->arrived;
    storm->doubled += from->doubled;
    storm->reordered += from->reordered;
    storm->altered += from->altered;
  }
  storm->calls += one->calls;
  storm->wrong += one->wrong;
  if (one->wrong)
    storm->wrong_call = one->call->name;
}

Storm storm_end(void) {
  Storm storm = {0};
  if (!thread_count)
    return storm;
  atomic_store(&ended, true);
  (void)pthread_join(sender, NULL);
  for (int i = 0; i < thread_count; ++i)
    for (int lane = 0; lane < LANES; ++lane)
      storm.sent += atomic_load(&blocked[i].lanes[lane].sent);
  let_arrive(storm.sent);
  for (int i = 0; i < thread_count; ++i)
    add(&storm, &blocked[i]);
  storm.rate = sending_ns ? storm.sent * 1000 / (sending_ns / 1000000 + 1) : 0;
  return storm;
}
