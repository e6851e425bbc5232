#include "scenario/runtimes.h"

#include "os/grow.h"
#include "scenario/scenario.h"

#include <dirent.h>
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int add(WxRuntimes *runtimes, const char *root, const char *version) {
  for (size_t i = 0; i < runtimes->count; ++i)
    if (strcmp(runtimes->items[i].version, version) == 0)
      return 0; // Found before, in a place that comes first.
  WxInstalledRuntime *grown =
      wx_grown(runtimes->items, &runtimes->capacity, runtimes->count, sizeof *grown);
  if (!grown)
    return -ENOMEM;
  runtimes->items = grown;
  WxInstalledRuntime *runtime = &grown[runtimes->count];
  runtime->version = strdup(version);
  runtime->root = strdup(root);
  if (!runtime->version || !runtime->root) {
    free(runtime->version);
    free(runtime->root);
    return -ENOMEM;
  }
  ++runtimes->count;
  return 0;
}

// Whether `root` has all that runs `version`.
static int is_complete(const char *root, const char *version) {
  char path[PATH_MAX];
  snprintf(path, sizeof path, "%s/shared/Microsoft.NETCore.App/%s/libcoreclr.so", root, version);
  if (access(path, R_OK))
    return 0;
  snprintf(path, sizeof path, "%s/dotnet", root);
  return access(path, X_OK) == 0;
}

int wx_runtimes_in(const char *root, WxRuntimes *runtimes) {
  char path[PATH_MAX];
  snprintf(path, sizeof path, "%s/shared/Microsoft.NETCore.App", root);
  DIR *versions = opendir(path);
  if (!versions)
    return -ENOENT;
  const size_t before = runtimes->count;
  int result = 0;
  for (const struct dirent *entry; result == 0 && (entry = readdir(versions));)
    if (entry->d_name[0] != '.' && is_complete(root, entry->d_name))
      result = add(runtimes, root, entry->d_name);
  closedir(versions);
  return result ? result : runtimes->count > before ? 0 : -ENOENT;
}

// Those below build/runtimes, one folder each.
static int add_laid_out(WxRuntimes *runtimes) {
  char store[PATH_MAX];
  wx_scenario_directory("build/runtimes", store, sizeof store);
  DIR *folders = opendir(store);
  if (!folders)
    return 0;
  int result = 0;
  for (const struct dirent *entry; result == 0 && (entry = readdir(folders));) {
    char root[PATH_MAX];
    if (entry->d_name[0] == '.' ||
        snprintf(root, sizeof root, "%s/%s", store, entry->d_name) >= (int)sizeof root)
      continue;
    result = wx_runtimes_in(root, runtimes);
    if (result == -ENOENT)
      result = 0;
  }
  closedir(folders);
  return result;
}

// The one that a user's `dotnet` starts: links are followed to where the runtime lies.
static int add_from_path(WxRuntimes *runtimes) {
  const char *path = getenv("PATH");
  char *folders = strdup(path ? path : "");
  if (!folders)
    return -ENOMEM;
  char *rest = NULL;
  int result = 0;
  for (char *folder = strtok_r(folders, ":", &rest); folder; folder = strtok_r(NULL, ":", &rest)) {
    char program[PATH_MAX], real[PATH_MAX];
    if (snprintf(program, sizeof program, "%s/dotnet", folder) < (int)sizeof program &&
        access(program, X_OK) == 0 && realpath(program, real)) {
      result = wx_runtimes_in(dirname(real), runtimes);
      break;
    }
  }
  free(folders);
  return result == -ENOENT ? 0 : result;
}

static int newer_first(const void *a, const void *b) {
  return strverscmp(((const WxInstalledRuntime *)b)->version,
                    ((const WxInstalledRuntime *)a)->version);
}

int wx_runtimes_find(WxRuntimes *runtimes) {
  *runtimes = (WxRuntimes){0};
  int result = add_laid_out(runtimes);
  const char *root = getenv("DOTNET_ROOT");
  if (result == 0 && root) {
    result = wx_runtimes_in(root, runtimes);
    if (result == -ENOENT)
      result = 0;
  }
  if (result == 0)
    result = add_from_path(runtimes);
  if (result)
    wx_runtimes_free(runtimes);
  else if (runtimes->count)
    qsort(runtimes->items, runtimes->count, sizeof *runtimes->items, newer_first);
  return result;
}

const WxInstalledRuntime *wx_runtimes_pick(const WxRuntimes *runtimes, const char *version) {
  const size_t length = strlen(version);
  for (size_t i = 0; i < runtimes->count; ++i) {
    const char *found = runtimes->items[i].version;
    if (strncmp(found, version, length) == 0 && (found[length] == '\0' || found[length] == '.'))
      return &runtimes->items[i];
  }
  return NULL;
}

void wx_runtimes_free(WxRuntimes *runtimes) {
  for (size_t i = 0; i < runtimes->count; ++i) {
    free(runtimes->items[i].version);
    free(runtimes->items[i].root);
  }
  free(runtimes->items);
  *runtimes = (WxRuntimes){0};
}
