/**
   @file reader.h
   Reads a trace from its beginning to its end, or up to where it is damaged, in memory that does
   not grow with its length.

   Usual course: wx_trace_open(), wx_trace_next() until it returns 0 or less, wx_trace_damage(),
   wx_trace_close().
*/
#ifndef WX_TRACE_READER_H
#define WX_TRACE_READER_H

#include "stats/problem.h"
#include "trace/encode.h"

#include <sys/types.h>

typedef struct WxTraceReader WxTraceReader;

/// Where a trace stops making sense, and why.
typedef struct {
  uint64_t offset;    ///< Byte of the (uncompressed) trace.
  const char *reason; ///< A constant phrase that goes on "the trace ..."; NULL where all is well.
} WxTraceDamage;

/// Opens the trace at `path`; one that ends in `.zst` is read through the program `zstd`. On
/// success the caller ends with wx_trace_close(). -EBADMSG where it is no trace, has a damaged
/// header or another version: `damage` says so, its offset is the version found. -ENOPKG where the
/// program `zstd` is needed and not installed. Any other failure is that of the file.
int wx_trace_open(const char *path, WxTraceReader **opened, WxTraceDamage *damage);

/// Says why it could not be opened, after wx_trace_open() returned `error`. Returns -ENOTSUP for
/// want of `zstd`, else -EINVAL.
int wx_trace_problem(const char *path, int error, const WxTraceDamage *damage, WxProblem *problem);

/// As wx_trace_open(), of a descriptor, which the reader closes, also on failure.
int wx_trace_open_fd(int fd, WxTraceReader **opened, WxTraceDamage *damage);

/// The file header. Its counters are those of the moment of opening.
const WxTraceHeader *wx_trace_header(const WxTraceReader *reader);

/// Reads the next event, whose extents stay the reader's until the one after. Returns 1; 0 at the
/// end; -EBADMSG at damage, then and ever after; or the failure of reading.
int wx_trace_next(WxTraceReader *reader, WxTraceEvent *event);

/// Where and how the trace is damaged, as far as it was read. After a whole one the reason is NULL.
WxTraceDamage wx_trace_damage(const WxTraceReader *reader);

/// Events read so far.
uint64_t wx_trace_read_count(const WxTraceReader *reader);

/// Closes the file and frees the reader. Returns the failure of the program that uncompressed it, a
/// negative errno, or 0.
int wx_trace_close(WxTraceReader *reader);

#endif
