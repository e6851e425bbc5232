/**
   @file overhead.h
   What the replay itself costs beside the system calls it makes: the same trace replayed on the
   runtime's strategy, and as a bare loop, in turns.
*/
#ifndef WX_TRACE_OVERHEAD_H
#define WX_TRACE_OVERHEAD_H

#include "stats/interval.h"

#include <stdint.h>

/// At least and at most so many pairs; between the two it ends when much time has passed.
enum { WX_OVERHEAD_LEAST = 21, WX_OVERHEAD_PAIRS = 301, WX_OVERHEAD_TEXT = 200 };

typedef struct {
  WxInterval ratio; ///< Time of the replay / time of the bare loop, of pairs run one after another.
  WxInterval bare_ns; ///< Of one bare loop.
  WxInterval same;    ///< The ratio of bare loops to bare loops: the noise of this machine.
  uint64_t calls;     ///< System calls of each.
  char problem[WX_OVERHEAD_TEXT]; ///< Why it could not be measured.
} WxOverhead;

/// Measures the trace at `path` in `pairs` pairs (at most WX_OVERHEAD_PAIRS), 0: for half a minute.
/// A negative errno with `measured->problem` set.
int wx_overhead_measure(const char *path, uint64_t pairs, WxOverhead *measured);

#endif
