#include "bench/bench_target.h"

#include "os/control.h"
#include "os/os.h"
#include "os/process.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <unistd.h>

enum { BLOCK = 1024 * 1024, NAP_NS = 1000000 };

static const uint64_t file_size = (uint64_t)1 << 40;

static void *compute(void *context) {
  WxTargetState *state = context;
  volatile uint64_t work = 1;
  for (;;) {
    while (!atomic_load_explicit(&state->computing, memory_order_relaxed))
      (void)wx_os_sleep_ns(NAP_NS);
    for (int i = 0; i < 1000; ++i)
      work = work * 6364136223846793005U + 1;
  }
  return NULL;
}

// epoll_wait() is one of the calls that Linux never restarts (signal(7)).
static void *wait_for_events(void *context) {
  WxTargetState *state = context;
  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event event;
  for (;;)
    if (epoll_wait(epoll, &event, 1, -1) < 0 && errno == EINTR)
      atomic_fetch_add(&state->interrupted, 1);
  return NULL;
}

static int start_threads(WxTargetState *state, WxTargetLoad load) {
  static void *(*const bodies[])(void *) = {
      [WX_TARGET_BUSY] = compute, [WX_TARGET_WAITING] = wait_for_events};
  pthread_t thread;
  int failed = 0;
  for (int i = 0; load != WX_TARGET_IDLE && i < WX_BENCH_THREADS && !failed; ++i)
    failed = -pthread_create(&thread, NULL, bodies[load], state);
  return failed;
}

// Leaves what the runtime leaves when it has filled a block with zeros and unmapped it
// (dotnet/runtime 89776). Written and not filled through a mapping: a page fault each costs 20
// times as much here.
static int fill(int fd, uint64_t bytes) {
  static char zeros[BLOCK]; // Not const: as that it would be a third of the program's file.
  int failed = 0;
  for (uint64_t at = 0; at < bytes && !failed; at += BLOCK)
    failed = wx_os_pwrite(fd, zeros, BLOCK, BLOCK + at);
  return failed;
}

// The file, with one page that stays mapped.
static int make_file(void) {
  void *page;
  const int fd = wx_os_memfd_create("doublemapper", MFD_CLOEXEC);
  int failed = fd < 0 ? fd : wx_os_ftruncate(fd, file_size);
  if (!failed)
    failed = wx_os_mmap(NULL, wx_os_page_size(), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0, &page);
  return failed ? failed : fd;
}

static _Noreturn void run(WxTargetState *state, uint64_t bytes, WxTargetLoad load) {
  (void)wx_os_signal_on_parent_death(SIGKILL);
  const int fd = make_file();
  int failed = fd < 0 ? fd : start_threads(state, load);
  while (!failed) {
    if (atomic_load(&state->fills) == atomic_load(&state->wanted)) {
      failed = wx_os_sleep_ns(NAP_NS);
      continue;
    }
    atomic_store(&state->computing, false);
    failed = fill(fd, bytes);
    atomic_store(&state->computing, true);
    atomic_fetch_add(&state->fills, !failed);
  }
  atomic_store(&state->error, failed);
  for (;;)
    (void)pause();
}

int wx_bench_target_start(WxBenchTarget *target, uint64_t bytes, WxTargetLoad load) {
  void *memory;
  int failed = wx_os_mmap(NULL, sizeof *target->state, PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS, -1, 0, &memory);
  if (failed)
    return failed;
  *target = (WxBenchTarget){.state = memory};
  target->pid = wx_os_fork();
  if (target->pid == 0)
    run(target->state, bytes, load);
  if (target->pid < 0) {
    (void)wx_os_munmap(memory, sizeof *target->state);
    return target->pid;
  }
  failed = wx_bench_target_fill(target);
  if (failed)
    wx_bench_target_end(target);
  return failed;
}

int wx_bench_target_fill(WxBenchTarget *target) {
  WxTargetState *state = target->state;
  const uint64_t wanted = atomic_fetch_add(&state->wanted, 1) + 1;
  while (atomic_load(&state->fills) < wanted) {
    const int error = atomic_load(&state->error);
    if (error)
      return error;
    const int failed = wx_os_sleep_ns(NAP_NS);
    if (failed)
      return failed;
  }
  return 0;
}

void wx_bench_target_end(WxBenchTarget *target) {
  int status;
  (void)wx_os_kill(target->pid, SIGKILL);
  (void)wx_os_wait(target->pid, 0, &status, NULL);
  (void)wx_os_munmap(target->state, sizeof *target->state);
}
