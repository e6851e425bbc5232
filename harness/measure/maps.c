#include "measure/maps.h"

#include "measure/maps_line.h"
#include "measure/pieces.h"
#include "os/large.h"
#include "os/os.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_SIZE = 64, READ_TRIES = 3 };

typedef struct {
  WxMaps *maps;
  WxMapsTail tail;
  bool bounded;       // A file that somebody saved.
  const char *reason; // What is wrong with it.
} Parser;

// Appends the mapping on the line from `line` to `newline`. Returns 0, -EINVAL with the reason,
// -ENOMEM.
static int append_line(Parser *parser, char *line, char *newline) {
  WxMaps *maps = parser->maps;
  if (maps->most_bytes && maps->count * sizeof *maps->items + maps->names.bytes >= maps->most_bytes)
    return -E2BIG;
  WxMapping *items = wx_large_grown(maps->items, &maps->capacity, maps->count, sizeof *items);
  if (!items)
    return -ENOMEM;
  maps->items = items;
  WxMapping *mapping = &items[maps->count];
  WxMapping *previous = maps->count ? mapping - 1 : NULL;
  parser->reason = parser->bounded ? wx_maps_exceed(&maps->names) : NULL;
  if (parser->reason)
    return -EINVAL;
  const int result = wx_maps_take_line(line, newline, previous, mapping, &parser->tail,
                                       &maps->names, &parser->reason);
  if (result)
    return result;
  ++maps->lines;
  const WxMappingFate fate =
      parser->bounded ? wx_maps_place(maps->count, previous, mapping) : WX_MAPPING_KEPT;
  maps->count += fate == WX_MAPPING_KEPT;
  maps->left_out += fate == WX_MAPPING_COUNTED;
  return 0;
}

// Appends the whole lines of a piece, and says how much of it is left.
static int take_lines(Parser *parser, char *piece, size_t size, size_t *left) {
  char *line = piece;
  const char *const end = piece + size;
  parser->tail = (WxMapsTail){0};
  for (char *newline; (newline = memchr(line, '\n', (size_t)(end - line))); line = newline + 1) {
    const int result = append_line(parser, line, newline);
    if (result)
      return result;
  }
  *left = (size_t)(end - line);
  return 0;
}

// The last line, of `size` bytes at `line`, has no newline. It counts where nothing is missing that
// a line must have.
static int take_last(Parser *parser, char *line, size_t size) {
  parser->maps->open_ended = true;
  const int result = append_line(parser, line, line + size);
  if (result == -EINVAL)
    parser->reason = "the last line is cut short";
  return result;
}

static int read_all(Parser *parser, WxPieces *pieces) {
  size_t left = 0;
  for (char *piece;;) {
    const ssize_t size = wx_pieces_next(pieces, left, &piece);
    if (size == 0 && left)
      return take_last(parser, piece, left);
    if (size == -E2BIG)
      parser->reason = "expected a shorter line";
    if (size <= 0)
      return parser->reason ? -EINVAL : (int)size;
    const int result = take_lines(parser, piece, (size_t)size, &left);
    if (result)
      return result;
  }
}

static int parse(WxMaps *maps, int fd, bool bounded, WxDamage *damage) {
  WxPieces pieces = {.fd = fd};
  Parser parser = {.maps = maps, .bounded = bounded};
  maps->count = maps->lines = maps->left_out = 0;
  maps->open_ended = false;
  const int result = read_all(&parser, &pieces);
  wx_pieces_end(&pieces);
  *damage = (WxDamage){0};
  if (parser.reason)
    *damage = (WxDamage){.line = maps->lines + 1, .reason = parser.reason};
  return result;
}

static int load(WxMaps *maps, const char *path, bool bounded, WxDamage *damage) {
  maps->count = maps->lines = maps->left_out = 0;
  *damage = (WxDamage){0};
  const int fd = wx_os_open(path, O_RDONLY, 0);
  if (fd < 0)
    return fd;
  const int result = parse(maps, fd, bounded, damage);
  const int closed = wx_os_close(fd);
  return result ? result : closed;
}

int wx_maps_parse(WxMaps *maps, int fd, WxDamage *damage) {
  return parse(maps, fd, true, damage);
}

int wx_maps_load(WxMaps *maps, const char *path, WxDamage *damage) {
  return load(maps, path, true, damage);
}

int wx_maps_read(WxMaps *maps, pid_t pid) {
  char path[PATH_SIZE];
  if (pid)
    snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
  else
    snprintf(path, sizeof path, "/proc/self/maps");
  WxDamage damage;
  int result = -EINVAL;
  for (int i = 0; i < READ_TRIES && result == -EINVAL; ++i)
    result = load(maps, path, false, &damage);
  return result == -EINVAL ? -EBUSY : result;
}

bool wx_maps_are_narrow(const WxMaps *maps) {
  return sizeof(void *) == 8 && maps->count &&
         maps->items[maps->count - 1].end <= UINT64_C(1) << 32;
}

void wx_maps_free(WxMaps *maps) {
  wx_name_pool_free(&maps->names);
  free(maps->items);
  *maps = (WxMaps){0};
}
