#include "bench/own_group.h"

#include "os/control.h"
#include "os/os.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAP_NS = 1000000, MOST_NAPS = 1000 };

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

static int put_in(const char *group, pid_t pid) {
  char path[2 * WX_BENCH_GROUP_SIZE];
  char number[16];
  (void)snprintf(path, sizeof path, "%s/cgroup.procs", group);
  (void)snprintf(number, sizeof number, "%d", (int)pid);
  const int fd = wx_os_open(path, O_WRONLY, 0);
  if (fd < 0)
    return fd;
  const ssize_t put = wx_os_write(fd, number, strlen(number));
  wx_os_close_reader(fd);
  return put < 0 ? (int)put : 0;
}

// A folder without the control file is no group that can be frozen.
static int make_at(char *path, size_t place, pid_t pid) {
  char control[2 * WX_BENCH_GROUP_SIZE];
  (void)snprintf(path, WX_BENCH_GROUP_SIZE, "%s/wxbench-%d", places[place].top, (int)pid);
  (void)snprintf(control, sizeof control, "%s/%s", path, places[place].control);
  if (mkdir(path, 0755))
    return -errno;
  const int failed = access(control, W_OK) ? -ENOTSUP : put_in(path, pid);
  if (failed)
    (void)rmdir(path);
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

// The kernel may not be done with the process yet.
void wx_bench_group_remove(const char *path) {
  for (int i = 0; *path && rmdir(path) && errno == EBUSY && i < MOST_NAPS; ++i)
    (void)wx_os_sleep_ns(NAP_NS);
}
