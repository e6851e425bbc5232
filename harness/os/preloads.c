#include "os/preloads.h"

#include "os/os.h"
#include "os/process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// Where libraries lie, as seen from the folder of the program: beside it, or installed.
static const char *const places[] = {"", "../lib/wxbench/"};

int wx_preload_find(const char *library, char *path, size_t capacity) {
  const int failed = wx_os_readlink("/proc/self/exe", path, capacity);
  if (failed < 0)
    return failed;
  char *name = strrchr(path, '/') + 1;
  const size_t left = capacity - (size_t)(name - path);
  int missing = -ENOENT;
  for (size_t i = 0; i < sizeof places / sizeof *places && missing == -ENOENT; ++i) {
    if ((size_t)snprintf(name, left, "%s%s", places[i], library) >= left)
      return -ENAMETOOLONG;
    struct stat status;
    missing = wx_os_stat(path, &status);
  }
  return missing;
}

// A number that neither a shell nor a program uses for descriptors of its own choice.
enum { OUT_OF_THE_WAY = 200 };

// Opens `path` for this process and all that it starts. Returns the descriptor.
static int open_for_programs(const char *path) {
  const int opened = wx_os_open(path, O_RDONLY, 0);
  if (opened < 0)
    return opened;
  const int fd = wx_os_duplicate_from(opened, OUT_OF_THE_WAY);
  (void)close(opened);
  if (fd < 0)
    return fd;
  const int failed = wx_os_keep_on_exec(fd);
  if (failed)
    (void)close(fd);
  return failed ? failed : fd;
}

int wx_preload_name(const char *path, char *name, size_t capacity) {
  int length;
  if (strpbrk(path, " :")) {
    const int fd = open_for_programs(path);
    if (fd < 0)
      return fd;
    length = snprintf(name, capacity, "/proc/self/fd/%d", fd);
  } else {
    length = snprintf(name, capacity, "%s", path);
  }
  return (size_t)length < capacity ? 0 : -ENAMETOOLONG;
}

int wx_preload_beside(const char *name, WxPreloadPlace place, char **entry) {
  const char *others = getenv("LD_PRELOAD");
  int length;
  if (!others || !*others)
    length = asprintf(entry, "LD_PRELOAD=%s", name);
  else if (place == WX_PRELOAD_FIRST)
    length = asprintf(entry, "LD_PRELOAD=%s:%s", name, others);
  else
    length = asprintf(entry, "LD_PRELOAD=%s:%s", others, name);
  return length < 0 ? -ENOMEM : 0;
}

int wx_preload_entry(const char *library, WxPreloadPlace place, char **entry) {
  char path[PATH_MAX], name[PATH_MAX];
  int failed = wx_preload_find(library, path, sizeof path);
  if (!failed)
    failed = wx_preload_name(path, name, sizeof name);
  return failed ? failed : wx_preload_beside(name, place, entry);
}

static size_t count(char *const *entries) {
  size_t entry_count = 0;
  while (entries[entry_count])
    entry_count++;
  return entry_count;
}

static bool sets(char *const *entries, const char *variable) {
  const size_t name = strcspn(variable, "=") + 1;
  while (*entries && strncmp(*entries, variable, name) != 0)
    entries++;
  return *entries;
}

char **wx_preload_environment(char *const *entries) {
  const size_t added = count(entries);
  char **made = calloc(count(environ) + added + 1, sizeof *made);
  if (!made)
    return NULL;
  memcpy(made, entries, added * sizeof *made);
  char **end = made + added;
  for (char **variable = environ; *variable; variable++)
    if (!sets(entries, *variable))
      *end++ = *variable;
  return made;
}
