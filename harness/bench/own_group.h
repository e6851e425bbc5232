/**
   @file own_group.h
   A control group of its own for a process that is to be frozen by it.
*/
#ifndef WX_BENCH_OWN_GROUP_H
#define WX_BENCH_OWN_GROUP_H

#include <sys/types.h>

enum { WX_BENCH_GROUP_SIZE = 128 };

/// Makes a group in the freezer of `version` 1 or 2 and puts `pid` in; `path` is its folder. A
/// negative errno, and `path` empty, where that is refused.
int wx_bench_group_make(char path[static WX_BENCH_GROUP_SIZE], pid_t pid, int version);

/// Removes the group once its process has ended, for at most a second. Accepts "".
void wx_bench_group_remove(const char *path);

#endif
