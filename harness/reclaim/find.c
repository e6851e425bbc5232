#include "reclaim/find.h"

#include "os/os.h"
#include "reclaim/listing.h"
#include "reclaim/task_stat.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

// Whether `pid` runs a program of fewer bits than this one. Unknown counts as no.
static bool is_narrow(pid_t pid) {
  char path[64];
  unsigned char identity[EI_NIDENT];
  (void)snprintf(path, sizeof path, "/proc/%d/exe", (int)pid);
  const int fd = wx_os_open(path, O_RDONLY, 0);
  if (fd < 0)
    return false;
  const ssize_t got = wx_os_pread(fd, identity, sizeof identity, 0);
  wx_os_close_reader(fd);
  return got == sizeof identity && memcmp(identity, ELFMAG, SELFMAG) == 0 &&
         identity[EI_CLASS] == ELFCLASS32 && sizeof(void *) == 8;
}

// Whether `pid` lives in another user namespace, where our rights do not count.
static bool is_foreign(pid_t pid) {
  char path[64];
  char ours[64];
  char its[64];
  (void)snprintf(path, sizeof path, "/proc/%d/ns/user", (int)pid);
  if (wx_os_readlink("/proc/self/ns/user", ours, sizeof ours) ||
      wx_os_readlink(path, its, sizeof its))
    return false;
  return strcmp(ours, its) != 0;
}

static bool has_memory(int directory, pid_t task) {
  WxTaskStat stat;
  return !wx_task_stat(directory, task, &stat) && stat.state != 'Z' && stat.state != 'X';
}

pid_t wx_reclaim_reach(pid_t pid) {
  char path[64];
  (void)snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
  const int directory = wx_os_open(path, O_RDONLY | O_DIRECTORY, 0);
  if (directory < 0)
    return pid;
  pid_t reach = pid;
  WxListing tasks = {0};
  if (!has_memory(directory, pid) && !wx_listing_read_growing(&tasks, directory))
    for (size_t i = 0; i < tasks.count && reach == pid; ++i)
      if (has_memory(directory, tasks.numbers[i]))
        reach = tasks.numbers[i];
  wx_listing_free(&tasks);
  wx_os_close_reader(directory);
  return reach;
}

static int refuse(pid_t pid, int error, WxReason *reason) {
  const int number = (int)pid;
  if (error == -ENOENT || error == -ESRCH)
    return wx_reason(reason, -ESRCH, "no process %d", number);
  if (error != -EACCES && error != -EPERM)
    return wx_reason(reason, error, "process %d: %s", number, strerror(-error));
  if (is_foreign(pid))
    return wx_reason(reason, -EACCES,
                     "process %d is in another user namespace: run as root on the host, or inside "
                     "its container as its user",
                     number);
  return wx_reason(reason, -EACCES,
                   "not permitted to look at process %d: run as its user with "
                   "kernel.yama.ptrace_scope 0, or as root, or with CAP_SYS_PTRACE",
                   number);
}

int wx_reclaim_find(WxMemfds *found, pid_t pid, WxMaps *maps, WxReason *reason) {
  const pid_t reach = wx_reclaim_reach(pid);
  int result = wx_maps_read(maps, reach);
  if (!result && is_narrow(reach))
    return wx_reason(reason, -ENOTSUP, "process %d is a 32-bit program: not supported", (int)pid);
  if (!result)
    result = wx_memfd_find(found, reach, maps, WX_DOUBLEMAPPER);
  if (result)
    return refuse(pid, result, reason);
  if (!found->count)
    return wx_reason(reason, -ENODATA,
                     "process %d has no memfd:doublemapper: it is no .NET process (7 or later), or "
                     "runs without W^X",
                     (int)pid);
  return 0;
}
