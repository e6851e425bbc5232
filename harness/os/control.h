/**
   @file control.h
   Acting on another process (tracing, signals by descriptor), and the urgency of the caller: the
   part of the operating-system boundary that reclaim/ needs. The contract is that of os.h.
*/
#ifndef WX_OS_CONTROL_H
#define WX_OS_CONTROL_H

#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

/// One ptrace() request, with the number and the operands of the C library's function. Returns what
/// it returns, or a negative errno. Never used for the PEEK requests, whose result may be negative.
long wx_os_ptrace(int request, pid_t thread, void *address, void *data);

/// Sends `signal` to the process behind a descriptor of wx_os_pidfd_open(): never to another one
/// that got its number.
int wx_os_pidfd_signal(int pidfd, int signal);

/// 1 if two tasks share one table of descriptors, 0 if they do not, or a negative errno: -EPERM
/// where they may not be looked at, -ENOSYS where the kernel has no kcmp().
int wx_os_shares_descriptors(pid_t task, pid_t other);

/// Waits while `*word` is `value`, `nanoseconds` at most; may return earlier. wx_os_wake() wakes
/// whoever waits for the word, a thread of this process.
int wx_os_await_word(_Atomic uint32_t *word, uint32_t value, uint64_t nanoseconds);
void wx_os_wake(_Atomic uint32_t *word);

/// Sleeps for `nanoseconds`, less where a signal is caught.
int wx_os_sleep_ns(uint64_t nanoseconds);

/// Sets the scheduling policy of the calling thread (SCHED_FIFO, SCHED_OTHER); children made by
/// fork do not inherit it. `priority` is 0 for SCHED_OTHER.
int wx_os_set_scheduler(int policy, int priority);

/// Processor time that all threads of the process `pid` have used, in nanoseconds. What a thread is
/// using right now is added at the timer tick and when it leaves the processor. -EINVAL where there
/// is no such process.
int wx_os_cpu_clock(pid_t pid, uint64_t *used_ns);

/// A clock in the kernel that kills the calling process (SIGKILL), also where it is stopped or is
/// frozen by a control group of version 2. Children made by fork do not inherit it.
int wx_os_death_clock_make(timer_t *clock);

/// It strikes in `nanoseconds` from now; 0: never.
int wx_os_death_clock_set(timer_t clock, uint64_t nanoseconds);
void wx_os_death_clock_free(timer_t clock);

/// Sets the nice value of the calling process, -20 (favoured) to 19.
int wx_os_set_nice(int nice);

/// Keeps in memory what is there now and what will be touched of it, and reads in all of the
/// program and its libraries. (Bringing in everything costs 10 us a page here, most of it room in
/// arrays that is never used.)
int wx_os_lock_memory(void);

/// Makes the caller the leader of a session of its own, away from its terminal and process group.
int wx_os_new_session(void);

/// The name of the calling thread as in /proc/PID/comm, cut to 15 bytes.
int wx_os_set_name(const char *name);

/// Who made the user namespace behind `fd` (/proc/PID/ns/user), as this process counts users.
int wx_os_namespace_owner(int fd, uint32_t *user);

/// A descriptor of the user namespace above the one behind `fd`. -EPERM where that is not below
/// this process's own.
int wx_os_namespace_parent(int fd);

/// The seals of a memory file (F_SEAL_*). -EINVAL where the file cannot have any.
int wx_os_get_seals(int fd);

#endif
