#include "os/library.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <link.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int wx_library_load(const char *path, void **library, const char **why) {
  *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!*library) // Where memory ran out meanwhile, glibc may say that there is no such file.
    *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (*library)
    return 0;
  const char *said = dlerror();
  if (!said || strstr(said, "memory"))
    return -ENOMEM;
  // The loader names the file first, in most cases.
  const size_t length = strlen(path);
  const bool named = strncmp(said, path, length) == 0 && strncmp(said + length, ": ", 2) == 0;
  *why = named ? said + length + 2 : said;
  return -ENOEXEC;
}

void *wx_library_find(void *library, const char *name) {
  return dlsym(library, name);
}

void wx_library_file(void *library, char *name, size_t size) {
  const struct link_map *map;
  char path[PATH_MAX];
  *name = '\0';
  if (dlinfo(library, RTLD_DI_LINKMAP, &map) || !realpath(map->l_name, path))
    return;
  const char *slash = strrchr(path, '/');
  snprintf(name, size, "%s", slash ? slash + 1 : path);
}

void wx_library_close(void *library) {
  (void)dlclose(library);
}
