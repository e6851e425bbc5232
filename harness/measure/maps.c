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

enum { FIRST_CAPACITY = 1024, BUFFER_SIZE = 64 * 1024, PATH_SIZE = 64 };

static int make_room(WxMaps *maps) {
  if (maps->count < maps->capacity)
    return 0;
  const size_t wanted = maps->capacity ? maps->capacity * 2 : FIRST_CAPACITY;
  WxMapping *items =
      wx_large_grow(maps->items, maps->count * sizeof *items, wanted * sizeof *items);
  if (!items)
    return -ENOMEM;
  maps->items = items;
  maps->capacity = wanted;
  return 0;
}

// Appends the mapping on the line from `line` to `newline`. Returns 0, -EINVAL with `reason`,
// -ENOMEM.
static int append_line(WxMaps *maps, char *line, char *newline, const char **reason) {
  if (make_room(maps))
    return -ENOMEM;
  WxMapping *mapping = &maps->items[maps->count];
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

// Appends the whole lines of the buffer, and moves what is left to its front.
static int take_lines(WxMaps *maps, char *buffer, size_t *filled) {
  char *line = buffer;
  const char *const end = buffer + *filled;
  for (char *newline; (newline = memchr(line, '\n', (size_t)(end - line))); line = newline + 1) {
    const char *reason;
    const int result = append_line(maps, line, newline, &reason);
    if (result)
      return result;
    WxMapping *mapping = &maps->items[maps->count - 1];
    if (*mapping->path)
      mapping->path = wx_name_pool_find(&maps->names, mapping->path, strlen(mapping->path));
    else
      mapping->path = "";
    if (!mapping->path)
      return -ENOMEM;
  }
  *filled = (size_t)(end - line);
  memmove(buffer, line, *filled);
  return 0;
}

// The kernel gives whole lines, a page of them a call: they are read while they are in the cache.
static int read_all(WxMaps *maps, WxAhead *ahead, char *buffer) {
  for (size_t filled = 0;;) {
    const ssize_t got = wx_ahead_read(ahead, buffer + filled, BUFFER_SIZE - filled);
    if (got <= 0)
      return got < 0 ? (int)got : filled ? -EINVAL : 0;
    filled += (size_t)got;
    const int result = take_lines(maps, buffer, &filled);
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
  char *buffer = malloc(BUFFER_SIZE);
  WxAhead ahead = {.fd = fd};
  int result = buffer ? read_all(maps, &ahead, buffer) : -ENOMEM;
  wx_ahead_end(&ahead);
  free(buffer);
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
