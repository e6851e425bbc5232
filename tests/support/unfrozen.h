/**
   @file unfrozen.h
   A sweep that freezes nobody.
*/
#ifndef TESTS_SUPPORT_UNFROZEN_H
#define TESTS_SUPPORT_UNFROZEN_H

#include <sys/types.h>

/// Sweeps, in this process, what is orphaned of the memfd `name` of `pid` (NULL: the double
/// mapper's file of a .NET runtime): all that can fail of a reclaim but the freezing. It allocates
/// nothing of its own. Returns 0 or a negative errno.
int wx_sweep_unfrozen(pid_t pid, const char *name);

#endif
