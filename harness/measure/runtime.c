#include "measure/runtime.h"

#include "measure/mapped_file.h"
#include "measure/process_status.h"
#include "os/os.h"
#include "os/text.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
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

/* Its version, from a file
 * -------------------------------------------------------------------------------------------------
 */

// The runtime keeps a text that the `what` command of old would print.
static const char marker[] = "@(#)Version ";

enum {
  MARKER_LENGTH = sizeof marker - 1,
  CHUNK = 1024 * 1024,
  OVERLAP = 128, ///< More than the marker and a version.
  LIMIT = 64 * 1024 * 1024,
};

bool wx_runtime_parse_file_version(char version[static 64], const char *text) {
  unsigned major;
  unsigned minor;
  unsigned build;
  unsigned revision;
  if (!isdigit((unsigned char)*text) ||
      sscanf(text, "%9u.%9u.%9u.%9u", &major, &minor, &build, &revision) != 4)
    return false;
  snprintf(version, 64, "%u.%u.%u", major, minor, build / 100);
  return true;
}

// Looks at markers that begin in the first `size` bytes of a text of `length`. The marker without a
// version is in every program that looks for it, as this one.
static bool find_version(char version[static 64], const char *data, size_t size, size_t length) {
  const char *const end = data + length;
  for (const char *at = data; (at = memmem(at, (size_t)(end - at), marker, MARKER_LENGTH));) {
    if (at >= data + size)
      return false;
    at += MARKER_LENGTH;
    if (wx_runtime_parse_file_version(version, at))
      return true;
  }
  return false;
}

static int search(int fd, char *buffer, WxRuntime *runtime) {
  for (uint64_t offset = 0; offset < LIMIT; offset += CHUNK - OVERLAP) {
    const ssize_t got = wx_os_pread(fd, buffer, CHUNK, offset);
    if (got <= 0)
      return (int)got;
    buffer[got] = '\0';
    const bool is_last = got < CHUNK; // What begins in the overlap is cut, and whole in the next.
    const size_t size = is_last ? (size_t)got : CHUNK - OVERLAP;
    if (find_version(runtime->version, buffer, size, (size_t)got))
      runtime->present = true;
    if (runtime->version[0] || is_last)
      return 0;
  }
  return 0;
}

static int search_file(pid_t pid, const WxMapping *mapping, WxRuntime *runtime) {
  const int fd = wx_mapped_file_open(pid, mapping);
  if (fd < 0) // Replaced meanwhile, or not ours to read.
    return fd == -ENOMEM || fd == -EMFILE || fd == -ENFILE ? fd : 0;
  char *buffer = malloc(CHUNK + 1);
  const int result = buffer ? search(fd, buffer, runtime) : -ENOMEM;
  free(buffer);
  wx_os_close_reader(fd);
  return result;
}

// The first mapping of the program that the process runs.
static const WxMapping *find_program(pid_t pid, const WxMaps *maps) {
  char path[WX_PROCESS_PATH_SIZE], program[PATH_MAX];
  wx_process_path(path, pid, "exe");
  if (wx_os_readlink(path, program, sizeof program))
    return NULL;
  for (size_t i = 0; i < maps->count; ++i)
    if (strcmp(maps->items[i].path, program) == 0)
      return &maps->items[i];
  return NULL;
}

int wx_runtime_identify(WxRuntime *runtime, pid_t pid, const WxMaps *maps) {
  if (runtime->version[0])
    return 0;
  const WxMapping *file = runtime->library ? runtime->library : find_program(pid, maps);
  return file ? search_file(pid, file, runtime) : 0;
}

/* Among a process and its descendants
 * -------------------------------------------------------------------------------------------------
 */

static void identify(pid_t pid, const WxMaps *maps, char *version) {
  WxRuntime runtime = wx_runtime_find(maps);
  if (wx_runtime_identify(&runtime, pid, maps) == 0 && *runtime.version)
    snprintf(version, WX_RUNTIME_VERSION_SIZE, "%s", runtime.version);
}

pid_t wx_runtime_search(pid_t root, char version[static WX_RUNTIME_VERSION_SIZE]) {
  WxProcesses family = {0};
  WxText text = {0};
  WxMaps maps = {0};
  pid_t found = 0;
  const int failed = wx_process_descendants(&family, root, &text);
  for (size_t i = 0; !failed && i < family.count && !found; ++i) {
    const pid_t pid = family.pids[i];
    if (wx_maps_read(&maps, pid) == 0 && wx_runtime_runs(pid, &maps) == 1)
      found = pid;
  }
  if (found)
    identify(found, &maps, version);
  wx_maps_free(&maps);
  wx_text_free(&text);
  wx_processes_free(&family);
  return failed ? failed : found;
}
