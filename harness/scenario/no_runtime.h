/**
   @file no_runtime.h
   What is said where a real .NET runtime is asked for and is not here.
*/
#ifndef WX_SCENARIO_NO_RUNTIME_H
#define WX_SCENARIO_NO_RUNTIME_H

#include "stats/problem.h"

#include <stddef.h>

enum { WX_NO_RUNTIME_TEXT = 1024 };

/// Says that runtime `version` (as 10.0.14, 10.0 or 10; NULL: the one that scripts/runtimes lays
/// out first) is not here and which command gets it, and returns -ENOTSUP; or that the word is no
/// version, and returns -EINVAL.
int wx_no_runtime_why(const char *version, char *text, size_t size);

/// The same as a problem; `SKIP: ` stands before what is not here.
int wx_no_runtime(const char *version, WxProblem *problem);

#endif
