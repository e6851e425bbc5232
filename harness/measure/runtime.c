#include "measure/runtime.h"

#include "measure/process.h"
#include "os/os.h"
#include "os/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

static const char library[] = "libcoreclr.so";
static const char framework[] = "Microsoft.NETCore.App";
static const char finalizer[] = ".NET Finalizer\n";

// It is one of the first ten.
enum { THREADS_ASKED = 256, FOUND = 1, ENOUGH };

// The component that ends before `end`, which points at a '/' or the end of the path.
static const char *component_before(const char *path, const char *end) {
  while (end > path && end[-1] != '/')
    --end;
  return end;
}

// The kernel appends " (deleted)" to the path of a file that an update has replaced.
static bool is_library(const char *path) {
  const char *name = strrchr(path, '/');
  if (!name || strncmp(name + 1, library, sizeof library - 1) != 0)
    return false;
  const char *rest = name + sizeof library;
  return *rest == '\0' || strcmp(rest, " (deleted)") == 0;
}

static void take_version(WxRuntime *runtime) {
  const char *path = runtime->library->path;
  const char *end = strrchr(path, '/');
  const char *version = component_before(path, end);
  if (version == path)
    return;
  const char *parent = component_before(path, version - 1);
  const size_t parent_length = (size_t)(version - 1 - parent);
  const size_t length = (size_t)(end - version);
  if (parent_length != sizeof framework - 1 || memcmp(parent, framework, parent_length) != 0 ||
      length >= sizeof runtime->version)
    return;
  memcpy(runtime->version, version, length);
  runtime->version[length] = '\0';
}

WxRuntime wx_runtime_find(const WxMaps *maps) {
  WxRuntime runtime = {0};
  const char *last = NULL;
  for (size_t i = 0; i < maps->count && !runtime.present; ++i) {
    if (maps->items[i].path == last) // Thousands of mappings of one file stand in a row.
      continue;
    last = maps->items[i].path;
    if (!is_library(last))
      continue;
    runtime.present = true;
    runtime.library = &maps->items[i];
    take_version(&runtime);
  }
  return runtime;
}

/// A walk through the threads of a process.
typedef struct {
  pid_t pid;
  int asked;
} Threads;

static int visit_thread(long thread, void *context) {
  Threads *threads = context;
  if (threads->asked++ == THREADS_ASKED)
    return ENOUGH;
  char file[48], path[WX_PROCESS_PATH_SIZE], text[32];
  snprintf(file, sizeof file, "task/%ld/comm", thread);
  wx_process_path(path, threads->pid, file);
  const int fd = wx_os_open(path, O_RDONLY, 0);
  const ssize_t got = fd < 0 ? fd : wx_os_read(fd, text, sizeof text);
  if (fd >= 0)
    wx_os_close_reader(fd);
  if (got == -ENOENT || got == -ESRCH) // It has ended.
    return 0;
  if (got < 0)
    return (int)got;
  return got == sizeof finalizer - 1 && memcmp(text, finalizer, sizeof finalizer - 1) == 0 ? FOUND
                                                                                           : 0;
}

int wx_runtime_runs(pid_t pid, const WxMaps *maps) {
  if (wx_runtime_find(maps).present)
    return 1;
  Threads threads = {.pid = pid};
  char path[WX_PROCESS_PATH_SIZE];
  wx_process_path(path, pid, "task");
  const int result = wx_process_error(wx_directory_numbers(path, visit_thread, &threads));
  return result == ENOUGH ? 0 : result;
}
