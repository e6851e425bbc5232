#include "measure/runtime.h"

#include <string.h>

static const char library[] = "libcoreclr.so";
static const char framework[] = "Microsoft.NETCore.App";

// The component that ends before `end`, which points at a '/' or the end of the path.
static const char *component_before(const char *path, const char *end) {
  while (end > path && end[-1] != '/')
    --end;
  return end;
}

// The kernel appends " (deleted)" to the path of a file that an update has replaced.
static bool is_library(const char *path) {
  const char *name = strrchr(path, '/');
  if (!name || strncmp(name + 1, library, sizeof library - 1) != 0)
    return false;
  const char *rest = name + sizeof library;
  return *rest == '\0' || strcmp(rest, " (deleted)") == 0;
}

static void take_version(WxRuntime *runtime) {
  const char *path = runtime->path;
  const char *end = strrchr(path, '/');
  const char *version = component_before(path, end);
  if (version == path)
    return;
  const char *parent = component_before(path, version - 1);
  const size_t parent_length = (size_t)(version - 1 - parent);
  const size_t length = (size_t)(end - version);
  if (parent_length != sizeof framework - 1 || memcmp(parent, framework, parent_length) != 0 ||
      length >= sizeof runtime->version)
    return;
  memcpy(runtime->version, version, length);
  runtime->version[length] = '\0';
}

WxRuntime wx_runtime_find(const WxMaps *maps) {
  WxRuntime runtime = {0};
  const char *last = NULL;
  for (size_t i = 0; i < maps->count && !runtime.present; ++i) {
    if (maps->items[i].path == last) // Thousands of mappings of one file stand in a row.
      continue;
    last = maps->items[i].path;
    if (!is_library(last))
      continue;
    runtime.present = true;
    runtime.path = last;
    take_version(&runtime);
  }
  return runtime;
}
