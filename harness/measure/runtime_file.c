#include "measure/mapped_file.h"
#include "measure/process.h"
#include "measure/runtime.h"
#include "os/os.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
