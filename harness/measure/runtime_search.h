/**
   @file runtime_search.h
   Which of a process and its descendants runs a .NET runtime.
*/
#ifndef WX_MEASURE_RUNTIME_SEARCH_H
#define WX_MEASURE_RUNTIME_SEARCH_H

#include <sys/types.h>

enum { WX_RUNTIME_VERSION_SIZE = 64 };

/// The first that does, ancestors first, with its version where that can be known (else it is left
/// alone). Returns its pid, 0 where there is none (yet), -ESRCH where `root` is gone, -ENOMEM.
pid_t wx_runtime_search(pid_t root, char version[static WX_RUNTIME_VERSION_SIZE]);

#endif
