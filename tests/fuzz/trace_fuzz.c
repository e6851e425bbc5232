// Any bytes as a trace: read to the end or to the damage, printed, and never anything else.
#include "trace/event_text.h"
#include "trace/reader.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void check_order(const WxTraceEvent *event) {
  uint64_t end = event->offset;
  for (uint32_t i = 0; i < event->extent_count; i++) {
    const WxTraceExtent *extent = &event->extents[i];
    if (extent->offset < end || extent->size == 0 ||
        extent->offset + extent->size > event->offset + event->size)
      abort();
    end = extent->offset + extent->size;
  }
}

static void read_trace(int fd) {
  static FILE *nowhere;
  WxTraceReader *reader;
  WxTraceDamage damage;
  WxTraceEvent event;
  if (!nowhere)
    nowhere = fopen("/dev/null", "w");
  if (wx_trace_open_fd(fd, &reader, &damage)) {
    if (!damage.reason)
      abort();
    return;
  }
  uint64_t count = 0;
  int result;
  while ((result = wx_trace_next(reader, &event)) > 0) {
    if (!wx_trace_kind_name(event.kind) || wx_trace_print(&event, nowhere))
      abort();
    check_order(&event);
    count++;
  }
  if ((result < 0) != (wx_trace_damage(reader).reason != NULL) ||
      count != wx_trace_read_count(reader))
    abort();
  (void)wx_trace_close(reader);
}

/// The bytes as the events of a chunk whose headers and checksums are right: else the checksum
/// would keep everything interesting out.
static void put_right(const uint8_t *data, size_t size, uint8_t *trace) {
  const WxTraceContext context = {0};
  memset(trace, 0, WX_TRACE_CHUNK);
  wx_trace_put_header(&(WxTraceHeader){.page_size = 4096}, trace);
  wx_trace_open_chunk(0, &context, trace + WX_TRACE_HEADER);
  memcpy(trace + WX_TRACE_HEADER + WX_TRACE_CHUNK_HEADER, data, size);
  wx_trace_seal_chunk(trace + WX_TRACE_HEADER, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static _Alignas(8) uint8_t trace[WX_TRACE_CHUNK];
  enum { ROOM = WX_TRACE_CHUNK - WX_TRACE_HEADER - WX_TRACE_CHUNK_HEADER };
  if (size == 0)
    return 0;
  const bool wrapped = data[0] % 2 == 0 && size - 1 <= ROOM;
  if (wrapped)
    put_right(data + 1, size - 1, trace);
  const int fd = memfd_create("fuzz", MFD_CLOEXEC);
  const uint8_t *bytes = wrapped ? trace : data + 1;
  const size_t count = wrapped ? WX_TRACE_CHUNK : size - 1;
  if (fd < 0 || write(fd, bytes, count) != (ssize_t)count || lseek(fd, 0, SEEK_SET) != 0)
    abort();
  read_trace(fd);
  return 0;
}
