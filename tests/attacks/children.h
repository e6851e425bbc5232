/**
   @file children.h
   Children that exit, are killed, stop and continue; their parent is to be told of each, once.
*/
#ifndef TESTS_ATTACKS_CHILDREN_H
#define TESTS_ATTACKS_CHILDREN_H

#include <stdbool.h>
#include <stdint.h>

/// What the parent was told.
typedef struct {
  uint64_t told;
  uint64_t wrong;   ///< Something else happened, or nothing was said of it.
  const char *what; ///< One of those; NULL where there is none.
} Children;

/// Starts a thread that has one child after another; with `stops` they also stop.
void children_start(bool stops);

/// Lets the last one end, and counts.
Children children_end(void);

#endif
