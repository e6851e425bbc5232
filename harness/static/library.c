// os/library.h of the static program: what dlopen() there loads needs the C library that is
// installed, of the very version that was linked. This loads nothing.
#include "os/library.h"

#include <errno.h>

int wx_library_load(const char *path, void **library, const char **why) {
  (void)path;
  *library = NULL;
  *why = "this wxbench is one static file, which loads no library";
  return -ENOSYS;
}

void *wx_library_find(void *library, const char *name) {
  (void)library, (void)name;
  return NULL;
}

void wx_library_file(void *library, char *name, size_t size) {
  (void)library, (void)size;
  *name = '\0';
}

void wx_library_close(void *library) {
  (void)library;
}
