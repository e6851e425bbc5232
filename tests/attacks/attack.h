/**
   @file attack.h
   What the attack programs have in common. They know wxbench from outside only: no header of the
   harness, no library of it, so that they run beside any build.
*/
#ifndef TESTS_ATTACKS_ATTACK_H
#define TESTS_ATTACKS_ATTACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { ATTACK_PAGE = 4096 };

/// The descriptor of a file in which a target counts as long as it runs, where its parent wants it.
enum { ATTACK_COUNTER = 903 };

/// Prints `what` and errno on stderr, exits with 3.
_Noreturn void attack_die(const char *what);

/// Prints a line on stdout at once.
__attribute__((format(printf, 1, 2))) void attack_say(const char *format, ...);

/// CLOCK_MONOTONIC in nanoseconds.
uint64_t attack_now(void);

/// Lets `ns` pass.
void attack_nap(uint64_t ns);

/// A pseudo-random number below `limit`, the same sequence in every run.
uint32_t attack_random(uint32_t limit);

/// Starts a thread with the name that the runtime gives its finalizer.
void attack_look_like_dotnet(void);

/// Makes a memfd:doublemapper of `pages` zero pages, all allocated, with its first page mapped to
/// run, as the runtime would hold it after it released everything else.
int attack_memfd(int pages);

/// Writes zeros over `count` pages from `first` on: those that were given back are allocated again.
void attack_fill(int fd, int first, int count);

/// Bytes that are allocated for the file.
uint64_t attack_allocated(int fd);

/// From now on this process is killed when its parent ends.
void attack_end_with_parent(void);

/// Forks; the child is killed when its parent dies. Dies where fork fails.
pid_t attack_fork(void);

/// Waits for the child and returns its wait status.
int attack_reap(pid_t pid);

/// Writes a text into a file. Returns whether that worked.
bool attack_write(const char *path, const char *text);

/// The state of a task, as in its stat: R, S, D, T, t, Z; 'X' once it is gone.
char attack_state(pid_t pid, pid_t task);

/// Whether any task of the process is stopped or traced.
bool attack_is_held(pid_t pid);

#endif
