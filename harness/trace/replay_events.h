/**
   @file replay_events.h
   The events of a trace on an open strategy, with real mappings and real writes.

   A trace tells where in the runtime's file something happened; a strategy places blocks where it
   likes. So blocks are known by their place in the recorded file. What a trace does not tell is
   which pages were written through a data page's own mapping: they are written here when an extents
   event shows that they were allocated. One thread at a time.
*/
#ifndef WX_TRACE_REPLAY_EVENTS_H
#define WX_TRACE_REPLAY_EVENTS_H

#include "strategy/strategy.h"
#include "trace/trace_format.h"

typedef struct WxReplay WxReplay;

/// What was replayed so far, and what the trace says of the recorded process.
typedef struct {
  uint64_t events;              ///< Seen.
  uint64_t done[WX_OPERATIONS]; ///< Events that became this operation of the strategy.
  /// Not replayed: they concern a block that the trace does not describe, as in a forked child; or
  /// are calls that no strategy has.
  uint64_t left_out;
  uint64_t live_blocks;
  uint64_t reserved_bytes;     ///< Whole live blocks.
  uint64_t live_bytes;         ///< Pages of live blocks that were written.
  uint64_t recorded_bytes;     ///< What the recorded file held at the last event.
  uint64_t recorded_peak;      ///< The most it held at an event.
  bool recorded_end_known;     ///< The last events say what it held when the program ended.
  uint64_t recorded_end_bytes; ///< That.
  uint64_t after_end;          ///< Events after that, of threads that still ran.
  uint64_t fills;              ///< Releases that had filled their block,
  uint64_t shrinking_fills;    ///< and those of them after which the file held less than before.
  uint64_t shrinking_others;   ///< Other events at which it held less.
} WxReplayTally;

/// Who gave the file's memory back while it was recorded. The runtime itself never does.
typedef enum {
  WX_REPLAY_NOBODY,
  WX_REPLAY_PRELOAD, ///< libwxreclaim.so, at each release.
  WX_REPLAY_OUTSIDE, ///< Somebody else, at any time.
} WxReplayGiver;

/// What a replay does: an operation of the strategy, or a touch of one page's memory.
enum { WX_DID_WRITE = WX_OPERATIONS, WX_DID_READ, WX_DEEDS };

/// One thing that was done.
typedef struct {
  int what;       ///< A WxOperation, or one of the above.
  uint64_t place; ///< Where in the recorded file.
  uint64_t size;  ///< Bytes.
  bool code;      ///< Of a commit: executable.
} WxReplayDeed;

typedef void WxReplayWatch(void *context, const WxReplayDeed *deed);

/// Begins to replay on `allocator`, which stays the caller's. Ends with wx_replay_close().
int wx_replay_open(WxAllocator *allocator, WxReplay **opened);

/// Replays one event. Returns 0, also where it was left out; or the strategy's failure.
int wx_replay_apply(WxReplay *replay, const WxTraceEvent *event);

/// Has everything that is done from now on told to `watch`. NULL: no more.
void wx_replay_tell(WxReplay *replay, WxReplayWatch *watch, void *context);

/// Releases every live block: what follows begins as after wx_replay_open(), on a used allocator.
int wx_replay_release_all(WxReplay *replay);

const WxReplayTally *wx_replay_tally(const WxReplay *replay);

/// Tells by the sizes that the trace has of the file.
WxReplayGiver wx_replay_giver(const WxReplayTally *tally);

/// Frees the replay. Blocks that are live stay the allocator's.
void wx_replay_close(WxReplay *replay);

#endif
