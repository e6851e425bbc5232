/**
   @file libc.h
   What a preload library needs to stand in for a function of the C library, whichever that is.

   glibc and musl both offer `__errno_location`, `environ` and `clock_gettime`. They are weak
   references: the library names no other library that it needs, and works, without errno, where
   they are missing.
*/
#ifndef WX_PRELOAD_LIBC_H
#define WX_PRELOAD_LIBC_H

#include "preload/raw.h"

extern int *__errno_location(void) __attribute__((weak));
extern char **environ __attribute__((weak));

/// As struct timespec on 64-bit systems.
struct wx_libc_time {
  long seconds;
  long nanoseconds;
};
enum { WX_LIBC_MONOTONIC = 1 };
extern int clock_gettime(int clock, struct wx_libc_time *now) __attribute__((weak));

/// The result of a raw call as the C library returns it: -1 with errno set, or the result, which
/// leaves errno as it was.
static inline long wx_libc_result(long result) {
  if (!wx_raw_failed(result))
    return result;
  if (__errno_location)
    *__errno_location() = (int)-result;
  return -1;
}

/// The value of an environment variable, NULL without. Not before the C library is up.
static inline const char *wx_libc_environment(const char *name) {
  for (char **entry = &environ ? environ : 0; entry && *entry; entry++) {
    size_t i = 0;
    while (name[i] && (*entry)[i] == name[i])
      i++;
    if (!name[i] && (*entry)[i] == '=')
      return *entry + i + 1;
  }
  return 0;
}

/// Nanoseconds of the monotonic clock: from the C library, which asks the kernel's page and makes
/// no system call, where it can.
static inline uint64_t wx_libc_now_ns(void) {
  struct wx_libc_time now;
  if (!clock_gettime || clock_gettime(WX_LIBC_MONOTONIC, &now))
    return wx_raw_now_ns();
  return (uint64_t)now.seconds * 1000000000U + (uint64_t)now.nanoseconds;
}

static inline int wx_libc_equal(const char *one, const char *other) {
  while (*one && *one == *other) {
    one++;
    other++;
  }
  return *one == *other;
}

#endif
