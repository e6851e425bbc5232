// The freezer of the control group that the target is in, as a container runtime pauses a
// container. It also stops tasks that wait for a vforked child, which nothing else does. But
// everything else in that group stops too, so that the tool itself must not be in it, and neither
// may a process that shares the memory be outside.
#include "reclaim/freezer_cgroup.h"

#include "measure/mounts.h"
#include "os/os.h"
#include "os/text.h"
#include "reclaim/freezer.h"
#include "reclaim/holders.h"
#include "reclaim/proc.h"
#include "reclaim/undo.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The group
 * -------------------------------------------------------------------------------------------------
 */

enum { SMALL_FILE = 4096 };

// The empty group that stays frozen while a worker is at work.
#define KEPT "wxbench-frozen"

// Who has both versions freezes by the first: processes are put into a freezer group of version 1
// to be frozen together, but into one of version 2 for any reason (a service and all it starts).
enum { VERSION_1, VERSION_2, KINDS };

static const WxGroupKind kinds[KINDS] = {
    [VERSION_1] = {.controller = "freezer",
                   .control = "freezer.state",
                   .freeze = "FROZEN",
                   .thaw = "THAWED",
                   .state = "freezer.state",
                   .frozen = "FROZEN"},
    [VERSION_2] = {.control = "cgroup.freeze",
                   .freeze = "1",
                   .thaw = "0",
                   .state = "cgroup.events",
                   .frozen = "frozen 1"},
};

static int read_small(const char *path, char text[static SMALL_FILE]) {
  const int fd = wx_os_open(path, O_RDONLY, 0);
  if (fd < 0)
    return fd;
  const ssize_t length = wx_os_pread(fd, text, SMALL_FILE - 1, 0);
  wx_os_close_reader(fd);
  text[length > 0 ? length : 0] = '\0';
  return length < 0 ? (int)length : 0;
}

// Whether no other controller is in the hierarchy of the path, which lies behind `:CONTROLLERS:`.
static bool is_alone(const char *text, const char *path, const char *controller) {
  const size_t length = strlen(controller);
  return (size_t)(path - text) > length + 1 && path[-(ptrdiff_t)length - 2] == ':';
}

// `alone`: only in a hierarchy that has no other controllers. -ENOTSUP where it has none.
static int group_path(pid_t pid, const WxGroupKind *kind, bool alone,
                      char path[static WX_GROUP_PATH_SIZE]) {
  char name[64];
  char text[SMALL_FILE];
  size_t length;
  (void)snprintf(name, sizeof name, "/proc/%d/cgroup", (int)pid);
  const int failed = read_small(name, text);
  if (failed)
    return failed == -ENOENT ? -ESRCH : failed;
  const char *found = wx_cgroup_path(text, kind->controller, &length);
  if (!found || length >= WX_GROUP_PATH_SIZE || (alone && !is_alone(text, found, kind->controller)))
    return -ENOTSUP;
  memcpy(path, found, length);
  path[length] = '\0';
  return 0;
}

static int find_files(WxGroup *group, const WxCgroupMount *mount) {
  char folder[PATH_MAX];
  if (!wx_cgroup_mount_resolve(mount, group->path, folder))
    return -ENOTSUP;
  const size_t size = WX_GROUP_PATH_SIZE;
  if (snprintf(group->control, size, "%s/%s", folder, group->kind->control) >= (int)size ||
      snprintf(group->state, size, "%s/%s", folder, group->kind->state) >= (int)size)
    return -ENAMETOOLONG;
  struct stat status;
  return wx_os_stat(group->control, &status) ? -ENOTSUP : 0;
}

static int find_in(WxGroup *group, pid_t pid, const WxGroupKind *kind, const char *mounts) {
  group->kind = kind;
  const int failed = group_path(pid, kind, false, group->path);
  if (failed)
    return failed;
  WxCgroupMount mount;
  while ((mounts = wx_cgroup_mount_next(mounts, kind->controller, &mount)))
    if (!find_files(group, &mount))
      return 0;
  return -ENOTSUP;
}

int wx_group_find(WxGroup *group, pid_t pid) {
  WxText mounts = {0};
  int result = wx_text_read(&mounts, "/proc/self/mountinfo");
  if (!result) {
    result = -ENOTSUP;
    // A container sees its own group as the top one, which can be frozen but holds all of it: last.
    for (size_t i = 0; i < 2 * (size_t)KINDS && result == -ENOTSUP; ++i) {
      result = find_in(group, pid, &kinds[i % KINDS], mounts.data);
      if (!result && i < KINDS && strcmp(group->path, "/") == 0)
        result = -ENOTSUP;
    }
  }
  wx_text_free(&mounts);
  return result;
}

// The mount of version 1's freezer.
static int find_top(char point[static WX_GROUP_PATH_SIZE]) {
  WxText mounts = {0};
  WxCgroupMount mount;
  int result = wx_text_read(&mounts, "/proc/self/mountinfo");
  if (!result && !wx_cgroup_mount_next(mounts.data, kinds[VERSION_1].controller, &mount))
    result = -ENOTSUP;
  wx_text_free(&mounts);
  if (!result && snprintf(point, WX_GROUP_PATH_SIZE, "%s", mount.point) >= (int)WX_GROUP_PATH_SIZE)
    result = -ENAMETOOLONG;
  return result;
}

int wx_group_leave(void) {
  char path[WX_GROUP_PATH_SIZE];
  char point[WX_GROUP_PATH_SIZE];
  // With other controllers beside it, leaving would escape their limits.
  int failed = group_path(getpid(), &kinds[VERSION_1], true, path);
  if (failed == -ENOTSUP || (!failed && strcmp(path, "/") == 0))
    return 0;
  if (!failed)
    failed = find_top(point);
  if (failed)
    return failed;
  char name[WX_GROUP_PATH_SIZE + sizeof "/cgroup.procs"];
  (void)snprintf(name, sizeof name, "%s/cgroup.procs", point);
  return wx_text_write(name, "0"); // The caller.
}

static bool is_version_1(pid_t pid) {
  WxGroup group;
  return !wx_group_find(&group, pid) && group.kind == &kinds[VERSION_1];
}

// The first group of version 1 that is frozen, and the last one that is thawed, make the kernel
// patch its own code on all processors (static key freezer_active): 6 ms in the median and 13 at
// most on two of them, beside another frozen group 0.03. So an empty one stays frozen. Another
// wxbench may take it away: then a pause is long once more.
static void keep_frozen(const WxHolders *holders, bool keep) {
  char point[WX_GROUP_PATH_SIZE];
  char name[WX_GROUP_PATH_SIZE + sizeof "/" KEPT "/freezer.state"];
  if ((keep && !is_version_1(holders->pid)) || find_top(point))
    return;
  (void)snprintf(name, sizeof name, "%s/" KEPT, point);
  if (!keep) {
    if (wx_os_remove_directory(name))
      (void)wx_os_remove_directory(name); // Made to fail by a test.
    return;
  }
  (void)wx_os_make_directory(name, 0755); // It may be there.
  (void)snprintf(name, sizeof name, "%s/" KEPT "/%s", point, kinds[VERSION_1].control);
  (void)wx_text_write(name, kinds[VERSION_1].freeze);
}

int wx_group_has(const WxGroup *group, pid_t pid, bool below) {
  char path[WX_GROUP_PATH_SIZE];
  const int failed = group_path(pid, group->kind, false, path);
  if (failed)
    return failed;
  const size_t length = strlen(group->path);
  return strncmp(path, group->path, length) == 0 &&
         (path[length] == '\0' || (below && path[length] == '/'));
}

int wx_group_write(const WxGroup *group, bool freeze) {
  return wx_text_write(group->control, freeze ? group->kind->freeze : group->kind->thaw);
}

int wx_group_state_has(const WxGroup *group, const char *text) {
  char state[SMALL_FILE];
  const int failed = read_small(group->state, state);
  return failed ? failed : strstr(state, text) != NULL;
}

/* The freezer
 * -------------------------------------------------------------------------------------------------
 */

// A process that has ended is in no group of its own any more.
static bool has_ended(const WxHolders *holders, pid_t pid) {
  WxTaskStat stat;
  return wx_task_stat(holders->proc, pid, &stat) || stat.state == 'Z' || stat.state == 'X';
}

// Asked under the freeze: a child that is being forked is seen a moment before it is in the group.
static int check_members(WxHolders *holders, const WxGroup *group, WxProblem *problem) {
  for (size_t i = 0; i < holders->count; ++i) {
    const pid_t pid = holders->items[i].pid;
    const int has = wx_group_has(group, holders->items[i].memory_task, true);
    if (has < 0 && has != -ESRCH)
      return has;
    if (has == 0 && !has_ended(holders, holders->items[i].memory_task))
      return wx_problem(
          problem, -EXDEV,
          "process %d shares the memory of process %d but is not in its control group "
          "%s: use --freeze ptrace",
          (int)pid, (int)holders->pid, group->path);
  }
  return 0;
}

static int check_group(const WxGroup *group, pid_t pid, WxProblem *problem) {
  const int ours = wx_group_has(group, getpid(), true);
  if (ours < 0)
    return ours;
  if (ours)
    return wx_problem(
        problem, -EDEADLK,
        "the control group %s of process %d holds this tool too and would stop it: use "
        "--freeze ptrace",
        group->path, (int)pid);
  const int frozen = wx_group_state_has(group, group->kind->frozen);
  if (frozen == 1)
    return wx_problem(problem, -EBUSY, "process %d is paused by its control group %s already",
                      (int)pid, group->path);
  return frozen;
}

static int prepare(WxHolders *holders, WxProblem *problem) {
  WxGroup *group = &holders->group;
  int failed = wx_group_find(group, holders->items[0].memory_task);
  if (failed == -ENOTSUP)
    return wx_problem(problem, failed,
                      "process %d is in no control group that can be frozen: use --freeze ptrace",
                      (int)holders->items[0].pid);
  return failed ? failed : check_group(group, holders->items[0].pid, problem);
}

static int not_frozen(void *context) {
  const WxGroup *group = context;
  const int frozen = wx_group_state_has(group, group->kind->frozen);
  return frozen < 0 ? frozen : !frozen;
}

static int stop(const WxStopping *stopping) {
  WxHolders *holders = stopping->holders;
  WxGroup *group = &holders->group;
  int failed = 0;
  if (!holders->items[0].stopped) {
    wx_undo_note_write(stopping->undo, group->control, group->kind->thaw);
    holders->items[0].stopped = true;
    failed = wx_group_write(group, true);
    if (failed == -EACCES || failed == -EPERM || failed == -EROFS)
      return wx_problem(stopping->problem, failed,
                        "not permitted to write %s: run as root on the host", group->control);
  }
  if (!failed)
    failed = wx_freezer_wait(not_frozen, group, stopping->held_by_ns, false);
  // Also children forked meanwhile.
  return failed ? failed : check_members(holders, group, stopping->problem);
}

static int resume(WxHolders *holders, WxUndo *undo) {
  if (!holders->items[0].stopped)
    return 0;
  const int failed = wx_group_write(&holders->group, false);
  if (failed && failed != -ENOENT)
    return -EINPROGRESS; // The survivor tries again.
  holders->items[0].stopped = false;
  wx_undo_clear(undo, 0);
  return 0;
}

const WxFreezer wx_freezer_cgroup = {
    .name = "cgroup",
    .summary = "the freezer of the target's own control group",
    .keep = keep_frozen,
    .prepare = prepare,
    .stop = stop,
    .resume = resume,
};
