#include "measure/maps.h"

#include "measure/maps_line.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 512, TYPICAL_LINE = 64, PATH_SIZE = 64 };

static int make_room(WxMaps *maps, size_t wanted) {
  if (wanted <= maps->capacity)
    return 0;
  WxMapping *items = reallocarray(maps->items, wanted, sizeof *items);
  if (!items)
    return -ENOMEM;
  maps->items = items;
  maps->capacity = wanted;
  return 0;
}

// The mapping on the line from `line` to `newline`, or to `end` where the file has no newline.
static const char *append_line(WxMaps *maps, char *line, char *newline, WxMapping *mapping) {
  if (!newline)
    return "the last line is cut short";
  const char *reason = wx_maps_parse_line(line, newline, mapping);
  if (!reason && maps->count)
    reason = wx_maps_follow(&maps->items[maps->count - 1], mapping);
  return reason;
}

int wx_maps_parse(WxMaps *maps, WxDamage *damage) {
  maps->count = 0;
  *damage = (WxDamage){0};
  int result = make_room(maps, maps->text.length / TYPICAL_LINE + FIRST_CAPACITY);
  char *const end = maps->text.data ? maps->text.data + maps->text.length : NULL;
  char *line = maps->text.data;
  while (!result && line < end) {
    char *newline = memchr(line, '\n', (size_t)(end - line));
    if (maps->count == maps->capacity)
      result = make_room(maps, maps->capacity * 2);
    if (result)
      break;
    const char *reason = append_line(maps, line, newline, &maps->items[maps->count]);
    if (reason) {
      *damage = (WxDamage){.line = maps->count + 1, .reason = reason};
      return -EINVAL;
    }
    ++maps->count;
    line = newline + 1;
  }
  return result;
}

int wx_maps_read(WxMaps *maps, pid_t pid) {
  char path[PATH_SIZE];
  if (pid)
    snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
  else
    snprintf(path, sizeof path, "/proc/self/maps");
  maps->count = 0;
  const int result = wx_text_read(&maps->text, path);
  WxDamage damage;
  return result ? result : wx_maps_parse(maps, &damage);
}

void wx_maps_free(WxMaps *maps) {
  wx_text_free(&maps->text);
  free(maps->items);
  *maps = (WxMaps){0};
}
