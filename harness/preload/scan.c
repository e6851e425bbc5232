#include "preload/scan.h"

#include "preload/raw.h"

/// Finds the next allocated extent in [at, end). Returns whether there is one.
static bool next_extent(int fd, uint64_t at, uint64_t end, WxTraceExtent *extent) {
  const int64_t data = at < end ? wx_raw_seek_data(fd, at) : -1;
  if (data < 0 || (uint64_t)data >= end)
    return false;
  const int64_t hole = wx_raw_seek_hole(fd, (uint64_t)data);
  const uint64_t last = hole > data && (uint64_t)hole < end ? (uint64_t)hole : end;
  *extent = (WxTraceExtent){(uint64_t)data, last - (uint64_t)data};
  return true;
}

void wx_scan(int fd, uint32_t file, uint64_t offset, uint64_t size, WxTraceScope scope,
             WxScanVisit *visit, void *context) {
  WxTraceExtent extents[WX_TRACE_MOST_EXTENTS];
  const uint64_t end = offset + size;
  uint64_t at = offset;
  do {
    WxTraceEvent event = {
        .kind = WX_TRACE_EXTENTS, .file = file, .offset = at, .value = scope, .extents = extents};
    bool more = true;
    while (event.extent_count < WX_TRACE_MOST_EXTENTS) {
      WxTraceExtent *extent = &extents[event.extent_count];
      more = next_extent(fd, at, end, extent);
      if (!more)
        break;
      at = extent->offset + extent->size;
      event.extent_count++;
    }
    at = more ? at : end;
    event.size = at - event.offset;
    event.mark = at == end;
    visit(&event, context);
  } while (at < end);
}
