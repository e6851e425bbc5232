#include "output/format.h"

#include "os/text.h"
#include "output/output_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const WxFormat formats[] = {
#define ROW(NAME, SUMMARY) {#NAME, SUMMARY, wx_format_##NAME},
    WX_FORMATS(ROW)
#undef ROW
};

const WxFormat *wx_format_at(size_t index) {
  return index < sizeof formats / sizeof *formats ? &formats[index] : NULL;
}

const char *wx_format_name(size_t index) {
  return wx_format_at(index) ? formats[index].name : NULL;
}

const WxFormat *wx_format_find(const char *name) {
  for (size_t i = 0; i < sizeof formats / sizeof *formats; ++i) {
    if (strcmp(formats[i].name, name) == 0)
      return &formats[i];
  }
  return NULL;
}

int wx_format_render(const WxFormat *format, const WxDocument *document, char **text,
                     size_t *length) {
  if (document->lost)
    return -ENOMEM;
  WxText buffer = {0};
  FILE *stream = wx_text_stream(&buffer);
  if (!stream)
    return -ENOMEM;
  int error = format->write(document, stream);
  const int lost = wx_text_stream_end(stream, &buffer);
  error = lost ? lost : error; // A stream in memory fails for want of it.
  const int unmade = wx_document_end_look(document);
  error = error ? error : unmade;
  if (error) {
    wx_text_free(&buffer);
    return error;
  }
  *text = buffer.data;
  *length = buffer.length;
  return 0;
}

typedef struct {
  int fd;
  int error;
} Sink;

static ssize_t put(void *cookie, const char *bytes, size_t size) {
  Sink *sink = cookie;
  if (!sink->error)
    sink->error = wx_file_write_all(sink->fd, bytes, size);
  return sink->error ? 0 : (ssize_t)size;
}

static int write_pieces(const WxFormat *format, const WxDocument *document, int fd) {
  Sink sink = {.fd = fd};
  if (document->lost)
    return -ENOMEM;
  FILE *stream = fopencookie(&sink, "w", (cookie_io_functions_t){.write = put});
  if (!stream)
    return -ENOMEM;
  const int error = format->write(document, stream);
  const bool failed = fclose(stream) != 0;
  const int unmade = wx_document_end_look(document);
  if (sink.error || error)
    return sink.error ? sink.error : error;
  return failed ? -ENOMEM : unmade;
}

typedef struct {
  const WxFormat *format;
  const WxDocument *document;
} Written;

static int put_document(int fd, void *context) {
  const Written *written = context;
  return write_pieces(written->format, written->document, fd);
}

enum { MOST_RENDERED = 1000 };

int wx_format_write(const WxFormat *format, const WxDocument *document, const char *path, int fd) {
  if (document->made.count > MOST_RENDERED) {
    Written written = {format, document};
    return path ? wx_file_write_by(path, put_document, &written) : put_document(fd, &written);
  }
  char *text;
  size_t length;
  int error = wx_format_render(format, document, &text, &length);
  if (error)
    return error;
  error = path ? wx_file_write(path, text, length) : wx_file_write_all(fd, text, length);
  free(text);
  return error;
}
