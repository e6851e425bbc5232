/**
   @file inject.h
   Every error path of an operation: its n-th system call fails, n raised until the operation
   succeeds.
*/
#ifndef TESTS_SUPPORT_INJECT_H
#define TESTS_SUPPORT_INJECT_H

#include <stdint.h>

/// What a process holds that an operation must not leave behind.
typedef struct {
  uint64_t mappings;    ///< Lines of /proc/self/maps, less heaps and stacks.
  uint64_t descriptors; ///< Entries of /proc/self/fd.
} WxHeld;

/// What this process holds now.
WxHeld wx_held(void);

/// Runs `attempt(context)` with its n-th system call failing by `error`, for n = 1, 2, ... until an
/// attempt in which no call failed; that one must return 0. After each failed attempt (which must
/// return -`error`, or 0 where the failure could be survived) `check(context)` is called; it may
/// assert. Returns the number of failures that were injected.
uint64_t wx_inject_each(int error, int (*attempt)(void *context), void (*check)(void *context),
                        void *context);

/// As wx_inject_each(), and asserts that after each attempt the process has the mappings and
/// descriptors that it had before. (A first pass is not judged: the C library and the sanitizers
/// grow during it.)
uint64_t wx_inject_without_leak(int error, int (*attempt)(void *context), void *context);

#endif
