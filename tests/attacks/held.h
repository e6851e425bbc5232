/**
   @file held.h
   How long a process stood still although it had a processor, measured by itself.

   A thread computes without end and reads the clock. Where the clock jumps, the thread was away;
   what the kernel says that it ran (CLOCK_THREAD_CPUTIME_ID) and that it waited for a processor
   (the second figure of its schedstat) is subtracted. The thread never sleeps, so what is left is
   the time for which it was stopped, by whatever means. Under a hypervisor time that was stolen is
   counted as well: compare with a run beside which nobody stops the process.
*/
#ifndef TESTS_ATTACKS_HELD_H
#define TESTS_ATTACKS_HELD_H

#include <stdint.h>

/// Durations in nanoseconds.
typedef struct {
  uint64_t count; ///< Of times for which it was held longer than 0.1 ms.
  uint64_t p50;
  uint64_t p99;
  uint64_t longest;
  uint64_t total;
} Held;

/// Starts the thread; all signals are blocked in it.
void held_start(void);

/// What was measured until now.
Held held_until_now(void);

#endif
