#include "reclaim/preflight.h"

#include "os/control.h"
#include "os/os.h"
#include "os/text.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_SIZE = 512, FILE_SIZE = 128, PAUSES_IN_TIME = 4 };

/// How one version of control groups says what a group may use.
typedef struct {
  const char *key;    ///< In its line of /proc/self/cgroup, between the first and the last colon.
  const char *type;   ///< File system of its mounts.
  const char *option; ///< Mount option that marks the hierarchy, "" for any.
  const char *quota;  ///< The file that holds `QUOTA` or `QUOTA PERIOD`.
  const char *period; ///< The file that holds the period, NULL where it stands beside the quota.
  bool time;          ///< It is asked how long, not which part of the period.
} Version;

static const Version quotas[] = {
    {"", "cgroup2", "", "cpu.max", NULL, false},
    {"cpu", "cgroup", "cpu", "cpu.cfs_quota_us", "cpu.cfs_period_us", false},
};

// Where the kernel has them: without, a group may use what all may.
static const Version urgent_part = {"cpu", "cgroup", "cpu", "cpu.rt_runtime_us", "cpu.rt_period_us",
                                    false};
static const Version urgent_time = {"cpu", "cgroup", "cpu", "cpu.rt_runtime_us", NULL, true};

static double number_in(const char *folder, const char *name, int which) {
  char path[PATH_SIZE + 32];
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

static bool lists(const char *list, const char *wanted) {
  const size_t length = strlen(wanted);
  for (const char *at = list; *at; at += strcspn(at, ","), at += *at == ',')
    if (length == 0 || (strncmp(at, wanted, length) == 0 && strchr(",:\n", at[length])))
      return true;
  return false;
}

// The path of this process in the hierarchy, NULL where it has none. A line is
// `NUMBER:CONTROLLERS:PATH`.
static const char *path_in(char *text, const Version *version) {
  for (char *line = text; line && *line;) {
    char *next = strchr(line, '\n');
    if (next)
      *next++ = '\0';
    const char *controllers = strchr(line, ':');
    const char *path = controllers ? strchr(controllers + 1, ':') : NULL;
    if (path && (*version->key ? lists(controllers + 1, version->key) : controllers + 1 == path))
      return path + 1;
    line = next;
  }
  return NULL;
}

// The folder of `path` below the mount in that line of mountinfo (freezer_cgroup.c). Returns the
// length of the mount's own part, 0 where it is not below it.
static size_t folder_in(const char *line, const Version *version, const char *path,
                        char folder[static PATH_SIZE]) {
  char root[PATH_SIZE];
  char point[PATH_SIZE];
  char type[32];
  char super[FILE_SIZE];
  int at = 0;
  if (sscanf(line, "%*d %*d %*s %511s %511s %n", root, point, &at) != 2 || !at)
    return 0;
  const char *dash = strstr(line + at, " - ");
  if (!dash || sscanf(dash, " - %31s %*s %127s", type, super) != 2 ||
      strcmp(type, version->type) != 0 || !lists(super, version->option))
    return 0;
  const size_t length = strcmp(root, "/") == 0 ? 0 : strlen(root);
  if (strncmp(path, root, length) != 0 ||
      snprintf(folder, PATH_SIZE, "%s%s", point, path + length) >= PATH_SIZE)
    return 0;
  return strlen(point);
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
  const char *own = failed ? NULL : path_in(text.data, version);
  const char *line = own && !wx_text_read(&lines, mounts) ? lines.data : "";
  for (; *line && least == HUGE_VAL; line += strcspn(line, "\n"), line += *line == '\n') {
    char folder[PATH_SIZE];
    const size_t mount = folder_in(line, version, own, folder);
    if (mount)
      least = least_quota(version, folder, mount, path, size);
  }
  wx_text_free(&text);
  wx_text_free(&lines);
  return least;
}

double wx_preflight_quota(const char *groups, const char *mounts, char *path, size_t size) {
  double least = HUGE_VAL;
  *path = '\0';
  for (size_t i = 0; i < sizeof quotas / sizeof *quotas; ++i) {
    char found[PATH_SIZE + 32] = "";
    const double quota = quota_by(&quotas[i], groups, mounts, found, sizeof found);
    if (quota < least)
      (void)snprintf(path, size, "%s", found);
    least = quota < least ? quota : least;
  }
  return least;
}

void wx_preflight_urgent(const char *groups, const char *mounts, double *part, double *time_us) {
  char path[PATH_SIZE + 32];
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
  char path[PATH_SIZE + 32] = "";
  const double quota = wx_preflight_quota(groups, mounts, path, sizeof path);
  if (quota >= 1)
    return 0;
  return wx_problem(problem, -EPERM,
                    "this program may use %.3g of a processor (%s), and would be stopped by that "
                    "while it holds others: permit it real-time priority (CAP_SYS_NICE; in a cpu "
                    "group of version 1 also cpu.rt_runtime_us), or give it a whole processor",
                    quota, path);
}
