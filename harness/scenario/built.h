/**
   @file built.h
   Files that the build puts beside the program.

   These return 0; or -ENOTSUP where the file is not there, with a problem that names the command
   that builds it; or another negative errno.
*/
#ifndef WX_SCENARIO_BUILT_H
#define WX_SCENARIO_BUILT_H

#include "stats/problem.h"

/// Finds the program of the workloads and writes its full path (PATH_MAX bytes). Where wxbench is
/// installed it is built when it is first needed, into the user's cache.
int wx_built_workload(char *path, WxProblem *problem);

/// The same for a library to be preloaded; writes a name that LD_PRELOAD takes (wx_preload_name()).
int wx_built_preload(const char *library, char *name, WxProblem *problem);

#endif
