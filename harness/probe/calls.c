#include "probe/calls.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

// Only there it was measured which calls a start makes.
#ifdef __x86_64__

enum { ARGUMENTS = 5, NONE = -1, ROOM = 4096 };

static char room[ROOM];

// Marks the argument that is the address of `room`.
#define ROOM_HERE INT64_MAX

/// `answer` is the errno that the kernel gives, 0 where it succeeds.
typedef struct {
  const char *name;
  long number;
  int answer;
  long arguments[ARGUMENTS];
} Call;

#define CALL(NAME, ...)                                                                            \
  { #NAME, SYS_##NAME, __VA_ARGS__ }

static const Call calls[] = {
    CALL(access, EFAULT, {0}),
    CALL(arch_prctl, EINVAL, {NONE}),
    CALL(bind, EBADF, {NONE}),
    CALL(brk, 0, {0}),
    CALL(clock_nanosleep, EINVAL, {9999}),
    CALL(close, EBADF, {NONE}),
    CALL(execve, EFAULT, {0}),
    CALL(fchmod, EBADF, {NONE}),
    CALL(fcntl, EBADF, {NONE, 1}),
    CALL(fstat, EBADF, {NONE, ROOM_HERE}),
    CALL(futex, 0, {ROOM_HERE, 129, 1}),
    CALL(getcwd, 0, {ROOM_HERE, ROOM}),
    CALL(getdents64, EBADF, {NONE, ROOM_HERE, ROOM}),
    CALL(getpid, 0, {0}),
    CALL(getrandom, 0, {ROOM_HERE, 1}),
    CALL(getsid, 0, {0}),
    CALL(gettid, 0, {0}),
    CALL(ioctl, EBADF, {NONE}),
    CALL(listen, EBADF, {NONE}),
    CALL(madvise, EINVAL, {1, 1, 4}),
    CALL(membarrier, 0, {0}),
    CALL(mknodat, EFAULT, {NONE}),
    CALL(mmap, EINVAL, {0}),
    CALL(mprotect, EINVAL, {1}),
    CALL(munmap, EINVAL, {1}),
    CALL(newfstatat, EFAULT, {NONE, 0, ROOM_HERE}),
    CALL(openat, EFAULT, {NONE}),
    CALL(pipe2, EINVAL, {ROOM_HERE, NONE}),
    CALL(poll, 0, {0}),
    CALL(prctl, EINVAL, {NONE}),
    CALL(pread64, EBADF, {NONE}),
    CALL(prlimit64, EINVAL, {0, 9999}),
    CALL(read, EBADF, {NONE}),
    CALL(readlink, EFAULT, {0, ROOM_HERE, ROOM}),
    CALL(rt_sigaction, EINVAL, {9999, 0, 0, 8}),
    CALL(rt_sigprocmask, 0, {0, 0, 0, 8}),
    CALL(sched_get_priority_max, 0, {0}),
    CALL(sched_get_priority_min, 0, {0}),
    CALL(sched_getaffinity, 0, {0, ROOM, ROOM_HERE}),
    CALL(sched_getparam, EINVAL, {0, 0}),
    CALL(sched_getscheduler, 0, {0}),
    CALL(sched_setaffinity, EFAULT, {0, 8, 0}),
    CALL(sched_setscheduler, EINVAL, {0, NONE, ROOM_HERE}),
    CALL(set_robust_list, EINVAL, {0, 0}),
    CALL(sigaltstack, 0, {0, 0}),
    CALL(socket, EAFNOSUPPORT, {9999}),
    CALL(stat, EFAULT, {0, ROOM_HERE}),
    CALL(statfs, EFAULT, {0, ROOM_HERE}),
    CALL(sysinfo, 0, {ROOM_HERE}),
    CALL(tgkill, EINVAL, {NONE, NONE}),
    CALL(unlink, EFAULT, {0}),
    CALL(write, EBADF, {NONE}),
};

const char *wx_call_name(size_t index) {
  return index < sizeof calls / sizeof *calls ? calls[index].name : NULL;
}

static long argument(const Call *call, size_t at) {
  return call->arguments[at] == ROOM_HERE ? (long)(intptr_t)room : call->arguments[at];
}

int wx_call_make(size_t index) {
  const Call *call = &calls[index];
  const long result = syscall(call->number, argument(call, 0), argument(call, 1), argument(call, 2),
                              argument(call, 3), argument(call, 4), 0);
  const int answer = result == -1 ? errno : 0;
  if (answer == call->answer)
    return 0;
  return answer ? -answer : -EINVAL; // One that pretends to have succeeded.
}

#else

const char *wx_call_name(size_t index) {
  (void)index;
  return NULL;
}

int wx_call_make(size_t index) {
  (void)index;
  return 0;
}

#endif
