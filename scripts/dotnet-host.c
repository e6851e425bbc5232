/*
   The `dotnet` of a runtime that is laid out from packages alone: they bring the runtime and its
   host library, but not this program. It hands its command line to the newest
   host/fxr/VERSION/libhostfxr.so beside it, as `dotnet` does.

     cc -D_GNU_SOURCE -o dotnet dotnet-host.c -ldl     (any cross compiler too; it needs libc only)
*/
#include <dirent.h>
#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef int Run(int argc, char **argv, const char *host, const char *root, const char *app);

// The path of the newest library below host/fxr; NULL where there is none.
static char *find_library(const char *root) {
  char *folder, *path = NULL, newest[NAME_MAX + 1] = "";
  if (asprintf(&folder, "%s/host/fxr", root) < 0)
    return NULL;
  DIR *versions = opendir(folder);
  for (const struct dirent *entry; versions && (entry = readdir(versions));)
    if (entry->d_name[0] != '.' && strverscmp(entry->d_name, newest) > 0)
      snprintf(newest, sizeof newest, "%s", entry->d_name);
  if (versions)
    closedir(versions);
  if (*newest && asprintf(&path, "%s/%s/libhostfxr.so", folder, newest) < 0)
    path = NULL;
  free(folder);
  return path;
}

static int fail(const char *what, const char *where) {
  fprintf(stderr, "dotnet: %s%s\n", what, where);
  return 1;
}

int main(int argc, char **argv) {
  char host[PATH_MAX], root[PATH_MAX], *app;
  const ssize_t length = readlink("/proc/self/exe", host, sizeof host - 1);
  if (length <= 0)
    return fail("cannot read the link ", "/proc/self/exe");
  host[length] = '\0';
  strcpy(root, host);
  *strrchr(root, '/') = '\0';
  const char *library = find_library(root);
  if (!library)
    return fail("no host/fxr/VERSION in ", root);
  void *loaded = dlopen(library, RTLD_LAZY);
  void *symbol = loaded ? dlsym(loaded, "hostfxr_main_startupinfo") : NULL;
  // The name of a program that is not there: the command line names one, as it does for `dotnet`.
  if (!symbol || asprintf(&app, "%s/dotnet.dll", root) < 0)
    return fail(dlerror(), "");
  Run *run;
  memcpy(&run, &symbol, sizeof run); // ISO C has no conversion from an object to a function.
  return run(argc, argv, host, root, app);
}
