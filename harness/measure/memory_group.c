#include "measure/memory_group.h"

#include "os/control.h"
#include "os/os.h"
#include "os/process.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
  NAP_NS = 1000000,
  MOST_NAPS = 1000,
  MOST_NAMES = 100,
  NUMBER = 24,
  FILE_PATH = PATH_MAX + 64
};

// What is written of a group with a limit, in this order. Not every kernel has all of them. Version
// 1 swaps nothing of a group whose swappiness is 0; with a limit of memory and swap together it
// would count there, and not in memory.failcnt, how often it is reached.
typedef struct {
  const char *file;
  const char *value; // NULL: the limit.
  bool needed;
} Setting;

static const Setting settings_v1[] = {
    {"memory.swappiness", "0", false}, {"memory.limit_in_bytes", NULL, true}, {NULL}};
static const Setting settings_v2[] = {
    {"memory.swap.max", "0", false}, {"memory.max", NULL, true}, {NULL}};

static int write_in(const char *directory, const char *file, const char *text) {
  char path[FILE_PATH];
  const int length = snprintf(path, sizeof path, "%s/%s", directory, file);
  return length < (int)sizeof path ? wx_text_write(path, text) : -ENAMETOOLONG;
}

int wx_cgroup_put(const char *directory, pid_t pid) {
  char number[NUMBER];
  (void)snprintf(number, sizeof number, "%d", (int)pid);
  return write_in(directory, "cgroup.procs", number);
}

// What a program left running is its own only as long as somebody needs the group.
static void kill_members(const char *directory, WxText *text) {
  char path[FILE_PATH];
  (void)snprintf(path, sizeof path, "%s/cgroup.procs", directory);
  if (wx_text_read(text, path) || text->length == 0)
    return;
  char *place = NULL;
  for (char *line = strtok_r(text->data, "\n", &place); line; line = strtok_r(NULL, "\n", &place)) {
    const long pid = strtol(line, NULL, 10); // 0: of a process that is not to be seen from here.
    if (pid > 0 && pid <= INT_MAX)
      (void)wx_os_kill((pid_t)pid, SIGKILL);
  }
}

void wx_cgroup_remove(const char *directory) {
  WxText text = {0};
  for (int i = 0; wx_os_remove_directory(directory) == -EBUSY && i < MOST_NAPS; ++i) {
    kill_members(directory, &text);
    (void)wx_os_sleep_ns(NAP_NS);
  }
  wx_text_free(&text);
}

void wx_memory_group_remove(WxMemoryGroup *group) {
  if (group->cgroup.version)
    wx_cgroup_remove(group->cgroup.directory);
  group->cgroup.version = 0;
}

static int set_limit(const WxMemoryGroup *group, uint64_t limit_bytes) {
  char limit[NUMBER];
  (void)snprintf(limit, sizeof limit, "%" PRIu64, limit_bytes);
  const Setting *setting = group->cgroup.version == 1 ? settings_v1 : settings_v2;
  for (; setting->file; ++setting) {
    if (limit_bytes == 0 && !setting->value)
      continue;
    const int failed =
        write_in(group->cgroup.directory, setting->file, setting->value ? setting->value : limit);
    if (failed && setting->needed)
      return failed;
  }
  return 0;
}

// Whether a process can be put in: a child of this one, which ends at once.
static int try_to_enter(const char *directory) {
  const pid_t child = wx_os_fork();
  if (child == 0)
    _exit(-wx_cgroup_put(directory, 0));
  if (child < 0)
    return child;
  int status;
  const pid_t ended = wx_os_wait(child, 0, &status, NULL);
  return ended < 0 ? ended : WIFEXITED(status) ? -WEXITSTATUS(status) : -ECHILD;
}

// Version 2 gives a controller to the groups below only where it is told to.
static int give_on(const WxMemoryGroup *group, const char *above) {
  char path[FILE_PATH];
  if (group->cgroup.version == 1)
    return 0;
  (void)snprintf(path, sizeof path, "%s/memory.max", group->cgroup.directory);
  struct stat status;
  if (wx_os_stat(path, &status) == 0)
    return 0;
  const int failed = write_in(above, "cgroup.subtree_control", "+memory");
  return failed ? failed : wx_os_stat(path, &status);
}

// One that is there already was left behind, or is of a process that has the same number elsewhere.
static int make_folder(WxMemoryGroup *group, const char *above) {
  static _Atomic unsigned made;
  char *directory = group->cgroup.directory;
  int failed = -EEXIST;
  for (int i = 0; failed == -EEXIST && i < MOST_NAMES; ++i) {
    const int length = snprintf(directory, sizeof group->cgroup.directory, "%s/wxbench-%d-%u",
                                above, (int)getpid(), atomic_fetch_add(&made, 1) + 1);
    failed = length < (int)sizeof group->cgroup.directory ? wx_os_make_directory(directory, 0755)
                                                          : -ENAMETOOLONG;
  }
  return failed;
}

static int make_below(WxMemoryGroup *group, const char *above, uint64_t limit_bytes) {
  int failed = make_folder(group, above);
  if (failed)
    return failed;
  failed = give_on(group, above);
  if (!failed)
    failed = set_limit(group, limit_bytes);
  if (!failed)
    failed = try_to_enter(group->cgroup.directory);
  if (failed)
    wx_cgroup_remove(group->cgroup.directory);
  return failed;
}

// From the group of this process upwards; the first failure is the one that is told.
static int make_anywhere(WxMemoryGroup *group, char *above, uint64_t limit_bytes) {
  const size_t top = strlen(group->cgroup.mount);
  int first = 0;
  for (;;) {
    const int failed = make_below(group, above, limit_bytes);
    if (!failed)
      return 0;
    first = first ? first : failed;
    char *slash = strrchr(above, '/');
    if (strlen(above) <= top || !slash)
      return first;
    *slash = '\0';
  }
}

int wx_memory_group_make(WxMemoryGroup *group, uint64_t limit_bytes, const char *root) {
  *group = (WxMemoryGroup){{0}};
  WxText text = {0};
  char *above = malloc(sizeof group->cgroup.directory);
  int result = above ? wx_cgroup_find(&group->cgroup, 0, root, &text) : -ENOMEM;
  wx_text_free(&text);
  if (!result && group->cgroup.version == 0)
    result = -ENOTSUP;
  if (!result) {
    memcpy(above, group->cgroup.directory, sizeof group->cgroup.directory);
    result = make_anywhere(group, above, limit_bytes);
  }
  free(above);
  if (result)
    group->cgroup.version = 0;
  return result;
}
