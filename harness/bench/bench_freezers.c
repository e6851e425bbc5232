#include "bench/bench_reports.h"

#include "measure/memory_group.h"
#include "os/control.h"
#include "os/os.h"
#include "os/process.h"
#include "output/json.h"
#include "reclaim/find.h"
#include "reclaim/freezer.h"
#include "reclaim/holders.h"

#include <errno.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FREEZES = 300, MIB = 1024 * 1024, GROUP_SIZE = 128 };

static const uint64_t freeze_limit_ns = 2000000000;

static int freeze_once(WxFreeze *freeze, WxFreezesAlone *alone) {
  int failed;
  do {
    failed = wx_holders_update(freeze->holders, &alone->problem);
    if (!failed)
      failed = wx_freeze(freeze, freeze_limit_ns, &alone->problem);
  } while (failed == -EAGAIN); // A process was born.
  if (failed)
    return failed;
  const int policy = sched_getscheduler(0);
  failed = wx_thaw(freeze);
  wx_pauses_add(&alone->log, freeze->length_ns);
  alone->real_time += policy >= 0 && (policy & ~SCHED_RESET_ON_FORK) == SCHED_FIFO;
  return failed ? failed : wx_os_sleep_ns(freeze->length_ns);
}

static int freeze_often(const WxFreezer *freezer, pid_t pid, unsigned count,
                        WxFreezesAlone *alone) {
  WxMaps maps = {0};
  WxMemfds memfds = {0};
  WxHolders holders;
  int failed = wx_reclaim_find(&memfds, pid, &maps, WX_DOUBLEMAPPER_NAME, &alone->problem);
  if (!failed)
    failed = wx_holders_open(&holders, pid, memfds.items[0].id, &alone->problem);
  if (!failed)
    failed = wx_holders_look(&holders, &alone->problem);
  WxFreeze freeze = {.freezer = freezer, .holders = &holders};
  for (unsigned i = 0; i < count && !failed; ++i)
    failed = freeze_once(&freeze, alone);
  return failed;
}

// A process of its own, as worker.c has it: its end lets go of what could not be let go.
static int in_child(const WxFreezer *freezer, pid_t pid, unsigned count, WxFreezesAlone *shared) {
  const pid_t child = wx_os_fork();
  if (child == 0) {
    (void)wx_os_set_nice(-20);
    (void)wx_os_lock_memory();
    shared->result = freeze_often(freezer, pid, count, shared);
    _exit(0);
  }
  int status = 0;
  if (child > 0)
    (void)wx_os_wait(child, 0, &status, NULL);
  return child < 0 ? child : status ? -ECHILD : shared->result;
}

int wx_bench_freeze_alone(const WxFreezer *freezer, pid_t pid, unsigned count,
                          WxFreezesAlone *alone) {
  void *memory;
  int failed = wx_os_mmap(NULL, sizeof *alone, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                          -1, 0, &memory);
  if (failed)
    return failed;
  WxFreezesAlone *shared = memory;
  *shared = *alone;
  failed = in_child(freezer, pid, count, shared);
  *alone = *shared;
  (void)wx_os_munmap(memory, sizeof *alone);
  return failed;
}

WxTable *wx_bench_freezers_table(void) {
  static const WxColumn columns[] = {
      {"freezer", WX_TEXT}, {"target", WX_TEXT},
      {"pauses", WX_COUNT}, {"at real-time priority", WX_COUNT},
      {"median", WX_NS},    {"p99", WX_NS},
      {"longest", WX_NS},   {"EINTR a pause and thread", WX_RATIO},
  };
  return wx_table_new("freezing and thawing alone", columns, sizeof columns / sizeof *columns);
}

void wx_bench_freezers_report(WxBench *bench, WxTable *table, const WxFreezeWay *way,
                              const WxFreezeLoad *load, const WxFreezesAlone *alone,
                              uint64_t interrupted) {
  const WxPauses pauses = wx_pauses_summary(&alone->log);
  const double per_pause = load->load == WX_TARGET_WAITING && pauses.count
                               ? (double)interrupted / (double)pauses.count / WX_BENCH_THREADS
                               : NAN;
  wx_table_add(
      table, (WxCell[]){wx_text(way->name), wx_text(load->name), wx_figure((WxFigure)pauses.count),
                        wx_figure((WxFigure)alone->real_time),
                        wx_figure(wx_pauses_length(&pauses, pauses.p50_ns)),
                        wx_figure(wx_pauses_length(&pauses, pauses.p99_ns)),
                        wx_figure(wx_pauses_length(&pauses, pauses.max_ns)), wx_ratio(per_pause)});
  wx_document_add_result(
      bench->document,
      json_pack("{s:s, s:s, s:s, s:I, s:I, s:o, s:o, s:o, s:I}", "benchmark", "freezers", "freezer",
                way->name, "load", load->name, "pauses", (json_int_t)pauses.count, "real_time",
                (json_int_t)alone->real_time, "p50_ns",
                wx_json_figure(wx_pauses_length(&pauses, pauses.p50_ns)), "p99_ns",
                wx_json_figure(wx_pauses_length(&pauses, pauses.p99_ns)), "max_ns",
                wx_json_figure(wx_pauses_length(&pauses, pauses.max_ns)), "eintr",
                (json_int_t)interrupted));
}

/* Side by side, each in a control group of its own where it needs one
 * -------------------------------------------------------------------------------------------------
 */

static const struct {
  int version;
  const char *top;
  const char *control;
} places[] = {
    {1, "/sys/fs/cgroup/freezer", "freezer.state"},
    {2, "/sys/fs/cgroup/unified", "cgroup.freeze"},
    {2, "/sys/fs/cgroup", "cgroup.freeze"},
};

// A folder without the control file is no group that can be frozen.
static int make_at(char *path, size_t place, pid_t pid) {
  char control[2 * GROUP_SIZE];
  (void)snprintf(path, GROUP_SIZE, "%s/wxbench-%d", places[place].top, (int)pid);
  (void)snprintf(control, sizeof control, "%s/%s", path, places[place].control);
  int failed = wx_os_make_directory(path, 0755);
  if (failed)
    return failed;
  failed = access(control, W_OK) ? -ENOTSUP : wx_cgroup_put(path, pid);
  if (failed)
    wx_cgroup_remove(path);
  return failed;
}

// Makes a group in the freezer of `version` 1 or 2 and puts `pid` in; `path` is its folder, empty
// where that is refused.
static int make_group(char path[static GROUP_SIZE], pid_t pid, int version) {
  int failed = -ENOTSUP;
  for (size_t i = 0; i < sizeof places / sizeof *places && failed; ++i)
    if (places[i].version == version)
      failed = make_at(path, i, pid);
  if (failed)
    path[0] = '\0';
  return failed;
}

// Once its process has ended, for at most a second.
static void remove_group(const char *path) {
  if (*path)
    wx_cgroup_remove(path);
}

static void skip(WxBench *bench, const WxFreezeWay *way, const WxFreezeLoad *load,
                 const char *why) {
  wx_document_note(bench->document, "%s, %s: SKIP: %s.", way->name, load->name, why);
}

// One freezer against one load, on a target of its own.
static int run_one(WxBench *bench, WxTable *table, const WxFreezeWay *way,
                   const WxFreezeLoad *load) {
  WxBenchTarget target;
  char group[GROUP_SIZE] = "";
  int failed = wx_bench_target_start(&target, MIB, load->load);
  if (failed)
    return wx_problem(&bench->problem, -EINVAL, "%s: %s", way->name, strerror(-failed));
  wx_progress_show(&bench->progress, "%s, %s", way->name, load->name);
  WxFreezesAlone alone = {0};
  const int refused = way->version ? make_group(group, target.pid, way->version) : 0;
  if (!refused)
    failed = wx_bench_freeze_alone(way->freezer, target.pid, FREEZES, &alone);
  if (refused)
    skip(bench, way, load, "no such control group can be made here");
  else if (failed)
    skip(bench, way, load, alone.problem.text[0] ? alone.problem.text : strerror(-failed));
  else
    wx_bench_freezers_report(bench, table, way, load, &alone, target.state->interrupted);
  wx_bench_target_end(&target);
  remove_group(group);
  return 0;
}

int wx_bench_freezers(WxBench *bench) {
  static const WxFreezeWay ways[] = {{"ptrace", &wx_freezer_ptrace, 0},
                                     {"cgroup, version 1", &wx_freezer_cgroup, 1},
                                     {"cgroup, version 2", &wx_freezer_cgroup, 2},
                                     {"stop", &wx_freezer_stop, 0}};
  static const WxFreezeLoad loads[] = {{"idle", WX_TARGET_IDLE},
                                       {"8 busy threads", WX_TARGET_BUSY},
                                       {"8 threads in epoll_wait", WX_TARGET_WAITING}};
  WxTable *table = wx_bench_freezers_table();
  int status = 0;
  for (size_t i = 0; i < sizeof ways / sizeof *ways && !status; ++i)
    for (size_t at = 0; at < sizeof loads / sizeof *loads && !status; ++at)
      status = run_one(bench, table, &ways[i], &loads[at]);
  wx_document_add_table(bench->document, table);
  return status;
}
