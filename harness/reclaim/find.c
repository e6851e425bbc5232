#include "reclaim/find.h"

#include "os/os.h"
#include "reclaim/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

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

static int refuse(pid_t pid, int error, WxProblem *problem) {
  const int number = (int)pid;
  if (error == -ENOENT || error == -ESRCH)
    return wx_problem(problem, -ESRCH, "no process %d", number);
  if (error != -EACCES && error != -EPERM)
    return wx_problem(problem, error, "process %d: %s", number, strerror(-error));
  if (is_foreign(pid))
    return wx_problem(problem, -EACCES,
                      "process %d is in another user namespace: run as root on the host, or inside "
                      "its container as its user",
                      number);
  return wx_problem(problem, -EACCES,
                    "not permitted to look at process %d: run as its user with "
                    "kernel.yama.ptrace_scope 0, or as root, or with CAP_SYS_PTRACE",
                    number);
}

int wx_reclaim_look(WxMemfds *found, pid_t pid, WxMaps *maps, const char *name) {
  char link[WX_MEMFD_LINK];
  wx_memfd_link(link, name);
  const pid_t task = wx_task_with_memory(pid);
  found->count = found->impostors = 0;
  int result = wx_maps_read(maps, task);
  if (!result && maps->count) // A kernel thread has none.
    result = wx_memfd_find(found, task, maps, link);
  for (size_t i = 0; i < found->count; ++i)
    found->items[i].vouched = name != NULL;
  return result;
}

static int refuse_file(const WxMemfd *memfd, pid_t pid, WxRefusal refusal, WxProblem *problem) {
  char how[32] = "a mapping";
  if (memfd->number >= 0)
    (void)snprintf(how, sizeof how, "descriptor %d", memfd->number);
  const bool of_file = refusal == WX_REFUSED_SEALED || refusal == WX_REFUSED_OWNER;
  const char *called = memfd->link + (strncmp(memfd->link, "/memfd:", 7) == 0);
  const int length = (int)(strlen(called) - strlen(" (deleted)"));
  return wx_problem(problem, of_file ? -EPERM : -ENODATA,
                    "%s of process %d is called %.*s, but %s%s", how, (int)pid, length, called,
                    wx_refusal_text(refusal),
                    refusal == WX_REFUSED_RUNTIME ? " (--memfd NAME permits it)" : "");
}

int wx_reclaim_find(WxMemfds *found, pid_t pid, WxMaps *maps, const char *name,
                    WxProblem *problem) {
  const int result = wx_reclaim_look(found, pid, maps, name);
  if (!result && wx_maps_are_narrow(maps))
    return wx_problem(problem, -ENOTSUP, "process %d is a 32-bit program: not supported", (int)pid);
  if (result)
    return refuse(pid, result, problem);
  if (found->count)
    return 0;
  if (found->impostors)
    return refuse_file(&found->impostor, pid, found->refusal, problem);
  if (name)
    return wx_problem(problem, -ENODATA, "process %d has no %s%s", (int)pid, wx_memfd_kind(name),
                      name);
  return wx_problem(problem, -ENODATA,
                    "process %d has no memfd:doublemapper: it is no .NET process (7 or later), or "
                    "runs without W^X (--memfd NAME serves the file of another runtime)",
                    (int)pid);
}

int wx_reclaim_open(const WxMemfd *memfd, pid_t pid, WxProblem *problem) {
  WxRefusal refusal;
  const int result = wx_memfd_open(memfd, wx_task_with_memory(pid), O_RDWR, &refusal);
  if (result == -EPERM && refusal)
    return refuse_file(memfd, pid, refusal, problem);
  if (result == -EACCES || result == -EPERM)
    return wx_problem(problem, result,
                      "not permitted to open the memfd of process %d: run as its user, or as root",
                      (int)pid);
  if (result == -ESTALE)
    return wx_problem(problem, result, "process %d has another file where its memfd was", (int)pid);
  return result;
}
