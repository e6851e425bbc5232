/**
   @file process.h
   Processes, pipes between them and waiting: the part of the operating-system boundary that starts
   and ends other programs. The contract is that of os.h.
*/
#ifndef WX_OS_PROCESS_H
#define WX_OS_PROCESS_H

#include <poll.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

/// Nanoseconds of the monotonic clock. Not a counted system call.
uint64_t wx_os_now_ns(void);

/// Page faults of this process so far that needed no input; 0 where they are not counted.
uint64_t wx_os_minor_faults(void);

/// Makes a pipe: `ends[0]` is read, `ends[1]` written. Both are close-on-exec and at least 3, so
/// that they never take the place of a closed standard stream.
int wx_os_pipe(int ends[2]);

/// Lets `fd` stay open in a program that is executed.
int wx_os_keep_on_exec(int fd);

/// Gives a pipe room for `size` bytes in whole pages. Returns what it has room for then.
int wx_os_set_pipe_size(int pipe, size_t size);

/// Makes `onto` refer to what `fd` refers to, open in an executed program.
int wx_os_duplicate_onto(int fd, int onto);

/// Another descriptor of the same open file, the lowest free one from `lowest` on, close-on-exec.
int wx_os_duplicate_from(int fd, int lowest);

/// Every descriptor from `lowest` on is closed in a program that is executed.
void wx_os_close_on_exec_from(int lowest);

/// Closes every descriptor from `lowest` on.
void wx_os_close_from(int lowest);

/// Waits for events, `timeout_ms` milliseconds at most (-1: without end). Returns how many entries
/// have events, 0 when the time is over or a signal was caught.
int wx_os_poll(struct pollfd *entries, size_t count, int timeout_ms);

/// Duplicates the calling process. Returns 0 in the child and its pid in the parent.
pid_t wx_os_fork(void);

/// Becomes the program `argv[0]`, looked up in PATH; both arrays end with NULL. Returns on failure
/// only.
int wx_os_exec(char *const *argv, char *const *environment);

/// Waits for the child `pid` to change state and reaps it if it ended. Returns its pid, or 0 with
/// WNOHANG where nothing has happened; `usage` may be NULL.
pid_t wx_os_wait(pid_t pid, int options, int *status, struct rusage *usage);

/// What became of the child or traced task `pid`: as wait() gives it in `*status`, without taking
/// it away, so that the kernel goes on keeping it. Never blocks. Returns `pid`, or 0 where nothing
/// has happened.
pid_t wx_os_peek(pid_t pid, int *status);

/// Sends `signal` to a process, or to a process group by its negated number; 0 only asks whether it
/// is there.
int wx_os_kill(pid_t pid, int signal);

/// Kills the child `pid` and the process group that it leads, and reaps it. For cleaning up: armed
/// failures do not concern it. `status` and `usage` may be NULL.
void wx_os_end_group(pid_t pid, int *status, struct rusage *usage);

/// Changes the working directory of this process.
int wx_os_change_directory(const char *path);

/// Puts `pid` (0: the caller) into a process group of its own.
int wx_os_own_group(pid_t pid);

/// The caller gets `signal` when the thread that forked it ends.
int wx_os_signal_on_parent_death(int signal);

/// A descriptor of the process `pid`, which becomes readable when it ends. -ENOSYS before
/// Linux 5.3.
int wx_os_pidfd_open(pid_t pid);

#endif
