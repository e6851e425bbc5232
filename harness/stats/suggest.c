#include "stats/suggest.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

enum { LONGEST = 64 };

static size_t smaller(size_t a, size_t b) {
  return a < b ? a : b;
}

size_t wx_suggest_distance(const char *a, const char *b) {
  const size_t width = strlen(b), height = strlen(a);
  if (width > LONGEST || height > LONGEST)
    return SIZE_MAX;
  if (strcmp(a, b) != 0 && strcasecmp(a, b) == 0)
    return 1;
  // Three rows of the usual table: the current one and the two before it, for swaps.
  size_t rows[3][LONGEST + 1];
  for (size_t j = 0; j <= width; ++j)
    rows[0][j] = j;
  for (size_t i = 1; i <= height; ++i) {
    size_t *now = rows[i % 3];
    const size_t *last = rows[(i - 1) % 3], *before = rows[(i + 1) % 3];
    now[0] = i;
    for (size_t j = 1; j <= width; ++j) {
      now[j] = smaller(smaller(last[j], now[j - 1]) + 1, last[j - 1] + (a[i - 1] != b[j - 1]));
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        now[j] = smaller(now[j], before[j - 2] + 1);
    }
  }
  return rows[height % 3][width];
}

// How far a name is away, SIZE_MAX where it is no near match.
static size_t rank(const char *typed, const char *name) {
  const size_t length = strlen(typed);
  const size_t allowed = smaller(length / 3 > 0 ? length / 3 : 1, 3);
  const size_t distance = wx_suggest_distance(typed, name);
  if (distance <= allowed)
    return distance;
  return length > 1 && strncasecmp(typed, name, length) == 0 ? allowed + 1 : SIZE_MAX;
}

size_t wx_suggest(const char *typed, const char *const names[], size_t count, const char *near[],
                  size_t capacity) {
  size_t found = 0;
  for (size_t wanted = 0; wanted <= 4; ++wanted) {
    for (size_t i = 0; i < count && found < capacity; ++i) {
      if (rank(typed, names[i]) == wanted)
        near[found++] = names[i];
    }
  }
  return found;
}
