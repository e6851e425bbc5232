// dlopen() and what goes with it, of the static program, in place of libc's: that needs the C
// library that is installed, of the very version that was linked. These find nothing and say
// nothing, by which strategy/plugin.c knows.
#include <dlfcn.h>
#include <stddef.h>

// NOLINTBEGIN(readability-inconsistent-declaration-parameter-name): the header's are reserved.
void *dlopen(const char *path, int mode) {
  (void)path, (void)mode;
  return NULL;
}

void *dlsym(void *restrict handle, const char *restrict name) {
  (void)handle, (void)name;
  return NULL;
}

int dlclose(void *handle) {
  (void)handle;
  return 0;
}

char *dlerror(void) {
  return NULL;
}
// NOLINTEND(readability-inconsistent-declaration-parameter-name)
