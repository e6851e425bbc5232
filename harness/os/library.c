#include "os/library.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <link.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// The phrase that the loader gave, which names the file first in most cases. It keeps the text
// until it is asked again.
static int explain(const char *path, char why[WX_LIBRARY_WHY]) {
  const char *said = dlerror();
  const size_t length = strlen(path);
  if (said && strncmp(said, path, length) == 0 && strncmp(said + length, ": ", 2) == 0)
    said += length + 2;
  const bool known = said && !strstr(said, "memory");
  if (known)
    snprintf(why, WX_LIBRARY_WHY, "%s", said);
  (void)dlerror();
  return known ? -ENOEXEC : -ENOMEM;
}

int wx_library_load(const char *path, void **library, char why[WX_LIBRARY_WHY]) {
  *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!*library) // Where memory ran out meanwhile, glibc may say that there is no such file.
    *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  return *library ? 0 : explain(path, why);
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
