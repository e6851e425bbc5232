/**
   @file own_mappings.h
   How many mappings of this process belong to one part of it. Nothing is allocated: it can be asked
   where the limit of mappings is reached, and leaves no trace in what is measured.
*/
#ifndef WX_MEASURE_OWN_MAPPINGS_H
#define WX_MEASURE_OWN_MAPPINGS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct {
  int64_t mappings;
  int64_t wx_pages; ///< Base pages that are writable and executable in one mapping.
} WxOwnMappings;

/// Counts those whose start `owns` says to be of the part. Returns 0 or a negative errno.
int wx_own_mappings_count(WxOwnMappings *counted, bool (*owns)(void *part, uintptr_t start),
                          void *part);

#endif
