#include "trace/writer.h"

#include "os/os.h"

#include <string.h>

static void open_chunk(WxTraceWriter *writer, size_t header_at) {
  memset(writer->chunk, 0, sizeof writer->chunk);
  wx_trace_open_chunk(writer->chunk_number, &writer->context, writer->chunk + header_at);
  writer->begin = writer->at = header_at + WX_TRACE_CHUNK_HEADER;
}

static void write_chunk(WxTraceWriter *writer, size_t size) {
  wx_trace_seal_chunk(writer->chunk + writer->begin - WX_TRACE_CHUNK_HEADER,
                      writer->at - writer->begin);
  const uint64_t offset = (uint64_t)writer->chunk_number * WX_TRACE_CHUNK;
  if (!writer->failure)
    writer->failure = wx_os_pwrite(writer->fd, writer->chunk, size, offset);
  writer->chunk_number++;
}

void wx_trace_begin(WxTraceWriter *writer, int fd, const WxTraceHeader *header) {
  writer->fd = fd;
  writer->failure = 0;
  writer->header = *header;
  writer->header.events = 0;
  writer->context = (WxTraceContext){0, 0, 0};
  writer->chunk_number = 0;
  open_chunk(writer, WX_TRACE_HEADER);
}

void wx_trace_write(WxTraceWriter *writer, const WxTraceEvent *event) {
  if (sizeof writer->chunk - writer->at < WX_TRACE_LARGEST) {
    write_chunk(writer, sizeof writer->chunk);
    open_chunk(writer, 0);
  }
  writer->at += wx_trace_encode(event, &writer->context, writer->chunk + writer->at);
  writer->header.events++;
}

int wx_trace_finish(WxTraceWriter *writer) {
  write_chunk(writer, writer->at);
  uint8_t header[WX_TRACE_HEADER];
  wx_trace_put_header(&writer->header, header);
  if (!writer->failure)
    writer->failure = wx_os_pwrite(writer->fd, header, sizeof header, 0);
  return writer->failure;
}
