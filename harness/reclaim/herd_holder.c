#include "reclaim/herd_holder.h"

#include "os/os.h"
#include "reclaim/task_stat.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

pid_t wx_herd_last_given(const WxHerd *herd) {
  char text[128]; // As `0.20 0.18 0.12 1/80 11206`.
  const ssize_t length = wx_os_pread(herd->last, text, sizeof text - 1, 0);
  if (length <= 0)
    return 0;
  text[length] = '\0';
  const char *blank = strrchr(text, ' ');
  return blank ? (pid_t)strtol(blank + 1, NULL, 10) : 0;
}

void wx_herd_note_program(WxHerdProcess *process) {
  char path[64];
  struct stat status;
  (void)snprintf(path, sizeof path, "/proc/%d/exe", (int)process->pid);
  if (wx_os_stat(path, &status))
    return;
  process->exe_device = status.st_dev;
  process->exe_inode = status.st_ino;
}

int wx_herd_may_be_fork(const WxHerd *herd, pid_t pid) {
  char path[64];
  struct stat status;
  (void)snprintf(path, sizeof path, "/proc/%d/exe", (int)pid);
  const int failed = wx_os_stat(path, &status);
  if (failed)
    return failed == -ENOENT || failed == -ESRCH ? -ESRCH : 1;
  for (size_t i = 0; i < herd->process_count; ++i)
    if (herd->processes[i].exe_device == status.st_dev &&
        herd->processes[i].exe_inode == status.st_ino)
      return 1;
  return 0;
}

enum { MOST_ANCESTORS = 64 };

bool wx_herd_has(const WxHerd *herd, pid_t pid) {
  for (size_t i = 0; i < herd->process_count; ++i)
    if (herd->processes[i].pid == pid)
      return true;
  return false;
}

static bool descends_from_herd(const WxHerd *herd, pid_t pid) {
  for (int i = 0; i < MOST_ANCESTORS && pid > 1; ++i) {
    WxTaskStat stat;
    if (wx_task_stat(herd->proc, pid, &stat))
      return false;
    pid = stat.parent;
    if (wx_herd_has(herd, pid))
      return true;
  }
  return false;
}

// Looks for `wanted` in the rest of the file, keeping what could be its beginning from one part to
// the next.
static int file_has(int fd, const char *wanted, char *buffer) {
  const size_t overlap = strlen(wanted) - 1;
  size_t kept = 0;
  for (;;) {
    const ssize_t got = wx_os_read(fd, buffer + kept, WX_HERD_BUFFER_SIZE - kept);
    if (got <= 0)
      return (int)got;
    const size_t length = kept + (size_t)got;
    if (memmem(buffer, length, wanted, overlap + 1))
      return 1;
    kept = length < overlap ? length : overlap;
    memmove(buffer, buffer + length - kept, kept);
  }
}

int wx_herd_has_open(const WxHerd *herd, pid_t pid) {
  char path[64];
  struct stat status;
  if (herd->number < 0)
    return 0;
  (void)snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)pid, herd->number);
  const int failed = wx_os_stat(path, &status);
  if (failed == -ENOENT || failed == -ESRCH || failed == -EACCES || failed == -EPERM)
    return 0;
  if (failed)
    return failed;
  const WxFileId file = {major(status.st_dev), minor(status.st_dev), status.st_ino};
  return wx_file_id_equal(file, herd->file);
}

int wx_herd_holds(WxHerd *herd, pid_t pid, WxReason *reason) {
  const int open = wx_herd_has_open(herd, pid);
  if (open)
    return open;
  char path[32];
  (void)snprintf(path, sizeof path, "%d/maps", (int)pid);
  const int fd = wx_os_openat(herd->proc, path, O_RDONLY);
  int result = fd;
  if (fd >= 0) {
    // As the kernel prints device and inode of a mapping. A path that holds the same text only
    // makes a stranger stop with the herd.
    char wanted[64];
    (void)snprintf(wanted, sizeof wanted, " %02x:%02x %llu ", herd->file.major, herd->file.minor,
                   (unsigned long long)herd->file.inode);
    result = file_has(fd, wanted, herd->buffer);
    wx_os_close_reader(fd);
  }
  if (result == -EACCES || result == -EPERM) {
    if (descends_from_herd(herd, pid))
      return wx_reason(reason, -EACCES,
                       "process %d descends from process %d and may share its memory, but may not "
                       "be looked at: run as root or with CAP_SYS_PTRACE",
                       (int)pid, (int)herd->pid);
    ++herd->unreadable;
    return 0;
  }
  return result == -ENOENT ? -ESRCH : result;
}
