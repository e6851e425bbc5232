/*
   The `dotnet` of a runtime that is laid out from packages alone: they bring the runtime and its
   host library, but not this program. It hands its command line to the newest
   host/fxr/VERSION/libhostfxr.so beside it, as `dotnet` does.

     cc -o dotnet dotnet-host.c     (any cross compiler too; it needs libc only)
*/
#include <dirent.h>
#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { ROOM = PATH_MAX + 3 * NAME_MAX };

typedef int Run(int argc, char **argv, const char *host, const char *root, const char *app);

// The newest version's library below `root`, as a path; "" where there is none.
static void find_library(const char *root, char *path) {
  char folder[ROOM], newest[NAME_MAX + 1] = "";
  snprintf(folder, sizeof folder, "%s/host/fxr", root);
  DIR *versions = opendir(folder);
  if (!versions)
    return;
  for (const struct dirent *entry; (entry = readdir(versions));)
    if (entry->d_name[0] != '.' && strverscmp(entry->d_name, newest) > 0)
      strcpy(newest, entry->d_name);
  closedir(versions);
  if (*newest)
    snprintf(path, ROOM, "%s/%s/libhostfxr.so", folder, newest);
}

int main(int argc, char **argv) {
  char host[PATH_MAX], root[PATH_MAX], app[ROOM], library[ROOM] = "";
  const ssize_t length = readlink("/proc/self/exe", host, sizeof host - 1);
  if (length <= 0) {
    perror("dotnet: /proc/self/exe");
    return 1;
  }
  host[length] = '\0';
  strcpy(root, host);
  *strrchr(root, '/') = '\0';
  find_library(root, library);
  if (!*library) {
    fprintf(stderr, "dotnet: no host/fxr/VERSION in %s\n", root);
    return 1;
  }
  void *host_library = dlopen(library, RTLD_LAZY);
  Run *run = host_library ? (Run *)dlsym(host_library, "hostfxr_main_startupinfo") : NULL;
  if (!run) {
    fprintf(stderr, "dotnet: %s\n", dlerror());
    return 1;
  }
  // The name of a program that is not there says that the command line names one, as it does for
  // `dotnet`.
  snprintf(app, sizeof app, "%s/dotnet.dll", root);
  return run(argc, argv, host, root, app);
}
