/**
   @file storm.h
   Signals with numbers, at a high rate, to threads in every kind of call; accounts of what arrives.
*/
#ifndef TESTS_ATTACKS_STORM_H
#define TESTS_ATTACKS_STORM_H

#include <stdbool.h>
#include <stdint.h>

/// What became of the signals, and of the calls that they interrupted.
typedef struct {
  uint64_t sent;
  uint64_t lost;          ///< Never arrived.
  uint64_t doubled;       ///< Arrived twice.
  uint64_t reordered;     ///< Arrived after a later one of the same number.
  uint64_t altered;       ///< Arrived with another sender or kind.
  uint64_t calls;         ///< Calls that returned.
  uint64_t wrong;         ///< Of them with a result that signals do not explain.
  const char *wrong_call; ///< One of those; NULL where there is none.
  uint64_t rate;          ///< Signals a second.
} Storm;

/// Starts `threads` threads, `calm` only in calls that take no processor time, and one that sends
/// them `rate` signals a second in all, as far as they take them.
void storm_start(int threads, int rate, bool calm);

/// Sends no more, waits until nothing arrives any more, and counts.
Storm storm_end(void);

#endif
