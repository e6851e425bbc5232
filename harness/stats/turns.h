/**
   @file turns.h
   Who comes when, where several things are measured round by round, each once a round. Pure
   functions.

   What runs before leaves traces in what runs after it (caches, clock frequency, memory to be
   freed), and whoever stands at one place always has always the same neighbour. So the order is a
   balanced Latin square: after `count` rounds each has stood at each place once, and for an even
   count each has followed each other one once (E. J. Williams, 1949). For an odd count that takes
   twice as many rounds, the second half mirrored.
*/
#ifndef WX_STATS_TURNS_H
#define WX_STATS_TURNS_H

#include <stddef.h>

/// Which of `count` (above 0) stands at `place` of `round`, both counted from 0.
size_t wx_turn(size_t count, size_t round, size_t place);

/// `rounds` rounded up so that each of `count` stands at each place equally often.
size_t wx_turns_rounds(size_t count, size_t rounds);

#endif
