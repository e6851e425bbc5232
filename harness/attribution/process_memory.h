/**
   @file process_memory.h
   The memory of a process, alive or in a core, behind one function.

   Of a living process only private memory without a file may be read through it: reading a reserved
   page of the double mapper's file through /proc/PID/mem would allocate it.
*/
#ifndef WX_ATTRIBUTION_PROCESS_MEMORY_H
#define WX_ATTRIBUTION_PROCESS_MEMORY_H

#include "attribution/core.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// How to read memory.
typedef struct {
  /// Reads up to `size` bytes at `address`. Returns the number read, or a negative errno.
  ssize_t (*read)(void *context, uint64_t address, void *buffer, size_t size);
  void *context;
} WxMemory;

/// The memory of a living process. Start with {.fd = -1}, end with wx_live_memory_close().
typedef struct {
  int fd;
  WxMemory memory;
} WxLiveMemory;

/// Opens /proc/PID/mem. -EACCES where the caller could not trace the process, -ESRCH or -ENOENT
/// where it is gone. `live` must stay where it is.
int wx_live_memory_open(WxLiveMemory *live, pid_t pid);
void wx_live_memory_close(WxLiveMemory *live);

/// The memory in a core; valid as long as the core is open.
WxMemory wx_core_memory(WxCore *core);

/// Reads exactly `size` bytes. Returns whether they were there.
static inline int wx_memory_get(const WxMemory *memory, uint64_t address, void *buffer,
                                size_t size) {
  return memory && memory->read(memory->context, address, buffer, size) == (ssize_t)size;
}

#endif
