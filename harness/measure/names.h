/**
   @file names.h
   Each different name once: thousands of mappings share a path, and two equal names are one
   pointer.
*/
#ifndef WX_MEASURE_NAMES_H
#define WX_MEASURE_NAMES_H

#include <stddef.h>

typedef struct WxNamesBlock WxNamesBlock;

/// A set of names. Start with {0}, end with wx_names_free().
typedef struct {
  const char **slots; ///< A hash table of `capacity` slots, a power of two, NULL where free.
  size_t count;
  size_t capacity;
  size_t bytes; ///< Of all names, each with its NUL.
  WxNamesBlock *blocks; ///< The text.
  const char *last;     ///< What was found last: most often asked for next.
  size_t last_length;
} WxNames;

/// The one copy of `name` (`length` bytes without NUL; ends before the first NUL), valid until
/// wx_names_free(). NULL where memory is short.
const char *wx_names_find(WxNames *names, const char *name, size_t length);

void wx_names_free(WxNames *names);

#endif
