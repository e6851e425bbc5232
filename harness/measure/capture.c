#include "measure/capture.h"

#include "os/os.h"
#include "os/process.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
  READ_SIZE = 16 * 1024,
  /// Reads of what is left in a pipe: more than its capacity, which is 1 MiB at most by default.
  LAST_READS = 80,
};

// Keeps the last `limit` bytes.
static void trim(WxText *text, size_t limit) {
  if (text->length <= limit)
    return;
  memmove(text->data, text->data + text->length - limit, limit);
  text->length = limit;
  text->data[limit] = '\0';
}

// Moves the text to the front only once it is twice as long as it may be.
static int append(WxText *text, const char *data, size_t size, size_t limit) {
  if (!text->data) {
    text->data = malloc(2 * limit + READ_SIZE + 1);
    if (!text->data)
      return -ENOMEM;
    text->capacity = 2 * limit + READ_SIZE + 1;
  }
  memcpy(text->data + text->length, data, size);
  text->length += size;
  text->data[text->length] = '\0';
  if (text->length > 2 * limit)
    trim(text, limit);
  return 0;
}

int wx_capture_read(WxText *text, int *fd, size_t limit) {
  char buffer[READ_SIZE];
  const ssize_t got = wx_os_read(*fd, buffer, sizeof buffer);
  if (got < 0)
    return (int)got;
  if (got > 0)
    return append(text, buffer, (size_t)got, limit);
  wx_os_close_reader(*fd);
  *fd = -1;
  return 0;
}

int wx_capture_finish(WxText *text, int *fd, size_t limit) {
  int result = 0;
  for (int i = 0; i < LAST_READS && *fd >= 0 && !result; ++i) {
    struct pollfd entry = {.fd = *fd, .events = POLLIN};
    const int ready = wx_os_poll(&entry, 1, 0);
    if (ready == 0)
      break;
    result = ready < 0 ? ready : wx_capture_read(text, fd, limit);
  }
  trim(text, limit);
  return result;
}
