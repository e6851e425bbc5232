// A service answers 2000 requests a second while another of its threads releases memory. A request
// counts from the moment it was due, so that a pause delays all that came due in it.
#include "bench/bench_reports.h"

#include "os/control.h"
#include "os/os.h"
#include "os/process.h"
#include "reclaim/reclaim.h"
#include "reclaim/sidecar.h"
#include "stats/interval.h"
#include "stats/summary.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { REQUESTS = 4000, EVERY_NS = 500000, WORK = 40000, ROUNDS = 10 };
// So much that one processor is not busy with it alone: a page that is touched anew costs 50 us on
// a small virtual machine.
enum { RELEASE_BYTES = 512 * 1024, RELEASE_EVERY_NS = 20000000 };

static const uint64_t file_size = (uint64_t)1 << 40;

// The second one without a sidecar tells the noise.
static const struct {
  const char *name;
  uint64_t look_every_ns; ///< 0: no sidecar.
} modes[] = {
    {"without", 0},
    {"without, again", 0},
    {"every 1 s", 1000000000},
    {"every 20 ms", 20000000},
};

enum { MODES = sizeof modes / sizeof *modes };

// As the runtime releases a block: mapped, filled with zeros, unmapped; each time further on in the
// file, so that it grows unless someone gives the pages back.
static void *release_memory(void *context) {
  const int fd = *(const int *)context;
  for (uint64_t at = wx_os_page_size();; at = (at + RELEASE_BYTES) % (file_size / 2)) {
    void *block;
    if (wx_os_mmap(NULL, RELEASE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, at, &block))
      break;
    memset(block, 0, RELEASE_BYTES);
    (void)wx_os_munmap(block, RELEASE_BYTES);
    (void)wx_os_sleep_ns(RELEASE_EVERY_NS);
  }
  return NULL;
}

static _Noreturn void serve(int requests, int answers) {
  static int fd;
  pthread_t thread;
  void *page;
  (void)wx_os_signal_on_parent_death(SIGKILL);
  fd = wx_os_memfd_create("doublemapper", MFD_CLOEXEC);
  if (fd < 0 || wx_os_ftruncate(fd, file_size) ||
      wx_os_mmap(NULL, wx_os_page_size(), PROT_READ, MAP_SHARED, fd, 0, &page) ||
      pthread_create(&thread, NULL, release_memory, &fd))
    _exit(1);
  char byte;
  volatile uint64_t work = 1;
  while (wx_os_read(requests, &byte, 1) == 1) {
    for (int i = 0; i < WORK; ++i)
      work = work * 6364136223846793005U + 1;
    if (wx_os_write(answers, &byte, 1) != 1)
      break;
  }
  _exit(0);
}

static int ask(int requests, int answers, double *latencies) {
  const uint64_t began = wx_os_now_ns();
  for (uint64_t i = 0; i < REQUESTS; ++i) {
    const uint64_t due = began + i * EVERY_NS;
    const uint64_t now = wx_os_now_ns();
    char byte = 'r';
    if (now < due && wx_os_sleep_ns(due - now))
      return -EIO;
    if (wx_os_write(requests, &byte, 1) != 1 || wx_os_read(answers, &byte, 1) != 1)
      return -EPIPE;
    latencies[i] = (double)(wx_os_now_ns() - due);
  }
  return 0;
}

static int ask_under(pid_t pid, uint64_t look_every_ns, const int requests[2], const int answers[2],
                     double *latencies) {
  WxSidecar *beside = NULL;
  const WxReclaimOptions options = {.memfd = WX_DOUBLEMAPPER_NAME};
  char byte = 'r'; // Once the first answer is there, its memfd is too.
  int failed =
      wx_os_write(requests[1], &byte, 1) == 1 && wx_os_read(answers[0], &byte, 1) == 1 ? 0 : -EPIPE;
  if (!failed && look_every_ns)
    failed = wx_sidecar_start(pid, look_every_ns, &options, &beside);
  if (!failed)
    failed = ask(requests[1], answers[0], latencies);
  if (beside) {
    const int ended = wx_sidecar_stop(beside, NULL, NULL);
    failed = failed ? failed : ended;
  }
  return failed;
}

static int measure(uint64_t look_every_ns, double *latencies) {
  int requests[2];
  int answers[2] = {-1, -1};
  int failed = wx_os_pipe(requests);
  if (failed)
    return failed;
  failed = wx_os_pipe(answers);
  const pid_t pid = failed ? failed : wx_os_fork();
  if (pid == 0)
    serve(requests[0], answers[1]);
  if (pid > 0) {
    failed = ask_under(pid, look_every_ns, requests, answers, latencies);
    (void)wx_os_kill(pid, SIGKILL);
    int status;
    (void)wx_os_wait(pid, 0, &status, NULL);
  }
  for (int i = 0; i < 2; ++i) {
    wx_os_close_reader(requests[i]);
    if (answers[i] >= 0)
      wx_os_close_reader(answers[i]);
  }
  return pid < 0 ? pid : failed;
}

WxTable *wx_bench_service_table(void) {
  static const WxColumn columns[] = {
      {"sidecar", WX_TEXT}, {"requests", WX_COUNT}, {"median", WX_NS},           {"p99", WX_NS},
      {"p99.9", WX_NS},     {"longest", WX_NS},     {"p99 / without", WX_RATIO}, {"low", WX_RATIO},
      {"high", WX_RATIO}};
  return wx_table_new("latency of a service that releases 25 MiB/s", columns,
                      sizeof columns / sizeof *columns);
}

// The p99 of each round, whose latencies are sorted for it.
static int take_p99(double *latencies, size_t rounds, size_t each, double **p99) {
  *p99 = calloc(rounds, sizeof **p99);
  for (size_t round = 0; round < rounds && *p99; ++round) {
    wx_sort(&latencies[round * each], each);
    (*p99)[round] = wx_quantile(&latencies[round * each], each, 0.99);
  }
  return *p99 ? 0 : -ENOMEM;
}

static int compare_p99(const WxBench *bench, const WxServed *served, WxInterval *ratio) {
  double *base = NULL;
  double *own = NULL;
  int failed = take_p99(served->base, served->rounds, served->each, &base);
  if (!failed)
    failed = take_p99(served->latencies, served->rounds, served->each, &own);
  if (!failed)
    failed = wx_interval_ratio(base, own, served->rounds, bench->seed, ratio);
  free(base);
  free(own);
  return failed;
}

int wx_bench_service_report(WxBench *bench, WxTable *table, const WxServed *served) {
  WxInterval ratio = {NAN, NAN, NAN, 0};
  const int failed = compare_p99(bench, served, &ratio);
  if (failed)
    return failed;
  const size_t count = served->rounds * served->each;
  double *latencies = calloc(count, sizeof *latencies); // Those of a round stay together.
  if (!latencies)
    return -ENOMEM;
  memcpy(latencies, served->latencies, count * sizeof *latencies);
  wx_sort(latencies, count);
  const WxFigure quantiles[] = {
      llround(wx_quantile(latencies, count, 0.5)), llround(wx_quantile(latencies, count, 0.99)),
      llround(wx_quantile(latencies, count, 0.999)), llround(latencies[count - 1])};
  free(latencies);
  wx_table_add(
      table, (WxCell[]){wx_text(served->mode), wx_figure((WxFigure)count), wx_figure(quantiles[0]),
                        wx_figure(quantiles[1]), wx_figure(quantiles[2]), wx_figure(quantiles[3]),
                        wx_ratio(ratio.median), wx_ratio(ratio.low), wx_ratio(ratio.high)});
  wx_document_add_result(bench->document,
                         json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:f, s:f, s:f}",
                                   "benchmark", "service", "sidecar", served->mode, "n",
                                   (json_int_t)count, "p50_ns", (json_int_t)quantiles[0], "p99_ns",
                                   (json_int_t)quantiles[1], "p999_ns", (json_int_t)quantiles[2],
                                   "max_ns", (json_int_t)quantiles[3], "ratio", ratio.median,
                                   "ci_low", ratio.low, "ci_high", ratio.high));
  return 0;
}

int wx_bench_service(WxBench *bench) {
  const size_t rounds = bench->rounds ? (size_t)bench->rounds : ROUNDS;
  const size_t each = rounds * REQUESTS;
  double *latencies = calloc(MODES * each, sizeof *latencies);
  int failed = latencies ? 0 : -ENOMEM;
  for (size_t round = 0; round < rounds && !failed; ++round)
    for (size_t turn = 0; turn < MODES && !failed; ++turn) {
      const size_t mode = (round + turn) % MODES;
      wx_progress_show(&bench->progress, "service, %s: round %zu of %zu", modes[mode].name,
                       round + 1, rounds);
      failed = measure(modes[mode].look_every_ns, &latencies[mode * each + round * REQUESTS]);
    }
  WxTable *table = wx_bench_service_table();
  for (size_t mode = 0; mode < MODES && !failed; ++mode)
    failed = wx_bench_service_report(
        bench, table,
        &(WxServed){modes[mode].name, latencies, &latencies[mode * each], rounds, REQUESTS});
  wx_document_add_table(bench->document, table);
  free(latencies);
  return failed ? wx_problem(&bench->problem, -EINVAL, "service: %s", strerror(-failed)) : 0;
}
