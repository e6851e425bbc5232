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

/// One ptrace() request, with the number and the operands of the C library's function. Returns what
/// it returns, or a negative errno. Never used for the PEEK requests, whose result may be negative.
long wx_os_ptrace(int request, pid_t thread, void *address, void *data);

/// Sends `signal` to the process behind a descriptor of wx_os_pidfd_open(): never to another one
/// that got its number.
int wx_os_pidfd_signal(int pidfd, int signal);

/// Sleeps for `nanoseconds`, less where a signal is caught.
int wx_os_sleep_ns(uint64_t nanoseconds);

/// Sets the scheduling policy of the calling thread (SCHED_FIFO, SCHED_OTHER); children made by
/// fork do not inherit it. `priority` is 0 for SCHED_OTHER.
int wx_os_set_scheduler(int policy, int priority);

/// Sets the nice value of the calling process, -20 (favoured) to 19.
int wx_os_set_nice(int nice);

/// Keeps each page of what is mapped now in memory once it was used.
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
