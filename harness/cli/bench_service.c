// A service answers 2000 requests a second while another of its threads releases memory. A request
// counts from the moment it was due, so that a pause delays all that came due in it.
#include "cli/bench_service.h"

#include "cli/say.h"
#include "os/control.h"
#include "os/os.h"
#include "os/process.h"
#include "reclaim/reclaim.h"
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

enum { REQUESTS = 4000, EVERY_NS = 500000, WORK = 40000, ROUNDS = 5, MODES = 3 };
// So much that one processor is not busy with it alone: a page that is touched anew costs 50 us on
// a small virtual machine.
enum { RELEASE_BYTES = 512 * 1024, RELEASE_EVERY_NS = 20000000 };

static const uint64_t look_every_ns = 20000000;
static const uint64_t file_size = (uint64_t)1 << 40;

// The second one without a sidecar tells the noise.
static const char *const modes[MODES] = {"without", "without, again", "every 20 ms"};

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

static int ask_under(pid_t pid, bool sidecar, const int requests[2], const int answers[2],
                     double *latencies) {
  WxSidecar *beside = NULL;
  const WxReclaimOptions options = {.memfd = WX_DOUBLEMAPPER_NAME};
  char byte = 'r'; // Once the first answer is there, its memfd is too.
  int failed =
      wx_os_write(requests[1], &byte, 1) == 1 && wx_os_read(answers[0], &byte, 1) == 1 ? 0 : -EPIPE;
  if (!failed && sidecar)
    failed = wx_sidecar_start(pid, look_every_ns, &options, &beside);
  if (!failed)
    failed = ask(requests[1], answers[0], latencies);
  if (beside) {
    const int ended = wx_sidecar_stop(beside, NULL, NULL);
    failed = failed ? failed : ended;
  }
  return failed;
}

static int measure(bool sidecar, double *latencies) {
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
    failed = ask_under(pid, sidecar, requests, answers, latencies);
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
  static const WxColumn columns[] = {{"sidecar", WX_TEXT}, {"requests", WX_COUNT},
                                     {"median", WX_NS},    {"p99", WX_NS},
                                     {"p99.9", WX_NS},     {"longest", WX_NS}};
  return wx_table_new("latency of a service that releases 25 MiB/s", columns,
                      sizeof columns / sizeof *columns);
}

void wx_bench_service_report(WxBench *bench, WxTable *table, const char *mode, double *latencies,
                             size_t count) {
  wx_sort(latencies, count);
  const double quantiles[] = {wx_quantile(latencies, count, 0.5),
                              wx_quantile(latencies, count, 0.99),
                              wx_quantile(latencies, count, 0.999), latencies[count - 1]};
  wx_table_add(table, (WxCell[]){wx_text(mode), wx_figure((WxFigure)count),
                                 wx_figure((WxFigure)llround(quantiles[0])),
                                 wx_figure((WxFigure)llround(quantiles[1])),
                                 wx_figure((WxFigure)llround(quantiles[2])),
                                 wx_figure((WxFigure)llround(quantiles[3]))});
  wx_document_add_result(
      bench->document,
      json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I}", "benchmark", "service", "sidecar", mode, "n",
                (json_int_t)count, "p50_ns", (json_int_t)llround(quantiles[0]), "p99_ns",
                (json_int_t)llround(quantiles[1]), "p999_ns", (json_int_t)llround(quantiles[2]),
                "max_ns", (json_int_t)llround(quantiles[3])));
}

int wx_bench_service(WxBench *bench) {
  const size_t rounds = bench->rounds ? (size_t)bench->rounds : ROUNDS;
  const size_t each = rounds * REQUESTS;
  double *latencies = calloc(MODES * each, sizeof *latencies);
  int failed = latencies ? 0 : -ENOMEM;
  for (size_t round = 0; round < rounds && !failed; ++round)
    for (size_t turn = 0; turn < MODES && !failed; ++turn) {
      const size_t mode = (round + turn) % MODES;
      wx_progress_show(&bench->progress, "service, %s: round %zu of %zu", modes[mode], round + 1,
                       rounds);
      failed = measure(mode == 2, &latencies[mode * each + round * REQUESTS]);
    }
  WxTable *table = wx_bench_service_table();
  for (size_t mode = 0; mode < MODES && !failed; ++mode)
    wx_bench_service_report(bench, table, modes[mode], &latencies[mode * each], each);
  wx_document_add_table(bench->document, table);
  free(latencies);
  return failed ? wx_cli_fail(bench->options->verb, "service: %s", strerror(-failed)) : 0;
}
