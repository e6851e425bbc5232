/**
   @file blocked.h
   Every kind of call in which a thread can wait.
*/
#ifndef TESTS_ATTACKS_BLOCKED_H
#define TESTS_ATTACKS_BLOCKED_H

#include <stdbool.h>
#include <stddef.h>

/// A kind of call. `once` makes it; it returns whether the result is one that signal(7) allows
/// where nothing happened but signals. It may never return: where the kernel starts the call
/// again after a handler.
typedef struct {
  const char *name;
  bool (*once)(void);
  bool takes; ///< It takes signals out of the queue itself, by blocked_take().
  bool busy;  ///< It takes processor time also where nothing happens.
} BlockedCall;

/// The signal that such calls take; blocked in all threads.
int blocked_taken_signal(void);

/// Whoever keeps the accounts of signals: a signal was taken with this value.
extern void (*blocked_take)(int value);

extern const BlockedCall blocked_calls[];
extern const size_t blocked_call_count;

#endif
