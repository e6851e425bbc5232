#include "bench/bench_reclaim_runs.h"

#include "bench/bench_freezers.h"
#include "os/process.h"
#include "reclaim/find.h"
#include "reclaim/reclaim.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

enum { FREEZES = 100 };

static int find_path(pid_t pid, char *path, size_t size) {
  WxMaps maps = {0};
  WxMemfds memfds = {0};
  const int failed = wx_reclaim_find(&memfds, pid, &maps, WX_DOUBLEMAPPER_NAME, NULL);
  if (!failed)
    (void)snprintf(path, size, "/proc/%d/fd/%d", (int)pid, memfds.items[0].number);
  wx_memfds_free(&memfds);
  wx_maps_free(&maps);
  return failed;
}

// SIGSTOP, `fallocate -d` on the memfd, SIGCONT, as one would by hand.
static int dig_holes(const WxBenchTarget *target, WxMeasured *measured) {
  char path[64];
  int failed = find_path(target->pid, path, sizeof path);
  if (failed)
    return failed;
  char *arguments[] = {"fallocate", "-d", path, NULL};
  const uint64_t began = wx_os_now_ns();
  failed = wx_os_kill(target->pid, SIGSTOP);
  const pid_t child = failed ? failed : wx_os_fork();
  if (child == 0) {
    (void)wx_os_exec(arguments, environ);
    _exit(127);
  }
  int status = 1;
  if (child > 0)
    (void)wx_os_wait(child, 0, &status, NULL);
  (void)wx_os_kill(target->pid, SIGCONT);
  wx_pauses_add(&measured->log, wx_os_now_ns() - began);
  return child < 0 ? child : status ? -ENOSYS : 0;
}

// Not in time on a machine that is busy with something else: its time counts, and it is said.
static int reclaim(const WxBenchTarget *target, WxMeasured *measured) {
  const WxReclaimOptions options = {.log = &measured->log, .memfd = WX_DOUBLEMAPPER_NAME};
  WxReclaim result;
  const int failed = wx_reclaim_once(target->pid, &options, &result, NULL);
  measured->gave_up += failed == -ETIMEDOUT;
  return failed == -ETIMEDOUT ? 0 : failed;
}

static int freeze_alone(const WxBenchTarget *target, WxMeasured *measured) {
  WxFreezesAlone alone = {.log = measured->log};
  const int failed = wx_bench_freeze_alone(wx_freezer_at(0), target->pid, FREEZES, &alone);
  measured->log = alone.log;
  return failed;
}

const WxBenchRun wx_bench_variants[WX_BENCH_VARIANTS] = {
    [WX_BENCH_LIVE] = {"live", reclaim},
    [WX_BENCH_DIG] = {"fallocate -d", dig_holes},
    [WX_BENCH_DIG_AGAIN] = {"fallocate -d, again", dig_holes},
    [WX_BENCH_ALONE] = {"freeze and thaw alone", freeze_alone},
    [WX_BENCH_ALONE_AGAIN] = {"freeze and thaw alone, again", freeze_alone},
};
