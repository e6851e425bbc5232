/**
   @file runtimes.h
   The real .NET runtimes that can be run here.

   A runtime is a folder as DOTNET_ROOT names it: `dotnet`, host/fxr/V and
   shared/Microsoft.NETCore.App/V.
*/
#ifndef WX_SCENARIO_RUNTIMES_H
#define WX_SCENARIO_RUNTIMES_H

#include "stats/problem.h"

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

/* Where one is asked for and is not here
 * -------------------------------------------------------------------------------------------------
 */

enum { WX_NO_RUNTIME_TEXT = 1024 };

/// Says that runtime `version` (as 10.0.14, 10.0 or 10; NULL: the one that scripts/runtimes lays
/// out first) is not here and which command gets it, and returns -ENOTSUP; or that the word is no
/// version, and returns -EINVAL.
int wx_no_runtime_why(const char *version, char *text, size_t size);

/// The same as a problem; `SKIP: ` stands before what is not here.
int wx_no_runtime(const char *version, WxProblem *problem);

#endif
