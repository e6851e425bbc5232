/**
   @file steady.h
   A process whose page faults and mappings are those of its work alone.

   Which pages of the heap, the stack, the libraries and the program have been touched before, and
   where in its page something lies, depends on the environment, on the folder and on how the
   program was linked. So all of it is touched before the work begins, the heap does not move, and
   what the kernel places next begins at a boundary. A page that the work touches is then its own.
*/
#ifndef WX_OS_STEADY_H
#define WX_OS_STEADY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WX_STEADY_RANGES = 256 };

typedef struct {
  uintptr_t start;
  uintptr_t end;
  bool writable;
} WxSteadyRange;

/// What a process had mapped when it was made steady.
typedef struct {
  WxSteadyRange ranges[WX_STEADY_RANGES];
  size_t count;
  uintptr_t heap; ///< Where the heap begins, which grows.
  void *filler;   ///< Lies between what was freed before and what comes; never freed.
} WxSteady;

/// Calls `work` at a place of the stack that does not depend on what lies above it: the environment
/// and the arguments. Returns its result.
int wx_os_on_steady_stack(int (*work)(void *context), void *context);

/// Makes this process steady; for one thread, in a process that ends with its work. What the kernel
/// refuses is left out: counts may then vary by a few.
void wx_os_steady(WxSteady *steady);

/// Touches all of it again: after a fork each page that is written is copied first.
void wx_os_steady_again(const WxSteady *steady);

#endif
