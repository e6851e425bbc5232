/**
   @file command.h
   Runs a program with libwxreclaim.so, which gives back each block that the program's .NET runtime
   releases, at the moment it is released.
*/
#ifndef WX_RECLAIM_COMMAND_H
#define WX_RECLAIM_COMMAND_H

#include "stats/problem.h"

/// Becomes the program `argv[0]`, looked up in PATH, with the library preloaded after all others
/// that the environment names: no process of ours remains, so signals and the exit status are the
/// program's own. `argv` ends with NULL. Returns on failure only, a negative errno with its reason.
int wx_reclaim_command(char *const *argv, WxProblem *problem);

#endif
