#include "measure/maps.h"

#include "measure/pieces.h"
#include "os/large.h"
#include "os/os.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One line
 * -------------------------------------------------------------------------------------------------
 */

enum { HEX_DIGITS = 16 };

// The value of a hexadecimal digit, one more than it, so that 0 is "no digit".
static const uint8_t digit_values[256] = {
    ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
    ['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
    ['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
};

// Each of these moves `*at` behind what it read and returns whether it was there. No line holds a
// character that they take across its end, so none looks for it.

static bool take_hexadecimal(const char **at, uint64_t *value) {
  const char *from = *at, *to = from;
  uint64_t number = 0;
  for (uint8_t digit; (digit = digit_values[(uint8_t)*to]); ++to)
    number = number << 4 | (uint64_t)(digit - 1);
  *value = number;
  *at = to;
  return to > from && to - from <= HEX_DIGITS;
}

static bool take_decimal(const char **at, uint64_t *value) {
  const char *from = *at;
  uint64_t number = 0;
  for (; **at >= '0' && **at <= '9'; ++*at)
    if (__builtin_mul_overflow(number, 10, &number) ||
        __builtin_add_overflow(number, (uint64_t)(**at - '0'), &number))
      return false;
  *value = number;
  return *at > from;
}

static bool take(const char **at, char expected) {
  const bool there = **at == expected;
  *at += there;
  return there;
}

static bool take_flag(const char **at, char set, uint8_t bit, uint8_t *bits) {
  if (take(at, set)) {
    *bits |= bit;
    return true;
  }
  return take(at, '-');
}

static bool take_protection(const char **at, WxMapping *mapping) {
  if (!take_flag(at, 'r', WX_READ, &mapping->protection) ||
      !take_flag(at, 'w', WX_WRITE, &mapping->protection) ||
      !take_flag(at, 'x', WX_EXECUTE, &mapping->protection))
    return false;
  mapping->shared = take(at, 's');
  return mapping->shared || take(at, 'p');
}

static bool take_device(const char **at, WxMapping *mapping) {
  uint64_t major, minor;
  if (!take_hexadecimal(at, &major) || !take(at, ':') || !take_hexadecimal(at, &minor) ||
      major > UINT32_MAX || minor > UINT32_MAX)
    return false;
  mapping->major = (uint32_t)major;
  mapping->minor = (uint32_t)minor;
  return true;
}

static const char *take_tail(const char *at, const char *newline, WxMapping *mapping) {
  if (!take_device(&at, mapping) || !take(&at, ' '))
    return "expected a device such as 00:01";
  if (!take_decimal(&at, &mapping->inode) || (at < newline && *at != ' '))
    return "expected an inode number";
  while (*at == ' ')
    ++at;
  mapping->path = at;
  return NULL;
}

static void copy_tail(const WxMapping *previous, WxMapping *mapping) {
  mapping->major = previous->major;
  mapping->minor = previous->minor;
  mapping->inode = previous->inode;
  mapping->path = previous->path;
}

// All before the device.
static const char *take_head(const char **at, WxMapping *mapping) {
  *mapping = (WxMapping){0};
  if (!take_hexadecimal(at, &mapping->start) || !take(at, '-') ||
      !take_hexadecimal(at, &mapping->end) || !take(at, ' '))
    return "expected START-END in hexadecimal";
  if (mapping->end <= mapping->start)
    return "expected an end above the start";
  if (!take_protection(at, mapping) || !take(at, ' '))
    return "expected a protection such as r-xp";
  if (!take_hexadecimal(at, &mapping->offset) || !take(at, ' '))
    return "expected a file offset in hexadecimal";
  return NULL;
}

// Ends the line with a NUL. Returns where.
static char *close_line(const char *line, char *newline) {
  *newline = '\0';
  if (newline > line && newline[-1] == '\r')
    *--newline = '\0';
  return newline;
}

// As wx_maps_parse_line(), for a line that may end as the one before does.
static const char *parse_after(char *line, const char *end, const WxMapping *previous,
                               WxMapping *mapping, WxMapsTail *tail) {
  const char *at = line;
  const char *reason = take_head(&at, mapping);
  if (reason)
    return reason;
  const WxMapsTail own = {at, (size_t)(end - at)};
  if (previous && tail->text && own.size == tail->size && !memcmp(at, tail->text, own.size)) {
    copy_tail(previous, mapping);
    return NULL;
  }
  reason = take_tail(at, end, mapping);
  if (!reason)
    *tail = own;
  return reason;
}

const char *wx_maps_parse_line(char *line, char *newline, WxMapping *mapping) {
  WxMapsTail none = {0};
  return parse_after(line, close_line(line, newline), NULL, mapping, &none);
}

int wx_maps_take_line(char *line, char *newline, const WxMapping *previous, WxMapping *mapping,
                      WxMapsTail *tail, WxNamePool *names, const char **reason) {
  const char *end = close_line(line, newline);
  *reason = parse_after(line, end, previous, mapping, tail);
  if (!*reason && previous)
    *reason = wx_maps_follow(previous, mapping);
  if (*reason)
    return -EINVAL;
  if (!previous || mapping->path != previous->path)
    mapping->path = wx_name_pool_find(names, mapping->path, (size_t)(end - mapping->path));
  return mapping->path ? 0 : -ENOMEM;
}

const char *wx_maps_exceed(const WxNamePool *names) {
  if (names->count >= WX_NAMES_MAX || names->bytes >= WX_NAMES_BYTES_MAX)
    return "expected at most 262,144 different names of 32 MiB together";
  return NULL;
}

static bool is_data(const WxMapping *mapping) {
  return mapping->path[0] == '/' && strncmp(mapping->path, "/memfd:", 7) != 0 &&
         !(mapping->protection & WX_EXECUTE);
}

WxMappingFate wx_maps_place(size_t count, WxMapping *previous, const WxMapping *mapping) {
  if (count < WX_MAPPINGS_MAX || !previous)
    return WX_MAPPING_KEPT;
  if (previous->end == mapping->start && is_data(previous) && is_data(mapping)) {
    previous->end = mapping->end;
    return WX_MAPPING_JOINED;
  }
  return count < WX_MAPPINGS_KEPT ? WX_MAPPING_KEPT : WX_MAPPING_COUNTED;
}

const char *wx_maps_follow(const WxMapping *previous, WxMapping *mapping) {
  if (mapping->start >= previous->end)
    return NULL;
  if (mapping->start < previous->start || mapping->end <= previous->end)
    return "expected an address above those of the line before";
  if (mapping->inode)
    mapping->offset += previous->end - mapping->start;
  mapping->start = previous->end;
  return NULL;
}

/* All of them
 * -------------------------------------------------------------------------------------------------
 */

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
