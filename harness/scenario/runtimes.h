/**
   @file runtimes.h
   The real .NET runtimes that can be run here.

   A runtime is a folder as DOTNET_ROOT names it: `dotnet`, host/fxr/V and
   shared/Microsoft.NETCore.App/V.
*/
#ifndef WX_SCENARIO_RUNTIMES_H
#define WX_SCENARIO_RUNTIMES_H

#include <stddef.h>

typedef struct {
  char *version; ///< As 10.0.14.
  char *root;    ///< The folder with `dotnet`.
} WxInstalledRuntime;

/// Runtimes, newest first. End with wx_runtimes_free().
typedef struct {
  WxInstalledRuntime *items;
  size_t count;
  size_t capacity;
} WxRuntimes;

/// Finds all: those laid out by scripts/runtimes, that of DOTNET_ROOT, and that of `dotnet` in
/// PATH. None is success.
int wx_runtimes_find(WxRuntimes *runtimes);

/// Finds those of one folder. -ENOENT where it is none.
int wx_runtimes_in(const char *root, WxRuntimes *runtimes);

/// The newest runtime whose version is `version` or begins with it and a dot (`10`, `10.0`); NULL
/// where there is none.
const WxInstalledRuntime *wx_runtimes_pick(const WxRuntimes *runtimes, const char *version);

void wx_runtimes_free(WxRuntimes *runtimes);

#endif
