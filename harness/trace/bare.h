/**
   @file bare.h
   The system calls and the memory accesses of a replay as a plain list, and a loop that does them
   and nothing else: what the replay itself costs is the rest.
*/
#ifndef WX_TRACE_BARE_H
#define WX_TRACE_BARE_H

#include "trace/replay_events.h"

/// One step of the list. Addresses are final; a view is known by its number.
typedef struct {
  int what; ///< As in WxReplayDeed.
  int protection;
  uint32_t view;
  size_t size;
  uint64_t offset; ///< In the file.
  size_t start;    ///< From the beginning of the address range, bytes.
} WxBareStep;

/// A list with what is needed to make it. Start with {0}, end with wx_bare_free().
typedef struct WxBare WxBare;

/// Reads the trace at `path` and makes the list, by a replay on the runtime's own strategy. The
/// caller ends with wx_bare_free().
int wx_bare_make(const char *path, WxBare **made);

/// How many system calls the list has.
uint64_t wx_bare_calls(const WxBare *bare);

/// Does it all, in this process, which should end afterwards: mappings stay. `*taken_ns` is the
/// time of the loop alone.
int wx_bare_run(const WxBare *bare, uint64_t *taken_ns);

void wx_bare_free(WxBare *bare);

#endif
