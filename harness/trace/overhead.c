#include "trace/overhead.h"

#include "measure/observe.h"
#include "os/os.h"
#include "os/process.h"
#include "strategy/registry.h"
#include "trace/bare.h"
#include "trace/reader.h"
#include "trace/replay_run.h"
#include "trace/writer.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { SEED = 1 };

static const uint64_t enough_ns = UINT64_C(30) * 1000 * 1000 * 1000;

typedef struct {
  double replay[WX_OVERHEAD_PAIRS];
  double bare[WX_OVERHEAD_PAIRS];
  double again[WX_OVERHEAD_PAIRS];
} Times;

typedef struct {
  const WxBare *bare;
  uint64_t *taken_ns; ///< In memory that both processes see.
} BareRun;

static int run_bare_in_child(WxStepChannel channel, void *context) {
  const BareRun *run = context;
  (void)channel;
  return wx_bare_run(run->bare, run->taken_ns) ? 1 : 0;
}

static int time_bare(const BareRun *run, double *taken) {
  const WxObserveOptions options = {.child = run_bare_in_child,
                                    .child_context = (void *)run,
                                    .output = WX_STREAM_INHERIT,
                                    .errors = WX_STREAM_INHERIT};
  WxObserved observed = {0};
  int failed = wx_observe(&options, &observed);
  if (!failed && observed.wait_status)
    failed = -EIO;
  wx_observed_free(&observed);
  *taken = (double)*run->taken_ns;
  return failed;
}

static int time_replay(const char *path, double *taken, char *problem) {
  const WxReplayOrder order = {.path = path, .strategy = &wx_strategy_coreclr, .unobserved = true};
  WxReplayRun run;
  int failed = wx_replay_run(&order, &run);
  *taken = (double)run.report.replaying_ns;
  if (!failed && !wx_result_ran(&run.result)) {
    snprintf(problem, WX_OVERHEAD_TEXT, "%.*s", WX_OVERHEAD_TEXT - 1,
             run.result.skipped ? run.result.skipped : run.ended.text);
    failed = run.ended.error ? run.ended.error : -EIO;
  }
  wx_replay_run_free(&run);
  return failed;
}

/// One of each, and one more of the bare loop to compare it with itself; who comes first changes.
static int time_round(const char *path, const BareRun *run, Times *times, int i, char *problem) {
  int failed =
      i % 2 ? time_bare(run, &times->bare[i]) : time_replay(path, &times->replay[i], problem);
  if (!failed)
    failed =
        i % 2 ? time_replay(path, &times->replay[i], problem) : time_bare(run, &times->bare[i]);
  return failed ? failed : time_bare(run, &times->again[i]);
}

static bool is_enough(uint64_t pairs, uint64_t wanted, uint64_t begun_ns) {
  if (pairs >= WX_OVERHEAD_PAIRS)
    return true;
  if (wanted)
    return pairs >= wanted;
  return pairs >= WX_OVERHEAD_LEAST && wx_os_now_ns() - begun_ns >= enough_ns;
}

static int measure(const char *path, const BareRun *run, uint64_t wanted, WxOverhead *measured) {
  Times times;
  const uint64_t begun = wx_os_now_ns();
  int pairs = 0;
  while (!is_enough((uint64_t)pairs, wanted, begun)) {
    const int failed = time_round(path, run, &times, pairs, measured->problem);
    if (failed)
      return failed;
    ++pairs;
  }
  const size_t count = (size_t)pairs;
  int failed = wx_interval_ratio(times.bare, times.replay, count, SEED, &measured->ratio);
  if (!failed)
    failed = wx_interval_ratio(times.bare, times.again, count, SEED, &measured->same);
  return failed ? failed : wx_interval_median(times.bare, count, SEED, &measured->bare_ns);
}

/// An uncompressed copy in memory: the time of another program is not the replay's. Returns its
/// descriptor.
static int copy_trace(const char *path) {
  WxTraceReader *reader;
  WxTraceDamage damage;
  WxTraceEvent event;
  WxTraceWriter *writer = malloc(sizeof *writer);
  const int fd = writer ? wx_os_memfd_create("trace", MFD_CLOEXEC) : -ENOMEM;
  int failed = fd < 0 ? fd : wx_trace_open(path, &reader, &damage);
  if (!failed) {
    wx_trace_begin(writer, fd, wx_trace_header(reader));
    while ((failed = wx_trace_next(reader, &event)) > 0)
      wx_trace_write(writer, &event);
    const int finished = wx_trace_finish(writer);
    const int closed = wx_trace_close(reader);
    failed = failed ? failed : finished ? finished : closed;
  }
  free(writer);
  if (failed && fd >= 0)
    (void)wx_os_close(fd);
  return failed ? failed : fd;
}

static int measure_copy(int fd, uint64_t pairs, WxOverhead *measured) {
  char path[32];
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  WxBare *bare;
  int failed = wx_bare_make(path, &bare);
  if (failed)
    return failed;
  measured->calls = wx_bare_calls(bare);
  BareRun run = {bare, wx_child_report_new(sizeof *run.taken_ns)};
  failed = run.taken_ns ? measure(path, &run, pairs, measured) : -ENOMEM;
  if (run.taken_ns)
    wx_child_report_free(run.taken_ns, sizeof *run.taken_ns);
  wx_bare_free(bare);
  return failed;
}

int wx_overhead_measure(const char *path, uint64_t pairs, WxOverhead *measured) {
  *measured = (WxOverhead){0};
  const int fd = copy_trace(path);
  const int failed = fd < 0 ? fd : measure_copy(fd, pairs, measured);
  if (fd >= 0)
    (void)wx_os_close(fd);
  if (failed && !measured->problem[0])
    snprintf(measured->problem, sizeof measured->problem, "%s", strerror(-failed));
  return failed;
}
