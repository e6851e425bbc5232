/**
   @file holding.h
   Whoever holds the target's file: it writes into it, reads back and counts what was lost.

   What is written stays for a moment and becomes zero again, so that all pages can be given back at
   some time or other.
*/
#ifndef TESTS_ATTACKS_HOLDING_H
#define TESTS_ATTACKS_HOLDING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/// Pages of the file that holders write; a number for a descriptor that no other has.
enum { HOLD_PAGES = 64, HOLD_NUMBER = 900 };

/// How long what was written stays at most.
extern const uint32_t hold_dwell_ns;

/// What all processes share.
typedef struct {
  _Atomic uint64_t writes;
  _Atomic uint64_t lost;
  _Atomic int holders;
  _Atomic bool stop;
} HoldResults;

extern HoldResults *hold_results;

/// Maps them, under a number that all inherit.
void hold_share_results(void);

/// The target's file, in it and in whoever is forked by it.
extern int hold_memfd;

/// How a holder reaches the file: by a mapping, or where that is NULL by a descriptor.
typedef struct {
  char *map;
  int fd;
} Reach;

/// Maps the file and closes the descriptor.
Reach reach_by_mapping(int fd);
Reach reach_by_descriptor(int fd);

/// Writes into the pages [first, end), once.
void reach_write_once(const Reach *reach, int first, int end);

/// Writes into all but the first page until it is time to stop, and ends the process.
_Noreturn void reach_hold(Reach reach);

#endif
