/**
   @file writer.h
   Writes a trace to a descriptor as a stream, in memory that does not grow with its length. The
   recording preload writes its own way (preload/window.h); this is for tests and tools.
*/
#ifndef WX_TRACE_WRITER_H
#define WX_TRACE_WRITER_H

#include "trace/encode.h"

/// Start with wx_trace_begin(), end with wx_trace_finish(). All members are private.
typedef struct {
  int fd;
  int failure;
  WxTraceHeader header;
  WxTraceContext context;
  uint32_t chunk_number;
  size_t begin; ///< Of the chunk's events.
  size_t at;
  uint8_t chunk[WX_TRACE_CHUNK];
} WxTraceWriter;

/// Begins a trace at the start of `fd`, which stays the caller's and must be seekable: the header
/// is written again at the end. `header` gives page size, architecture and flags.
void wx_trace_begin(WxTraceWriter *writer, int fd, const WxTraceHeader *header);

/// Adds an event. A failure is kept for wx_trace_finish().
void wx_trace_write(WxTraceWriter *writer, const WxTraceEvent *event);

/// Writes what is left and the header. Returns the first failure, a negative errno, or 0.
int wx_trace_finish(WxTraceWriter *writer);

#endif
