#include "bench/own_group.h"

#include "measure/memory_group.h"
#include "os/os.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

// Where systems mount the freezers; the second version beside the first one, or alone.
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
  char control[2 * WX_BENCH_GROUP_SIZE];
  (void)snprintf(path, WX_BENCH_GROUP_SIZE, "%s/wxbench-%d", places[place].top, (int)pid);
  (void)snprintf(control, sizeof control, "%s/%s", path, places[place].control);
  int failed = wx_os_make_directory(path, 0755);
  if (failed)
    return failed;
  failed = access(control, W_OK) ? -ENOTSUP : wx_cgroup_put(path, pid);
  if (failed)
    wx_cgroup_remove(path);
  return failed;
}

int wx_bench_group_make(char path[static WX_BENCH_GROUP_SIZE], pid_t pid, int version) {
  int failed = -ENOTSUP;
  for (size_t i = 0; i < sizeof places / sizeof *places && failed; ++i)
    if (places[i].version == version)
      failed = make_at(path, i, pid);
  if (failed)
    path[0] = '\0';
  return failed;
}

void wx_bench_group_remove(const char *path) {
  if (*path)
    wx_cgroup_remove(path);
}
