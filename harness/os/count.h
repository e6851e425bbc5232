/**
   @file count.h
   Counters of the system calls made through os.h, and the failure of the n-th one.

   The counters and the armed failure are the only global mutable state of the harness. They are
   atomic; a forked child starts with a copy.
*/
#ifndef WX_OS_COUNT_H
#define WX_OS_COUNT_H

#include <stdbool.h>
#include <stdint.h>

/// Kinds of system call: identifier, and the name that strace prints on x86-64.
#define WX_OS_CALLS(CALL)                                                                          \
  CALL(MEMFD_CREATE, "memfd_create")                                                               \
  CALL(OPEN, "openat")                                                                             \
  CALL(OPENAT2, "openat2")                                                                         \
  CALL(CLOSE, "close")                                                                             \
  CALL(UNLINK, "unlink")                                                                           \
  CALL(MKDIR, "mkdir")                                                                             \
  CALL(RMDIR, "rmdir")                                                                             \
  CALL(FTRUNCATE, "ftruncate")                                                                     \
  CALL(FALLOCATE, "fallocate")                                                                     \
  CALL(FSTAT, "fstat")                                                                             \
  CALL(STAT, "stat")                                                                               \
  CALL(STATX, "statx")                                                                             \
  CALL(LSEEK, "lseek")                                                                             \
  CALL(READ, "read")                                                                               \
  CALL(PREAD, "pread64")                                                                           \
  CALL(WRITE, "write")                                                                             \
  CALL(PWRITE, "pwrite64")                                                                         \
  CALL(PWRITEV, "pwritev")                                                                         \
  CALL(READLINK, "readlink")                                                                       \
  CALL(GETDENTS, "getdents64")                                                                     \
  CALL(GETRLIMIT, "prlimit64")                                                                     \
  CALL(MMAP, "mmap")                                                                               \
  CALL(MUNMAP, "munmap")                                                                           \
  CALL(MPROTECT, "mprotect")                                                                       \
  CALL(MADVISE, "madvise")                                                                         \
  CALL(PKEY_ALLOC, "pkey_alloc")                                                                   \
  CALL(PKEY_FREE, "pkey_free")                                                                     \
  CALL(PKEY_MPROTECT, "pkey_mprotect")                                                             \
  CALL(PIPE, "pipe2")                                                                              \
  CALL(FCNTL, "fcntl")                                                                             \
  CALL(DUP, "dup2")                                                                                \
  CALL(POLL, "poll")                                                                               \
  CALL(FORK, "clone")                                                                              \
  CALL(EXEC, "execve")                                                                             \
  CALL(WAIT, "wait4")                                                                              \
  CALL(WAITID, "waitid")                                                                           \
  CALL(KILL, "kill")                                                                               \
  CALL(CHDIR, "chdir")                                                                             \
  CALL(SETPGID, "setpgid")                                                                         \
  CALL(PRCTL, "prctl")                                                                             \
  CALL(PIDFD_OPEN, "pidfd_open")                                                                   \
  CALL(PTRACE, "ptrace")                                                                           \
  CALL(PIDFD_SIGNAL, "pidfd_send_signal")                                                          \
  CALL(KCMP, "kcmp")                                                                               \
  CALL(SLEEP, "clock_nanosleep")                                                                   \
  CALL(FUTEX, "futex")                                                                             \
  CALL(CLOCK, "clock_gettime")                                                                     \
  CALL(TIMER_CREATE, "timer_create")                                                               \
  CALL(TIMER_SET, "timer_settime")                                                                 \
  CALL(TIMER_DELETE, "timer_delete")                                                               \
  CALL(SCHEDULER, "sched_setscheduler")                                                            \
  CALL(SPLICE, "splice")                                                                           \
  CALL(FLOCK, "flock")                                                                             \
  CALL(SETPRIORITY, "setpriority")                                                                 \
  CALL(MLOCKALL, "mlockall")                                                                       \
  CALL(SETSID, "setsid")                                                                           \
  CALL(IOCTL, "ioctl")

typedef enum {
#define WX_OS_CALL_ENUM(identifier, name) WX_OS_##identifier,
  WX_OS_CALLS(WX_OS_CALL_ENUM)
#undef WX_OS_CALL_ENUM
      WX_OS_CALL_KINDS
} WxOsCall;

/// Any kind, for wx_os_inject().
enum { WX_OS_ANY = -1, WX_OS_SHARDS = 8, WX_OS_CACHE_LINE = 64 };

/// How often each kind of call was made.
typedef struct {
  uint64_t made[WX_OS_CALL_KINDS];
} WxOsCounts;

/// The name of a kind as strace prints it.
const char *wx_os_call_name(WxOsCall call);

/// The calls made since the process began (a forked child goes on from its parent's numbers).
WxOsCounts wx_os_counts(void);

/// All calls made by the calling thread so far. Exact also while other threads make calls.
uint64_t wx_os_made_by_thread(void);

/// Which of WX_OS_SHARDS counters the calling thread counts in: threads take them in turn, so that
/// those that work at once do not wait for one cache line.
unsigned wx_os_shard(void);

/// `after` - `before`, kind by kind.
WxOsCounts wx_os_counts_since(const WxOsCounts *before, const WxOsCounts *after);

/// The sum over all kinds.
uint64_t wx_os_counts_total(const WxOsCounts *counts);

/// Arms a failure: of the calls of `kind` (or WX_OS_ANY) that follow, the `nth` (1 = the next) is
/// not made and returns -`error`. Replaces an armed failure; nth 0 disarms.
void wx_os_inject(int kind, uint64_t nth, int error);

/// Disarms the failure. Returns whether it had happened.
bool wx_os_inject_end(void);

/// For the implementation of os.h: counts one call and returns 0, or returns the negative errno it
/// must fail with.
int wx_os_begin(WxOsCall call);

#endif
