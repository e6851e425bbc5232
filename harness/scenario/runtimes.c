#include "scenario/runtimes.h"

#include "os/grow.h"
#include "scenario/scenario.h"

#include <dirent.h>
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdbool.h>
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

/* Where one is asked for and is not here
 * -------------------------------------------------------------------------------------------------
 */

// From scripts/versions, separated by blanks, newest first.
static const char pinned[] = WX_RUNTIMES;

enum { VERSION_PARTS = 3 };

// How many numbers of a version `text` has: 1 of "10", 3 of "10.0.14" and "10.0.0-rc.1"; 0 where it
// is none.
static int count_parts(const char *text) {
  for (int parts = 1; parts <= VERSION_PARTS; ++parts) {
    const size_t digits = strspn(text, "0123456789");
    if (digits == 0)
      return 0;
    text += digits;
    if (*text == '\0' || (*text == '-' && text[1] && parts == VERSION_PARTS))
      return parts;
    if (*text++ != '.')
      return 0;
  }
  return 0;
}

// Whether one of the pinned versions is `version` or begins with it and a dot.
static bool is_pinned(const char *version) {
  const size_t length = strlen(version);
  for (const char *at = pinned; at; at = strchr(at, ' ')) {
    at += strspn(at, " ");
    if (strncmp(at, version, length) == 0 && strchr(". ", at[length]))
      return true;
  }
  return false;
}

// The script as it can be typed: an installed one is nowhere near the current folder.
static void name_script(char *name, size_t size) {
  char path[PATH_MAX] = "scripts/runtimes";
  const bool installed = wx_scenario_installed();
  if (installed)
    wx_scenario_directory("scripts/runtimes", path, sizeof path);
  snprintf(name, size, installed ? "'%s'" : "%s", path);
}

int wx_no_runtime_why(const char *version, char *text, size_t size) {
  char first[sizeof pinned];
  snprintf(first, sizeof first, "%.*s", (int)strcspn(pinned, " "), pinned);
  const char *wanted = version ? version : first;
  const int parts = count_parts(wanted);
  char script[WX_NO_RUNTIME_TEXT / 2];
  name_script(script, sizeof script);
  if (parts == 0)
    snprintf(text, size, "'%s' is no .NET runtime; expected a version, as %s, or a folder", wanted,
             first);
  else if (parts < VERSION_PARTS && !is_pinned(wanted))
    snprintf(text, size,
             ".NET runtime %s is not here; %s gets it by its whole version, as %s%s "
             "(needs a .NET SDK), or set DOTNET_ROOT=FOLDER",
             wanted, script, wanted, parts == 1 ? ".0.1" : ".1");
  else
    snprintf(text, size,
             ".NET runtime %s is not here; type: %s %s (needs a .NET SDK), or set "
             "DOTNET_ROOT=FOLDER",
             wanted, script, wanted);
  return parts == 0 ? -EINVAL : -ENOTSUP;
}

int wx_no_runtime(const char *version, WxProblem *problem) {
  char text[WX_NO_RUNTIME_TEXT];
  const int why = wx_no_runtime_why(version, text, sizeof text);
  return wx_problem(problem, why, "%s%s", why == -ENOTSUP ? "SKIP: " : "", text);
}
