#include "measure/maps_line.h"

#include <errno.h>
#include <string.h>

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
  if (count < WX_MAPPINGS_MAX)
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
