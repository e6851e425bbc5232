#include "measure/maps.h"

#include "measure/ahead.h"
#include "measure/maps_line.h"
#include "os/large.h"
#include "os/os.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_SIZE = 64 };

// Appends the mapping on the line from `line` to `newline`. Returns 0, -EINVAL with `reason`,
// -ENOMEM.
static int append_line(WxMaps *maps, char *line, char *newline, const char **reason) {
  WxMapping *items = wx_large_grown(maps->items, &maps->capacity, maps->count, sizeof *items);
  if (!items)
    return -ENOMEM;
  maps->items = items;
  WxMapping *mapping = &items[maps->count];
  *reason = wx_maps_parse_line(line, newline, mapping);
  if (!*reason && maps->count)
    *reason = wx_maps_follow(mapping - 1, mapping);
  if (*reason)
    return -EINVAL;
  ++maps->count;
  return 0;
}

int wx_maps_parse(WxMaps *maps, WxDamage *damage) {
  maps->count = 0;
  *damage = (WxDamage){0};
  const char *const end = maps->text.data ? maps->text.data + maps->text.length : NULL;
  int result = 0;
  for (char *line = maps->text.data; !result && line < end;) {
    char *newline = memchr(line, '\n', (size_t)(end - line));
    const char *reason = "the last line is cut short";
    result = newline ? append_line(maps, line, newline, &reason) : -EINVAL;
    if (result == -EINVAL)
      *damage = (WxDamage){.line = maps->count + 1, .reason = reason};
    if (newline)
      line = newline + 1;
  }
  return result;
}

// Appends the whole lines of a piece, and says how much of it is left.
static int take_lines(WxMaps *maps, char *piece, size_t size, size_t *left) {
  char *line = piece;
  const char *const end = piece + size;
  for (char *newline; (newline = memchr(line, '\n', (size_t)(end - line))); line = newline + 1) {
    const char *reason;
    const int result = append_line(maps, line, newline, &reason);
    if (result)
      return result;
    WxMapping *mapping = &maps->items[maps->count - 1];
    if (*mapping->path)
      mapping->path =
          wx_name_pool_find(&maps->names, mapping->path, (size_t)(newline - mapping->path));
    else
      mapping->path = "";
    if (!mapping->path)
      return -ENOMEM;
  }
  *left = (size_t)(end - line);
  return 0;
}

static int read_all(WxMaps *maps, WxAhead *ahead) {
  size_t left = 0;
  for (char *piece;;) {
    const ssize_t size = wx_ahead_next(ahead, left, &piece);
    if (size <= 0)
      return size == -E2BIG ? -EINVAL : size < 0 ? (int)size : left ? -EINVAL : 0;
    const int result = take_lines(maps, piece, (size_t)size, &left);
    if (result)
      return result;
  }
}

int wx_maps_read(WxMaps *maps, pid_t pid) {
  char path[PATH_SIZE];
  if (pid)
    snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
  else
    snprintf(path, sizeof path, "/proc/self/maps");
  maps->count = 0;
  const int fd = wx_os_open(path, O_RDONLY, 0);
  if (fd < 0)
    return fd;
  WxAhead ahead = {.fd = fd, .alone = !maps->ahead};
  int result = read_all(maps, &ahead);
  wx_ahead_end(&ahead);
  const int closed = wx_os_close(fd);
  if (closed) // A close that was made to fail was not made: the descriptor must not stay behind.
    (void)wx_os_close(fd);
  return result ? result : closed;
}

void wx_maps_free(WxMaps *maps) {
  wx_text_free(&maps->text);
  wx_name_pool_free(&maps->names);
  free(maps->items);
  *maps = (WxMaps){0};
}
