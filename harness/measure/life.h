/**
   @file life.h
   Whether a process still is what it was: the same process, with the address space it had.

   A process that is being killed loses its mappings first and its descriptors later; between the
   two all that a file holds looks as if nobody mapped it. One that runs another program (exec) has
   another address space under the same number.
*/
#ifndef WX_MEASURE_LIFE_H
#define WX_MEASURE_LIFE_H

#include "os/text.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/// From /proc/PID/stat.
typedef struct {
  uint64_t started;  ///< Clock ticks after boot.
  uint64_t vm_bytes; ///< 0 where it has no address space (any more).
  uint64_t code;     ///< Where its program's code begins, and its stack: other ones after an exec.
  uint64_t stack;
} WxLife;

/// Reads it. -ESRCH where the process is not there, is a zombie or has no address space: one that
/// is ending, or a kernel thread.
int wx_life_read(WxLife *life, pid_t pid, WxText *text);

/// Whether it is the same program of the same process; its size may be another.
bool wx_life_is_same(const WxLife *a, const WxLife *b);

#endif
