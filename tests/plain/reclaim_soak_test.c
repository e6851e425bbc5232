// The allocator's invariants hold while pages are given back under it, live and by the preload
// library: WXBENCH_SOAK_SECONDS (15; `make soak` an hour) each.
#include "reclaim/reclaim.h"
#include "reclaim/sidecar.h"
#include "support/churn.h"
#include "support/suite.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { THREADS = 4, KEPT = 16, USUAL_SECONDS = 15, LONGEST_PART = 1800, DESCRIPTORS = 16 };

static const uint64_t every_ns = 20000000;
static const uint64_t pause_ns = 20000000; // The machine may be busy; how long is not the claim.
static const uint64_t slack = (uint64_t)THREADS * WX_CHURN_BLOCK;

static int seconds_of_soak(void) {
  const char *seconds = getenv("WXBENCH_SOAK_SECONDS");
  return seconds ? atoi(seconds) : USUAL_SECONDS;
}

// libcheck cannot report a test of more than 2^31 microseconds: a long soak is several tests.
static int parts_of_soak(void) {
  return (seconds_of_soak() + LONGEST_PART - 1) / LONGEST_PART;
}

static time_t end_of_soak(void) {
  return time(NULL) + seconds_of_soak() / parts_of_soak();
}

static void nap(void) {
  (void)nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
}

// The number of the memfd in the process, found once.
static int memfd_of(pid_t pid) {
  for (int number = 0; number < DESCRIPTORS; ++number) {
    char path[64];
    char link[64] = "";
    (void)snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)pid, number);
    if (readlink(path, link, sizeof link - 1) > 0 && strstr(link, "memfd:doublemapper"))
      return open(path, O_RDONLY | O_CLOEXEC);
  }
  return -1;
}

static uint64_t allocated(int fd) {
  struct stat status;
  ck_assert_int_eq(fstat(fd, &status), 0);
  return (uint64_t)status.st_blocks * 512;
}

/// What the program had done at a moment.
typedef struct {
  uint64_t live;
  uint64_t reserved;
  uint64_t released;
} Moment;

static Moment now(WxChurn *churn) {
  return (Moment){.live = atomic_load(&churn->live_bytes),
                  .reserved = atomic_load(&churn->reserved_bytes),
                  .released = atomic_load(&churn->released_bytes)};
}

// Live now is at most what was live then and what was reserved since.
static uint64_t most_live(const Moment *then, WxChurn *churn) {
  return then->live + (atomic_load(&churn->reserved_bytes) - then->reserved);
}

static void end_well(WxChurn *churn, pid_t pid) {
  int status;
  atomic_store(&churn->stop, true);
  ck_assert_int_eq(waitpid(pid, &status, 0), pid);
  ck_assert_uint_eq(atomic_load(&churn->wrong), 0);
  ck_assert_int_eq(atomic_load(&churn->error), 0);
  ck_assert_int_eq(status, 0);
  ck_assert_uint_gt(atomic_load(&churn->checks), 0);
  printf("%lu checks, %.1f MiB released\n", (unsigned long)atomic_load(&churn->checks),
         (double)atomic_load(&churn->released_bytes) / (1 << 20));
}

// A sidecar that has ended can say why.
static void settle(WxSidecar *sidecar) {
  const int failed = wx_sidecar_settle(sidecar, NULL);
  WxProblem problem = {""};
  if (failed == -ESRCH)
    (void)wx_sidecar_stop(sidecar, NULL, &problem);
  ck_assert_msg(failed == 0, "%d %s", failed, problem.text);
}

START_TEST(program_is_right_and_bounded_under_live_reclaim) {
  WxChurn *churn = wx_churn_new();
  const time_t end = end_of_soak();
  const pid_t pid = wx_churn_fork(churn, THREADS, KEPT);
  const WxReclaimOptions options = {.max_pause_ns = pause_ns};
  WxSidecar *sidecar;
  ck_assert_int_eq(wx_sidecar_start(pid, every_ns, &options, &sidecar), 0);
  const int memfd = memfd_of(pid);
  ck_assert_int_ge(memfd, 0);
  while (time(NULL) < end) {
    const Moment then = now(churn);
    settle(sidecar);
    const uint64_t held = allocated(memfd);
    const uint64_t released = atomic_load(&churn->released_bytes) - then.released;
    ck_assert_uint_le(held, most_live(&then, churn) + released + slack);
    ck_assert_uint_eq(atomic_load(&churn->wrong), 0);
    nap();
  }
  end_well(churn, pid);
  WxReclaim result;
  WxProblem problem = {""};
  ck_assert_msg(wx_sidecar_stop(sidecar, &result, &problem) == 0, "%s", problem.text);
  ck_assert_uint_gt(result.punched_bytes, 0);
  ck_assert_uint_eq(result.processes_frozen, 1);
  printf("%.1f MiB given back in %lu pauses, %lu attempts abandoned\n",
         (double)result.punched_bytes / (1 << 20), (unsigned long)result.pauses.count,
         (unsigned long)result.pauses.abandoned);
  (void)close(memfd);
  wx_churn_free(churn);
}
END_TEST

// This program again, with the library; the counters are in a file that both map.
static pid_t start_with_preload(WxChurn **churn) {
  const int shared = memfd_create("churn", 0);
  ck_assert_int_ge(shared, 0);
  ck_assert_int_eq(ftruncate(shared, sizeof **churn), 0);
  *churn = mmap(NULL, sizeof **churn, PROT_READ | PROT_WRITE, MAP_SHARED, shared, 0);
  ck_assert_ptr_ne(*churn, MAP_FAILED);
  const pid_t pid = fork();
  if (pid == 0) {
    char number[16];
    (void)snprintf(number, sizeof number, "%d", shared);
    (void)setenv("LD_PRELOAD", "build/libwxreclaim.so", 1);
    (void)execl("/proc/self/exe", "churn", number, NULL);
    _exit(127);
  }
  (void)close(shared);
  while (!atomic_load(&(*churn)->ready)) {
    ck_assert_int_eq(waitpid(pid, NULL, WNOHANG), 0);
    nap();
  }
  return pid;
}

START_TEST(program_is_right_and_bounded_under_the_preload_library) {
  WxChurn *churn;
  const time_t end = end_of_soak();
  const pid_t pid = start_with_preload(&churn);
  const int memfd = memfd_of(pid);
  ck_assert_int_ge(memfd, 0);
  while (time(NULL) < end) {
    const Moment then = now(churn);
    const uint64_t held = allocated(memfd);
    ck_assert_uint_le(held, most_live(&then, churn) + slack);
    ck_assert_uint_eq(atomic_load(&churn->wrong), 0);
    nap();
  }
  end_well(churn, pid);
  (void)close(memfd);
  (void)munmap(churn, sizeof *churn);
}
END_TEST

static int run_churn(const char *number) {
  WxChurn *churn = mmap(NULL, sizeof *churn, PROT_READ | PROT_WRITE, MAP_SHARED, atoi(number), 0);
  return churn == MAP_FAILED ? 1 : wx_churn_run(churn, THREADS, KEPT) ? 1 : 0;
}

int main(int argc, char **argv) {
  if (argc == 2 && strcmp(argv[0], "churn") == 0)
    return run_churn(argv[1]);
  const TTest *const tests[] = {program_is_right_and_bounded_under_live_reclaim,
                                program_is_right_and_bounded_under_the_preload_library};
  return wx_suite_run_variants("reclaim_soak", tests, sizeof tests / sizeof *tests,
                               parts_of_soak());
}
