#include "stats/turns.h"

#include <stdbool.h>

// The first row of the square: 0, n - 1, 1, n - 2, ...
static size_t first_row(size_t count, size_t place) {
  return place % 2 ? count - (place + 1) / 2 : place / 2;
}

size_t wx_turn(size_t count, size_t round, size_t place) {
  const bool mirrored = count % 2 && round / count % 2;
  const size_t at = mirrored ? count - 1 - place : place;
  return (first_row(count, at) + round) % count;
}

size_t wx_turns_rounds(size_t count, size_t rounds) {
  return (rounds + count - 1) / count * count;
}
