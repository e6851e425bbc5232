/**
   @file name_pool.h
   Each different name once: thousands of mappings share a path, and two equal names are one
   pointer.
*/
#ifndef WX_MEASURE_NAME_POOL_H
#define WX_MEASURE_NAME_POOL_H

#include <stddef.h>

typedef struct WxNamePoolBlock WxNamePoolBlock;

/// A set of names. Start with {0}, end with wx_name_pool_free().
typedef struct {
  const char **slots; ///< A hash table of `capacity` slots, a power of two, NULL where free.
  size_t count;
  size_t capacity;
  size_t bytes;            ///< Of all names, each with its NUL.
  WxNamePoolBlock *blocks; ///< The text.
  const char *last;        ///< What was found last: most often asked for next.
  size_t last_length;
} WxNamePool;

/// The one copy of `name` (`length` bytes without NUL; ends before the first NUL), valid until
/// wx_name_pool_free(). NULL where memory is short.
const char *wx_name_pool_find(WxNamePool *names, const char *name, size_t length);

void wx_name_pool_free(WxNamePool *names);

#endif
