/**
   @file ways.h
   Ways to come to hold the target's file.
*/
#ifndef TESTS_ATTACKS_WAYS_H
#define TESTS_ATTACKS_WAYS_H

#include <stdbool.h>

typedef struct {
  const char *name;
  void (*get)(void);
  bool open; ///< It comes in the middle of a pause: no list of holders can have it.
} Way;

/// By fork and clone. The last one has no name.
extern const Way relative_ways[];

/// The body of the program that executes itself again and again.
_Noreturn void relative_be_executed_again(void);

/// Of other programs, which are there before anybody looks round, hold nothing, and wait. The last
/// one has no name.
extern const Way stranger_ways[];

/// Starts the other program that they are of.
void stranger_start(void);

/// Its body.
_Noreturn void stranger_be(void);

#endif
