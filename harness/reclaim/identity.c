#include "reclaim/identity.h"

#include "measure/process.h"
#include "os/control.h"
#include "os/os.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { MOST_ABOVE = 64 };

static const char OWN_NAME[] = "wxbench";

// The link to the program of a process, "" where it is not to be seen.
static void read_program(pid_t pid, char path[static PATH_MAX]) {
  char link[WX_PROCESS_PATH_SIZE];
  wx_process_path(link, pid, "exe");
  if (wx_os_readlink(link, path, PATH_MAX))
    *path = '\0';
}

// The last part of a path, without what the kernel says of a file that was removed.
static void take_name(const char *path, char *name, size_t size) {
  static const char removed[] = " (deleted)";
  const char *slash = strrchr(path, '/');
  const char *base = slash ? slash + 1 : path;
  size_t length = strlen(base);
  if (length >= sizeof removed && strcmp(base + length - (sizeof removed - 1), removed) == 0)
    length -= sizeof removed - 1;
  snprintf(name, size, "%.*s", (int)length, base);
}

static int read_command(WxIdentity *identity, pid_t pid) {
  char path[WX_PROCESS_PATH_SIZE];
  wx_process_path(path, pid, "comm");
  const int failed = wx_process_error(wx_text_read(&identity->text, path));
  if (failed)
    return failed;
  // A name may hold line breaks; the last one is the kernel's.
  const size_t length = identity->text.length ? identity->text.length - 1 : 0;
  snprintf(identity->command, sizeof identity->command, "%.*s", (int)length, identity->text.data);
  return 0;
}

int wx_identity_read(WxIdentity *identity, pid_t pid) {
  WxProcessStatus status;
  char path[PATH_MAX];
  int failed = wx_process_status(&status, pid, &identity->text);
  if (!failed)
    failed = read_command(identity, pid);
  if (failed)
    return failed;
  identity->user = wx_known(status.user) ? (uint32_t)status.user : UINT32_MAX;
  identity->parent = wx_known(status.parent) ? (pid_t)status.parent : 0;
  read_program(pid, path);
  take_name(path, identity->program, sizeof identity->program);
  wx_process_path(path, pid, "cgroup");
  failed = wx_process_error(wx_text_read(&identity->text, path));
  identity->groups = failed ? "" : identity->text.data;
  return failed == -ENOMEM || failed == -ESRCH ? failed : 0;
}

static bool executes_wxbench(pid_t pid) {
  char own[PATH_MAX], path[PATH_MAX], name[NAME_MAX + 16];
  read_program(0, own);
  read_program(pid, path);
  take_name(path, name, sizeof name);
  return strcmp(name, OWN_NAME) == 0 || (*own && strcmp(path, own) == 0);
}

bool wx_identity_is_ours(pid_t pid) {
  WxText text = {0};
  bool ours = false;
  for (unsigned above = 0; !ours && pid > 0 && above < MOST_ABOVE; ++above) {
    ours = pid != getpid() && executes_wxbench(pid);
    if (wx_process_parent(pid, &pid, &text))
      pid = 0;
  }
  wx_text_free(&text);
  return ours;
}

// The namespace that lies right below this process's own, the one behind `fd` or one above it.
// `fd` is closed.
static int topmost_namespace(int fd, ino_t own) {
  struct stat above;
  for (unsigned depth = 0; depth < MOST_ABOVE; ++depth) {
    const int parent = wx_os_namespace_parent(fd);
    const int failed = parent < 0 ? parent : wx_os_fstat(parent, &above);
    if (!failed && above.st_ino == own) {
      wx_os_close_reader(parent);
      return fd;
    }
    wx_os_close_reader(fd);
    if (failed) {
      if (parent >= 0)
        wx_os_close_reader(parent);
      return failed;
    }
    fd = parent;
  }
  wx_os_close_reader(fd);
  return -ELOOP;
}

static int open_namespace(pid_t pid, struct stat *status) {
  char path[WX_PROCESS_PATH_SIZE];
  wx_process_path(path, pid, "ns/user");
  const int fd = wx_os_open(path, O_RDONLY, 0);
  const int failed = fd < 0 ? fd : wx_os_fstat(fd, status);
  if (!failed)
    return fd;
  if (fd >= 0)
    wx_os_close_reader(fd);
  return failed;
}

uint32_t wx_identity_account(pid_t pid, uint32_t user) {
  struct stat own, its;
  int fd = open_namespace(0, &own);
  if (fd < 0)
    return user;
  wx_os_close_reader(fd);
  fd = open_namespace(pid, &its);
  if (fd < 0)
    return user;
  if (its.st_ino == own.st_ino) {
    wx_os_close_reader(fd);
    return user;
  }
  fd = topmost_namespace(fd, own.st_ino);
  if (fd < 0)
    return user;
  uint32_t owner;
  const int failed = wx_os_namespace_owner(fd, &owner);
  wx_os_close_reader(fd);
  return failed || owner == 0 ? user : owner;
}

void wx_identity_free(WxIdentity *identity) {
  wx_text_free(&identity->text);
}
