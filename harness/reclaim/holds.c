#include "reclaim/holders.h"

#include "os/control.h"
#include "os/os.h"
#include "reclaim/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

enum { LINK_SIZE = 64 };

// Whether a program executed by `pid` inherits its descriptor `number`. Unknown counts as yes.
static bool survives_exec(const WxHolders *holders, pid_t pid, pid_t number) {
  char path[64];
  char text[512];
  (void)snprintf(path, sizeof path, "%d/fdinfo/%d", (int)pid, (int)number);
  const int fd = wx_os_openat(holders->proc, path, O_RDONLY);
  if (fd < 0)
    return true;
  const ssize_t length = wx_os_read(fd, text, sizeof text - 1);
  wx_os_close_reader(fd);
  text[length > 0 ? length : 0] = '\0';
  const char *flags = strstr(text, "flags:");
  return !flags || !(strtoul(flags + strlen("flags:"), NULL, 8) & O_CLOEXEC);
}

// Whether the descriptor `number` below the open directory is one of the file that can be written
// to. The link is read first: it asks no file system, and only a memfd has such a one.
static int is_writable_one(const WxHolders *holders, int directory, pid_t number) {
  char name[16];
  char link[LINK_SIZE];
  struct stat status;
  (void)snprintf(name, sizeof name, "%d", (int)number);
  int failed = wx_os_readlink_at(directory, name, link, sizeof link);
  if (failed == -ENAMETOOLONG || failed == -ENOENT || failed == -ESRCH)
    return 0;
  if (failed)
    return failed;
  if (strncmp(link, "/memfd:", strlen("/memfd:")) != 0)
    return 0;
  failed = wx_os_identify(directory, name, &status);
  const WxFileId file = {major(status.st_dev), minor(status.st_dev), status.st_ino};
  if (failed || !wx_file_id_equal(file, holders->file))
    return failed == -ENOENT || failed == -ESRCH ? 0 : failed;
  failed = wx_os_lstat_at(directory, name, &status);
  return failed ? (failed == -ENOENT ? 0 : failed) : (status.st_mode & S_IWUSR) != 0;
}

// As wx_holds_descriptor(), in the table that one task has.
static int table_has_it(WxHolders *holders, pid_t task, bool *leaks) {
  char path[32];
  (void)snprintf(path, sizeof path, "%d/fd", (int)task);
  const int directory = wx_os_openat(holders->proc, path, O_RDONLY | O_DIRECTORY);
  if (directory < 0)
    return directory;
  WxListing *listing = &holders->listed_descriptors;
  int result = wx_listing_read_growing(listing, directory);
  int any = 0;
  for (size_t i = 0; i < listing->count && result >= 0; ++i) {
    result = is_writable_one(holders, directory, listing->numbers[i]);
    if (result > 0) {
      any = 1;
      *leaks |= survives_exec(holders, task, listing->numbers[i]);
    }
  }
  wx_os_close_reader(directory);
  return result < 0 ? result : any;
}

static int list_tasks(WxHolders *holders, pid_t pid) {
  char path[32];
  (void)snprintf(path, sizeof path, "%d/task", (int)pid);
  const int directory = wx_os_openat(holders->proc, path, O_RDONLY | O_DIRECTORY);
  if (directory < 0)
    return directory;
  const int failed = wx_listing_read_growing(&holders->listed_tasks, directory);
  wx_os_close_reader(directory);
  return failed;
}

// A task may have a table of its own (unshare(CLONE_FILES)).
int wx_holds_descriptor(WxHolders *holders, pid_t pid, bool *leaks) {
  int any = table_has_it(holders, pid, leaks);
  const int failed = any < 0 ? any : list_tasks(holders, pid);
  if (failed)
    return failed;
  for (size_t i = 0; i < holders->listed_tasks.count; ++i) {
    const pid_t task = holders->listed_tasks.numbers[i];
    if (task == pid || wx_os_shares_descriptors(pid, task) > 0)
      continue;
    const int result = table_has_it(holders, task, leaks);
    if (result < 0 && result != -ENOENT && result != -ESRCH &&
        !wx_task_has_ended(holders->proc, task))
      return result;
    any |= result > 0;
  }
  return any;
}

// Looks for `wanted` in the rest of the file, keeping what could be its beginning from one part to
// the next.
static int file_has(int fd, const char *wanted, char *buffer) {
  const size_t overlap = strlen(wanted) - 1;
  size_t kept = 0;
  for (;;) {
    const ssize_t got = wx_os_read(fd, buffer + kept, WX_HOLDS_BUFFER - kept);
    if (got <= 0)
      return (int)got;
    const size_t length = kept + (size_t)got;
    if (memmem(buffer, length, wanted, overlap + 1))
      return 1;
    kept = length < overlap ? length : overlap;
    memmove(buffer, buffer + length - kept, kept);
  }
}

static int has_mapping(const WxHolders *holders, pid_t pid) {
  char path[32];
  (void)snprintf(path, sizeof path, "%d/maps", (int)pid);
  const int fd = wx_os_openat(holders->proc, path, O_RDONLY);
  if (fd < 0)
    return fd;
  // As the kernel prints device and inode of a mapping. A path that holds the same text only makes
  // a stranger stop with the others.
  char wanted[64];
  (void)snprintf(wanted, sizeof wanted, " %02x:%02x %llu ", holders->file.major,
                 holders->file.minor, (unsigned long long)holders->file.inode);
  const int result = file_has(fd, wanted, holders->buffer);
  wx_os_close_reader(fd);
  return result;
}

int wx_holds(WxHolders *holders, pid_t pid, bool *leaks) {
  const int descriptor = wx_holds_descriptor(holders, pid, leaks);
  if (descriptor < 0)
    return descriptor;
  const int mapping = has_mapping(holders, pid);
  return mapping ? mapping : descriptor;
}
