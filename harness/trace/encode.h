/**
   @file encode.h
   Events to bytes and back, headers and checksums: pure functions without a C library, used by the
   recording preload as well as by the reader and the writer.
*/
#ifndef WX_TRACE_ENCODE_H
#define WX_TRACE_ENCODE_H

#include "trace/trace_format.h"

/// What an event's encoding depends on: the event before it in the same chunk. A chunk header holds
/// the one its first event needs.
typedef struct {
  uint64_t time_ns;
  uint32_t thread;
  uint32_t file;
} WxTraceContext;

/// Writes an event, at most WX_TRACE_LARGEST bytes, and moves `context` on. Returns the bytes.
/// Offsets and sizes that are not whole pages lose the rest; a time before the context's counts as
/// the same.
size_t wx_trace_encode(const WxTraceEvent *event, WxTraceContext *context, uint8_t *bytes);

/// Reads an event from `size` bytes and moves `context` on; `event->extents` is kept and has room
/// for WX_TRACE_MOST_EXTENTS. Returns the bytes it took; 0 at a zero byte or at the end; negative
/// where the bytes are no event: WX_TRACE_CUT where they end inside it, WX_TRACE_GARBAGE where they
/// contradict the format.
int wx_trace_decode(WxTraceEvent *event, WxTraceContext *context, const uint8_t *bytes,
                    size_t size);

enum { WX_TRACE_CUT = -1, WX_TRACE_GARBAGE = -2 };

/// The file header's fields.
typedef struct {
  uint32_t page_size;
  uint32_t architecture;
  uint32_t flags;
  uint64_t events;
  uint64_t lost;
  uint32_t lost_errno;
  bool ended_by_exit;
} WxTraceHeader;

/// Where in the file header the counters stand.
enum {
  WX_TRACE_EVENTS_AT = 64,
  WX_TRACE_LOST_AT = 72,
  WX_TRACE_LOST_ERRNO_AT = 80,
  WX_TRACE_ENDED_AT = 84,
};

void wx_trace_put_header(const WxTraceHeader *header, uint8_t bytes[WX_TRACE_HEADER]);

/// Returns NULL, or a constant phrase for what is wrong. `*version` is set where the magic is
/// right.
const char *wx_trace_get_header(WxTraceHeader *header, uint32_t *version,
                                const uint8_t bytes[WX_TRACE_HEADER]);

/// Writes the header of a chunk that begins.
void wx_trace_open_chunk(uint32_t number, const WxTraceContext *context, uint8_t *chunk);

/// Finishes a chunk, whose header is aligned to 8 bytes, with `size` bytes of events behind it. One
/// without events stays unfinished.
void wx_trace_seal_chunk(uint8_t *chunk, size_t size);

/// Reads a chunk of which `size` bytes are there, header included. Returns NULL with the context
/// of its first event, the bytes of its events, and whether it was finished; or a phrase.
const char *wx_trace_get_chunk(const uint8_t *chunk, size_t size, uint32_t number,
                               WxTraceContext *context, size_t *events, bool *sealed);

/// The name of a kind as in WX_TRACE_KINDS, NULL for none.
const char *wx_trace_kind_name(unsigned kind);

/// Little-endian numbers.
void wx_trace_put32(uint8_t *bytes, uint32_t value);
void wx_trace_put64(uint8_t *bytes, uint64_t value);

#endif
