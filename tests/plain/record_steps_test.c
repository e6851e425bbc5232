// No event of a real runtime is lost: at each of its steps every page that its file holds is
// explained by an event, and every page that an event filled is held.
//
// The trace is read while the program waits and its file is looked at from outside. What the
// runtime does in the background meanwhile may come in between; then both are read again.
#include "measure/memfd.h"
#include "measure/observe.h"
#include "os/os.h"
#include "scenario/runtimes.h"
#include "support/explained.h"
#include "support/suite.h"
#include "trace/reader.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PROGRAM  "build/workloads/wxworkload.dll"
#define RECORDER "build/libwxrecord.so"

enum { LOOKS = 2000, TEXT = 4096 };

static const char *const versions[] = {"8", "9", "10", "11"};
static const char *const workloads[][3] = {
    {"asm", "count=30", "size=20"},
    {"dyn", "count=60", "size=1000"},
    {"alc", "count=10", "size=8"},
};

enum { WORKLOADS = 3, VERSIONS = sizeof versions / sizeof *versions, PAIRS = VERSIONS * WORKLOADS };

/// One look at the program: what it holds and what the trace says of it.
typedef struct {
  uint64_t held;
  uint64_t grown;
  uint64_t lost;
  uint64_t missing;
  uint64_t bytes[WX_EXPLANATIONS];
} Look;

typedef struct {
  const char *title;
  char trace[TEXT];
  WxTraceKind left_out; ///< The second event of this kind is not looked at; 0: all are.
  unsigned steps;
  unsigned unexplained; ///< Steps at which something was not.
} Run;

static void read_held(pid_t pid, WxExtents *held, uint64_t *allocated) {
  WxMaps maps = {0};
  WxMemfds found = {0};
  ck_assert_int_eq(wx_maps_read(&maps, pid), 0);
  ck_assert_int_eq(wx_memfd_find(&found, pid, &maps, WX_DOUBLEMAPPER), 0);
  ck_assert_uint_eq(found.count, 1);
  const int fd = wx_memfd_open(&found.items[0], pid, O_RDONLY, NULL);
  ck_assert_int_ge(fd, 0);
  ck_assert_int_eq(wx_extents_read(held, fd), 0);
  *allocated = (uint64_t)found.items[0].allocated_bytes;
  ck_assert_int_eq(close(fd), 0);
  wx_memfds_free(&found);
  wx_maps_free(&maps);
}

static void read_trace(const Run *run, WxExplained *explained, uint64_t *lost) {
  WxTraceReader *reader;
  WxTraceDamage damage;
  WxTraceEvent event;
  unsigned of_kind = 0;
  ck_assert_int_eq(wx_trace_open(run->trace, &reader, &damage), 0);
  *lost = wx_trace_header(reader)->lost;
  while (wx_trace_next(reader, &event) > 0)
    if (event.kind != run->left_out || ++of_kind != 2)
      wx_explained_add(explained, &event);
  ck_assert_int_eq(wx_trace_close(reader), 0);
}

static bool is_explained(const Look *look) {
  uint64_t sum = 0;
  for (int i = 0; i < WX_BY_NOTHING; ++i)
    sum += look->bytes[i];
  return sum == look->held && look->missing == 0 && look->lost == 0 && look->grown <= look->held;
}

static Look look_at(const Run *run, pid_t pid) {
  Look look = {0};
  WxExtents held = {0};
  WxExplained explained = {0};
  read_held(pid, &held, &look.held);
  read_trace(run, &explained, &look.lost);
  look.grown = explained.grown;
  look.missing = wx_explained_compare(&explained, &held, look.bytes);
  wx_explained_free(&explained);
  wx_extents_free(&held);
  return look;
}

static int explain_step(void *context, pid_t pid, const WxStep *step) {
  Run *run = context;
  Look look = look_at(run, pid);
  for (int i = 0; i < LOOKS && !run->left_out && !is_explained(&look); ++i)
    look = look_at(run, pid);
  printf("# %s, round %ju %s: %ju KiB = %ju filled by releases + %ju through views + %ju in place "
         "(%jd of it since the last event) + %ju unexplained; %ju missing\n",
         run->title, (uintmax_t)step->round, step->name, (uintmax_t)look.held / 1024,
         (uintmax_t)look.bytes[WX_BY_RELEASE] / 1024, (uintmax_t)look.bytes[WX_BY_VIEW] / 1024,
         (uintmax_t)look.bytes[WX_BY_DATA] / 1024,
         ((intmax_t)look.held - (intmax_t)look.grown) / 1024,
         (uintmax_t)look.bytes[WX_BY_NOTHING] / 1024, (uintmax_t)look.missing / 1024);
  ++run->steps;
  run->unexplained += !is_explained(&look);
  return 0;
}

static void run_workload(const WxInstalledRuntime *runtime, const char *const workload[3],
                         Run *run) {
  char dotnet[TEXT], preload[TEXT], record[TEXT + 16], folder[] = "/tmp/wxbench-XXXXXX";
  char *here = realpath(RECORDER, NULL);
  ck_assert_ptr_nonnull(here);
  ck_assert_ptr_nonnull(mkdtemp(folder));
  snprintf(run->trace, sizeof run->trace, "%s/trace", folder);
  snprintf(dotnet, sizeof dotnet, "%s/dotnet", runtime->root);
  snprintf(preload, sizeof preload, "LD_PRELOAD=%s", here);
  snprintf(record, sizeof record, "WXRECORD=%s", run->trace);
  const char *const environment[] = {preload, record, "DOTNET_EnableWriteXorExecute=1", NULL};
  const char *arguments[] = {dotnet,      "exec",     "--fx-version", runtime->version, PROGRAM,
                             workload[0], "rounds=2", workload[1],    workload[2],      NULL};
  const WxObserveOptions options = {.argv = (char *const *)arguments,
                                    .environment = environment,
                                    .output = WX_STREAM_DISCARD,
                                    .on_step = explain_step,
                                    .context = run};
  WxObserved observed = {0};
  ck_assert_int_eq(wx_observe(&options, &observed), 0);
  ck_assert_int_eq(observed.outcome, WX_OBSERVED_ENDED);
  ck_assert_int_eq(observed.wait_status, 0);
  wx_observed_free(&observed);
  ck_assert_int_eq(unlink(run->trace), 0);
  ck_assert_int_eq(rmdir(folder), 0);
  free(here);
}

/// Runs a pair; false where its runtime or the program is not here.
static bool run_pair(int pair, Run *run) {
  const char *const *workload = workloads[pair % WORKLOADS];
  WxRuntimes runtimes;
  char title[64];
  ck_assert_int_eq(wx_runtimes_find(&runtimes), 0);
  const WxInstalledRuntime *runtime = wx_runtimes_pick(&runtimes, versions[pair / WORKLOADS]);
  const bool here = runtime && access(PROGRAM, R_OK) == 0;
  if (here) {
    snprintf(title, sizeof title, "%s on %s", workload[0], runtime->version);
    run->title = title;
    run_workload(runtime, workload, run);
  }
  wx_runtimes_free(&runtimes);
  return here;
}

enum { STEPS = 8 }; // start; generated, dropped, collected, twice; end

START_TEST(events_explain_every_page_at_every_step) {
  Run run = {0};
  if (!run_pair(_i, &run)) {
    WX_SKIP("needs .NET %s and %s (scripts/runtimes)", versions[_i / WORKLOADS], PROGRAM);
    return;
  }
  ck_assert_uint_eq(run.steps, STEPS);
  ck_assert_uint_eq(run.unexplained, 0);
}
END_TEST

START_TEST(one_event_less_would_be_seen) {
  static const WxTraceKind kinds[] = {WX_TRACE_COMMIT, WX_TRACE_MAP_RW, WX_TRACE_RELEASE};
  if (_i >= (int)(sizeof kinds / sizeof *kinds))
    return;
  Run run = {.left_out = kinds[_i]};
  if (!run_pair(PAIRS - WORKLOADS, &run)) {
    WX_SKIP("needs .NET %s and %s (scripts/runtimes)", versions[VERSIONS - 1], PROGRAM);
    return;
  }
  ck_assert_uint_gt(run.unexplained, 0);
}
END_TEST

int main(void) {
  const TTest *const tests[] = {events_explain_every_page_at_every_step,
                                one_event_less_would_be_seen};
  return wx_suite_run_variants("record_steps", tests, sizeof tests / sizeof *tests, PAIRS);
}
