#include "measure/smaps.h"

#include "measure/ahead.h"
#include "measure/maps_line.h"
#include "os/large.h"
#include "os/os.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUFFER_SIZE = 128 * 1024, FIRST_CAPACITY = 1024, PATH_SIZE = 64, KIBIBYTE = 1024 };

#define KEY(NAME, MEMBER)                                                                          \
  { NAME ":", sizeof NAME, offsetof(WxResidency, MEMBER) }

// The lines that are wanted; every other line of an entry is passed over.
static const struct {
  const char *name;
  size_t length;
  size_t member;
} keys[] = {
    KEY("Rss", rss),
    KEY("Pss", pss),
    KEY("Shared_Clean", shared_clean),
    KEY("Shared_Dirty", shared_dirty),
    KEY("Private_Clean", private_clean),
    KEY("Private_Dirty", private_dirty),
    KEY("Anonymous", anonymous),
    KEY("Swap", swap),
    KEY("SwapPss", swap_pss),
    {"VmFlags:", 8, 0}, // Last in each entry, and last here.
};
enum { KEYS = sizeof keys / sizeof *keys, FLAGS_KEY = KEYS - 1, ALL_KEYS = (1 << KEYS) - 1 };

// Where the keys of an entry stand, counted from the end of its first line. The kernel prints
// numbers in columns, so the next entry is nearly always like the one before.
typedef struct {
  size_t place[KEYS];
  size_t lines;
} Layout;

typedef struct {
  WxSmaps *smaps;
  char *buffer;
  size_t filled;
  size_t line;       // Of the file, from 1, that comes next.
  unsigned seen;     // Bits of the keys of the entry being read.
  const char *entry; // Where its keys begin in the buffer; NULL where that was another buffer.
  Layout current;    // Of the entry being read.
  Layout known;      // Of the last that was read line by line;
  bool learnt;       // if there was one.
} Parser;

static uint64_t *member_of(WxResidency *residency, size_t key) {
  return (uint64_t *)(void *)((char *)residency + keys[key].member);
}

// "      123 kB\n" at `at`; returns what follows it, NULL where it is something else.
static const char *take_size(const char *at, uint64_t *bytes) {
  while (*at == ' ')
    ++at;
  const char *from = at;
  uint64_t number = 0;
  for (; *at >= '0' && *at <= '9'; ++at)
    number = number * 10 + (uint64_t)(*at - '0');
  if (at == from || at - from > 15 || at[0] != ' ' || at[1] != 'k' || at[2] != 'B')
    return NULL;
  at += 3;
  if (*at == '\r')
    ++at;
  *bytes = number * KIBIBYTE;
  return *at == '\n' ? at + 1 : NULL;
}

// Whether the flag "nr" is among the two-letter words from `at` to the end of the line.
static bool has_no_reserve(const char *at, const char *newline) {
  for (; at + 2 < newline + 1; ++at)
    if (at[0] == 'n' && at[1] == 'r' && at[-1] == ' ' && (at + 2 == newline || at[2] <= ' '))
      return true;
  return false;
}

static int make_room(WxSmaps *smaps) {
  if (smaps->count < smaps->capacity)
    return 0;
  const size_t wanted = smaps->capacity ? smaps->capacity * 2 : FIRST_CAPACITY;
  WxMapping *items =
      wx_large_grow(smaps->items, smaps->count * sizeof *items, wanted * sizeof *items);
  if (!items)
    return -ENOMEM;
  smaps->items = items;
  WxResidency *residency =
      wx_large_grow(smaps->residency, smaps->count * sizeof *residency, wanted * sizeof *residency);
  if (!residency)
    return -ENOMEM;
  smaps->residency = residency;
  smaps->capacity = wanted;
  return 0;
}

// An entry is whole with its last line; a file that was cut ends without.
static bool is_whole(const Parser *parser) {
  return parser->seen & 1U && parser->seen & 1U << FLAGS_KEY;
}

static const char *close_entry(const Parser *parser) {
  if (!parser->smaps->count || is_whole(parser))
    return NULL;
  return parser->seen ? "the entry of the mapping before is cut short"
                      : "expected the line Rss: of the mapping before (is this a maps file?)";
}

static int open_entry(Parser *parser, char *line, char *newline, const char **reason) {
  WxSmaps *smaps = parser->smaps;
  *reason = close_entry(parser);
  if (*reason)
    return -EINVAL;
  if (make_room(smaps))
    return -ENOMEM;
  WxMapping *mapping = &smaps->items[smaps->count];
  *reason = wx_maps_parse_line(line, newline, mapping);
  if (!*reason && smaps->count)
    *reason = wx_maps_follow(mapping - 1, mapping);
  if (*reason)
    return -EINVAL;
  mapping->path = wx_name_pool_find(&smaps->names, mapping->path, strlen(mapping->path));
  if (!mapping->path)
    return -ENOMEM;
  smaps->residency[smaps->count++] = (WxResidency){0};
  parser->seen = 0;
  parser->entry = newline + 1;
  parser->current.lines = 0;
  return 0;
}

// Reads the entry at `at` where the one before it had its keys; returns what follows it, or NULL
// where it is not alike or not wholly in the buffer.
static char *take_known_entry(Parser *parser, char *at, const char *end) {
  const Layout *known = &parser->known;
  if (!parser->learnt || known->place[FLAGS_KEY] + keys[FLAGS_KEY].length >= (size_t)(end - at))
    return NULL;
  WxResidency read = {0};
  for (size_t i = 0; i < FLAGS_KEY; ++i) {
    const char *line = at + known->place[i];
    if (line[-1] != '\n' || memcmp(line, keys[i].name, keys[i].length) != 0 ||
        !take_size(line + keys[i].length, member_of(&read, i)))
      return NULL;
  }
  char *flags = at + known->place[FLAGS_KEY];
  if (flags[-1] != '\n' || memcmp(flags, keys[FLAGS_KEY].name, keys[FLAGS_KEY].length) != 0)
    return NULL;
  char *newline = memchr(flags, '\n', (size_t)(end - flags));
  if (!newline)
    return NULL;
  read.no_reserve = has_no_reserve(flags + keys[FLAGS_KEY].length, newline);
  parser->smaps->residency[parser->smaps->count - 1] = read;
  parser->seen = ALL_KEYS;
  parser->line += known->lines;
  return newline + 1;
}

static void learn_layout(Parser *parser) {
  if (!parser->entry || parser->seen != ALL_KEYS)
    return;
  parser->known = parser->current;
  parser->learnt = true;
}

// The line of key `i` of the entry being read, its value at `value`.
static const char *take_wanted(Parser *parser, size_t i, const char *line, const char *value,
                               const char *newline) {
  WxResidency *residency = &parser->smaps->residency[parser->smaps->count - 1];
  if (parser->seen & 1U << i)
    return "expected each line of an entry once";
  parser->seen |= 1U << i;
  if (parser->entry)
    parser->current.place[i] = (size_t)(line - parser->entry);
  if (i < FLAGS_KEY)
    return take_size(value, member_of(residency, i)) ? NULL : "expected a size such as `4 kB`";
  residency->no_reserve = has_no_reserve(value, newline);
  learn_layout(parser);
  return NULL;
}

// One line `Key: value` of the entry being read.
static const char *take_key(Parser *parser, const char *line, const char *newline) {
  const char *colon = memchr(line, ':', (size_t)(newline - line));
  if (!parser->smaps->count)
    return "expected START-END in hexadecimal";
  if (*line < 'A' || *line > 'Z' || !colon)
    return "expected a mapping or a line such as `Rss: 4 kB`";
  ++parser->current.lines;
  for (size_t i = 0; i < KEYS; ++i)
    if ((size_t)(colon + 1 - line) == keys[i].length && !memcmp(line, keys[i].name, keys[i].length))
      return take_wanted(parser, i, line, colon + 1, newline);
  return NULL;
}

static bool is_hexadecimal(char character) {
  return (character >= '0' && character <= '9') || (character >= 'a' && character <= 'f');
}

// Reads the whole lines of the buffer and keeps the rest. Returns 0, -EINVAL with `reason`,
// -ENOMEM.
static int take_lines(Parser *parser, const char **reason) {
  char *at = parser->buffer;
  const char *const end = parser->buffer + parser->filled;
  parser->entry = NULL;
  for (char *newline; (newline = memchr(at, '\n', (size_t)(end - at)));) {
    const bool opens = is_hexadecimal(*at);
    int result = 0;
    if (opens)
      result = open_entry(parser, at, newline, reason);
    else if ((*reason = take_key(parser, at, newline)))
      result = -EINVAL;
    if (result)
      return result;
    ++parser->line;
    char *known = opens ? take_known_entry(parser, newline + 1, end) : NULL;
    at = known ? known : newline + 1;
  }
  parser->filled = (size_t)(end - at);
  memmove(parser->buffer, at, parser->filled);
  return 0;
}

static int finish(Parser *parser, const char **reason) {
  *reason = parser->filled ? "the last line is cut short" : close_entry(parser);
  return *reason ? -EINVAL : 0;
}

// Takes `got` more bytes of the buffer.
static int take_more(Parser *parser, size_t got, const char **reason) {
  parser->filled += got;
  parser->buffer[parser->filled] = '\0'; // No number runs past it.
  return take_lines(parser, reason);
}

static int parse_all(Parser *parser, WxAhead *ahead, const char **reason) {
  for (;;) {
    if (parser->filled == BUFFER_SIZE) {
      *reason = "expected a shorter line";
      return -EINVAL;
    }
    const ssize_t got =
        wx_ahead_read(ahead, parser->buffer + parser->filled, BUFFER_SIZE - parser->filled);
    if (got <= 0)
      return got < 0 ? (int)got : finish(parser, reason);
    const int result = take_more(parser, (size_t)got, reason);
    if (result)
      return result;
  }
}

int wx_smaps_parse(WxSmaps *smaps, int fd, WxDamage *damage) {
  Parser parser = {.smaps = smaps, .buffer = malloc(BUFFER_SIZE + 1), .line = 1};
  smaps->count = 0;
  *damage = (WxDamage){0};
  if (!parser.buffer)
    return -ENOMEM;
  WxAhead ahead = {.fd = fd};
  const char *reason = NULL;
  const int result = parse_all(&parser, &ahead, &reason);
  wx_ahead_end(&ahead);
  if (reason)
    *damage = (WxDamage){.line = parser.line, .reason = reason};
  // What stood before the damage is kept: whole entries only.
  if (result == -EINVAL && smaps->count && !is_whole(&parser))
    --smaps->count;
  free(parser.buffer);
  return result;
}

int wx_smaps_load(WxSmaps *smaps, const char *path, WxDamage *damage) {
  smaps->count = 0;
  *damage = (WxDamage){0};
  const int fd = wx_os_open(path, O_RDONLY, 0);
  if (fd < 0)
    return fd;
  int result = wx_smaps_parse(smaps, fd, damage);
  const int closed = wx_os_close(fd);
  if (closed) // A close that was made to fail was not made: the descriptor must not stay behind.
    (void)wx_os_close(fd);
  return result ? result : closed;
}

int wx_smaps_read(WxSmaps *smaps, pid_t pid) {
  char path[PATH_SIZE];
  if (pid)
    snprintf(path, sizeof path, "/proc/%d/smaps", (int)pid);
  else
    snprintf(path, sizeof path, "/proc/self/smaps");
  WxDamage damage;
  return wx_smaps_load(smaps, path, &damage);
}

void wx_smaps_free(WxSmaps *smaps) {
  free(smaps->items);
  free(smaps->residency);
  wx_name_pool_free(&smaps->names);
  *smaps = (WxSmaps){0};
}
