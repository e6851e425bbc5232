/**
   @file scan.h
   What of a file is allocated, as events. Asks the file by its descriptor: reading memory would
   allocate it.
*/
#ifndef WX_PRELOAD_SCAN_H
#define WX_PRELOAD_SCAN_H

#include "trace/trace_format.h"

/// Where the events of a scan go.
typedef void WxScanVisit(WxTraceEvent *event, void *context);

/// Visits one or more extents events that cover [offset, offset + size) of the file `fd`, the last
/// one marked. They are events of `file`.
void wx_scan(int fd, uint32_t file, uint64_t offset, uint64_t size, WxTraceScope scope,
             WxScanVisit *visit, void *context);

#endif
