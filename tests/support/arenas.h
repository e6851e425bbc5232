/**
   @file arenas.h
   A real process to look at: twelve arenas of malloc inside the interval of a double-mapped file,
   of which 100 MB are mapped nowhere.
*/
#ifndef TESTS_SUPPORT_ARENAS_H
#define TESTS_SUPPORT_ARENAS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { WX_ARENAS = 12 };
#define WX_ARENAS_ORPHANED ((size_t)100 * 1024 * 1024)

/// What the process says of itself.
typedef struct {
  uint64_t malloc_mprotect; ///< malloc_info's "aspace mprotect" of all arenas but the main one.
  uint64_t arenas;          ///< How many those are.
  uint64_t blocks;          ///< st_blocks of its file.
} WxArenasReport;

typedef struct {
  pid_t pid;
  WxArenasReport report;
} WxArenas;

/// Starts it, each arena with `malloc_bytes` in use, and waits until it is at rest.
WxArenas wx_arenas_start(size_t malloc_bytes);

/// Ends it.
void wx_arenas_end(const WxArenas *subject);

#endif
