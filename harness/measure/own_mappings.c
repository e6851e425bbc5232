#include "measure/own_mappings.h"

#include "measure/maps.h"
#include "os/os.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

// The kernel gives whole lines, at most a page of them a read; a path has at most 4096 bytes.
enum { BUFFER_SIZE = 16384 };

typedef struct {
  WxOwnMappings *counted;
  bool (*owns)(void *part, uintptr_t start);
  void *part;
} Count;

static void take(const Count *count, const WxMapping *mapping) {
  const int both = WX_WRITE | WX_EXECUTE;
  if (!count->owns(count->part, mapping->start))
    return;
  ++count->counted->mappings;
  if ((mapping->protection & both) == both)
    count->counted->wx_pages += (int64_t)((mapping->end - mapping->start) / wx_os_page_size());
}

// Takes the whole lines of the buffer, and moves what is left to its front.
static int take_lines(const Count *count, char *buffer, size_t *filled) {
  char *line = buffer;
  const char *const end = buffer + *filled;
  for (char *newline; (newline = memchr(line, '\n', (size_t)(end - line))); line = newline + 1) {
    WxMapping mapping;
    if (wx_maps_parse_line(line, newline, &mapping))
      return -EINVAL;
    take(count, &mapping);
  }
  *filled = (size_t)(end - line);
  memmove(buffer, line, *filled);
  return 0;
}

static int read_all(const Count *count, int fd) {
  char buffer[BUFFER_SIZE];
  for (size_t filled = 0;;) {
    const ssize_t got = wx_os_read(fd, buffer + filled, sizeof buffer - filled);
    if (got <= 0)
      return (int)got;
    filled += (size_t)got;
    const int result = take_lines(count, buffer, &filled);
    if (result)
      return result;
  }
}

int wx_own_mappings_count(WxOwnMappings *counted, bool (*owns)(void *part, uintptr_t start),
                          void *part) {
  *counted = (WxOwnMappings){0};
  const Count count = {counted, owns, part};
  const int fd = wx_os_open("/proc/self/maps", O_RDONLY, 0);
  if (fd < 0)
    return fd;
  const int result = read_all(&count, fd);
  const int closed = wx_os_close(fd);
  return result ? result : closed;
}
