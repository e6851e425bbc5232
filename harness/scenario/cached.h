/**
   @file cached.h
   Files in the page cache, before a program is run in a memory group.

   A page of a file is charged to the group in which it is read first. Read in one that is limited,
   it is dropped and read again at the limit; and of several runs the first would be charged for
   all.
*/
#ifndef WX_SCENARIO_CACHED_H
#define WX_SCENARIO_CACHED_H

#include "scenario/runtimes.h"

/// Reads the files of a runtime and those in the folder of a program that runs on it. What cannot
/// be read is left to the program.
void wx_cache_files(const WxInstalledRuntime *runtime, const char *program);

#endif
