#include "reclaim/preflight.h"

#include "measure/mounts.h"
#include "os/control.h"
#include "os/os.h"
#include "os/text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_SIZE = 128, PAUSES_IN_TIME = 4 };

/// How one version of control groups says what a group may use.
typedef struct {
  const char *controller; ///< Of its hierarchy in version 1; NULL for version 2.
  const char *quota;      ///< The file that holds `QUOTA` or `QUOTA PERIOD`.
  const char *period; ///< The file that holds the period, NULL where it stands beside the quota.
  bool time;          ///< It is asked how long, not which part of the period.
} Version;

static const Version quotas[] = {
    {NULL, "cpu.max", NULL, false},
    {"cpu", "cpu.cfs_quota_us", "cpu.cfs_period_us", false},
};

// Where the kernel has them: without, a group may use what all may.
static const Version urgent_part = {"cpu", "cpu.rt_runtime_us", "cpu.rt_period_us", false};
static const Version urgent_time = {"cpu", "cpu.rt_runtime_us", NULL, true};

static double number_in(const char *folder, const char *name, int which) {
  char path[PATH_MAX + 32];
  char text[FILE_SIZE];
  (void)snprintf(path, sizeof path, "%s/%s", folder, name);
  const int fd = wx_os_open(path, O_RDONLY, 0);
  if (fd < 0)
    return -1;
  const ssize_t length = wx_os_pread(fd, text, sizeof text - 1, 0);
  wx_os_close_reader(fd);
  text[length > 0 ? length : 0] = '\0';
  const char *at = which ? strchr(text, ' ') : text;
  char *end;
  const double number = at ? strtod(at, &end) : -1; // "max" is none.
  return at && end != at ? number : -1;
}

// What the group `folder` may use of a processor; HUGE_VAL where it may use all.
static double quota_of(const Version *version, const char *folder) {
  const double quota = number_in(folder, version->quota, 0);
  if (version->time)
    return quota > 0 ? quota : HUGE_VAL;
  const double period = version->period ? number_in(folder, version->period, 0)
                                        : number_in(folder, version->quota, 1);
  return quota > 0 && period > 0 ? quota / period : HUGE_VAL;
}

// The smallest quota from the folder up to its mount.
static double least_quota(const Version *version, char *folder, size_t mount, char *path,
                          size_t size) {
  double least = HUGE_VAL;
  for (size_t length = strlen(folder); length >= mount && length; --length) {
    if (folder[length] != '\0' && folder[length] != '/')
      continue;
    folder[length] = '\0';
    const double quota = quota_of(version, folder);
    if (quota < least)
      (void)snprintf(path, size, "%s/%s", folder, version->quota);
    least = quota < least ? quota : least;
  }
  return least;
}

// Of one version. `path` is set where there is a quota.
static double quota_by(const Version *version, const char *groups, const char *mounts, char *path,
                       size_t size) {
  WxText text = {0};
  WxText lines = {0};
  double least = HUGE_VAL;
  const int failed = wx_text_read(&text, groups);
  char folder[PATH_MAX];
  size_t mount;
  if (!failed && !wx_text_read(&lines, mounts) &&
      wx_cgroup_directory(text.data, lines.data, version->controller, folder, &mount))
    least = least_quota(version, folder, mount, path, size);
  wx_text_free(&text);
  wx_text_free(&lines);
  return least;
}

double wx_preflight_quota(const char *groups, const char *mounts, char *path, size_t size) {
  double least = HUGE_VAL;
  *path = '\0';
  for (size_t i = 0; i < sizeof quotas / sizeof *quotas; ++i) {
    char found[PATH_MAX + 32] = "";
    const double quota = quota_by(&quotas[i], groups, mounts, found, sizeof found);
    if (quota < least)
      (void)snprintf(path, size, "%s", found);
    least = quota < least ? quota : least;
  }
  return least;
}

void wx_preflight_urgent(const char *groups, const char *mounts, double *part, double *time_us) {
  char path[PATH_MAX + 32];
  *part = quota_by(&urgent_part, groups, mounts, path, sizeof path);
  *time_us = quota_by(&urgent_time, groups, mounts, path, sizeof path);
}

static bool may_be_urgent(void) {
  return !wx_os_set_scheduler(SCHED_FIFO, 1) && !wx_os_set_scheduler(SCHED_OTHER, 0);
}

int wx_preflight(WxPreflight *preflight, uint64_t budget_ns, WxProblem *problem) {
  const char *groups = "/proc/self/cgroup";
  const char *mounts = "/proc/self/mountinfo";
  *preflight = (WxPreflight){.urgent = may_be_urgent(), .urgent_share = 1};
  double part;
  double time_us;
  wx_preflight_urgent(groups, mounts, &part, &time_us);
  preflight->urgent_share = part < 1 ? part : 1;
  if (preflight->urgent && time_us * 1000 >= PAUSES_IN_TIME * (double)budget_ns)
    return 0;
  char path[PATH_MAX + 32] = "";
  const double quota = wx_preflight_quota(groups, mounts, path, sizeof path);
  if (quota >= 1)
    return 0;
  return wx_problem(problem, -EPERM,
                    "this program may use %.3g of a processor (%s), and would be stopped by that "
                    "while it holds others: permit it real-time priority (CAP_SYS_NICE; in a cpu "
                    "group of version 1 also cpu.rt_runtime_us), or give it a whole processor",
                    quota, path);
}
