/**
   @file preloads.h
   Starting programs with a library of ours preloaded. The contract is that of os.h.
*/
#ifndef WX_OS_PRELOADS_H
#define WX_OS_PRELOADS_H

#include <stddef.h>

/// Where a library stands among those that LD_PRELOAD names already: one that forwards its calls
/// comes first, one that makes the system call itself comes last.
typedef enum {
  WX_PRELOAD_FIRST,
  WX_PRELOAD_LAST,
} WxPreloadPlace;

/// Writes to `name` by what LD_PRELOAD can name the file `path`: its path, or, where that holds a
/// space or a colon, which separate names there, /proc/self/fd/N. That descriptor stays open here
/// and in every program that is started from here.
int wx_preload_name(const char *path, char *name, size_t capacity);

/// The path of `library`, as `libwxreclaim.so`: in the folder of this program, or in lib/wxbench
/// beside that folder. -ENOENT where it is in neither.
int wx_preload_find(const char *library, char *path, size_t capacity);

/// Makes the environment entry `LD_PRELOAD=...` of `name`, written by wx_preload_name(), and of
/// those that this process's environment names. The caller frees `*entry`. Returns 0 or -ENOMEM.
int wx_preload_beside(const char *name, WxPreloadPlace place, char **entry);

/// The same for `library`, found by wx_preload_find(). -ENOENT where it is not there.
int wx_preload_entry(const char *library, WxPreloadPlace place, char **entry);

/// Makes an environment for wx_os_exec(): this process's own, with `entries` (`NAME=value` each,
/// ended by NULL) in place of those of the same names. Its strings are borrowed; the caller frees
/// the array. NULL where there is no memory.
char **wx_preload_environment(char *const *entries);

#endif
