#include "measure/family.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/// A walk over the threads of one process, each of which has children of its own.
typedef struct {
  WxProcesses *found;
  pid_t pid;
  WxText *text;
  bool listed; ///< Some thread's children could be read.
} Walk;

static int add_numbers(WxProcesses *found, const char *text) {
  for (;;) {
    char *end;
    const long number = strtol(text, &end, 10);
    if (end == text)
      return 0;
    if (wx_processes_add(found, (pid_t)number))
      return -ENOMEM;
    text = end;
  }
}

static int visit_thread(long thread, void *context) {
  Walk *walk = context;
  char file[64];
  snprintf(file, sizeof file, "task/%ld/children", thread);
  char path[WX_PROCESS_PATH_SIZE];
  wx_process_path(path, walk->pid, file);
  const int result = wx_text_read(walk->text, path);
  if (result == -ENOENT || result == -ESRCH) // The thread has ended, or the kernel has no list.
    return 0;
  if (result)
    return result;
  walk->listed = true;
  return add_numbers(walk->found, walk->text->data);
}

static int add_children(Walk *walk) {
  char path[WX_PROCESS_PATH_SIZE];
  wx_process_path(path, walk->pid, "task");
  walk->listed = false;
  return wx_process_error(wx_directory_numbers(path, visit_thread, walk));
}

int wx_family_read(WxProcesses *found, pid_t root, WxText *text) {
  found->count = 0;
  int result = wx_processes_add(found, root ? root : getpid());
  for (size_t next = 0; !result && next < found->count; ++next) {
    Walk walk = {.found = found, .pid = found->pids[next], .text = text};
    result = add_children(&walk);
    if (!result && next == 0 && !walk.listed)
      return wx_family_read_by_parents(found, root, text);
    if (result == -ESRCH && next > 0) // A descendant that has ended meanwhile.
      result = 0;
  }
  return result;
}

// The parent of each process of `all`; 0 for one that has gone.
static int read_parents(const WxProcesses *all, pid_t *parents, WxText *text) {
  for (size_t i = 0; i < all->count; ++i) {
    const int result = wx_process_parent(all->pids[i], &parents[i], text);
    if (result && result != -ESRCH)
      return result;
    if (result)
      parents[i] = 0;
  }
  return 0;
}

// Adds generation after generation, until one has no children.
static int add_descendants(WxProcesses *found, const WxProcesses *all, const pid_t *parents) {
  for (size_t next = 0; next < found->count; ++next)
    for (size_t i = 0; i < all->count; ++i)
      if (parents[i] == found->pids[next] && wx_processes_add(found, all->pids[i]))
        return -ENOMEM;
  return 0;
}

int wx_family_read_by_parents(WxProcesses *found, pid_t root, WxText *text) {
  found->count = 0;
  WxProcesses all = {0};
  pid_t *parents = NULL;
  int result = wx_processes_add(found, root ? root : getpid());
  if (!result)
    result = wx_process_all(&all);
  if (!result && !wx_processes_contain(&all, found->pids[0]))
    result = -ESRCH;
  if (!result && !(parents = calloc(all.count + 1, sizeof *parents)))
    result = -ENOMEM;
  if (!result)
    result = read_parents(&all, parents, text);
  if (!result)
    result = add_descendants(found, &all, parents);
  free(parents);
  wx_processes_free(&all);
  return result;
}
