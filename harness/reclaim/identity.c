#include "reclaim/identity.h"

#include "measure/process.h"
#include "os/os.h"

#include <errno.h>
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

void wx_identity_free(WxIdentity *identity) {
  wx_text_free(&identity->text);
}
