#include "measure/smaps.h"

#include "measure/maps.h"
#include "measure/pieces.h"
#include "os/large.h"
#include "os/os.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One entry
 * -------------------------------------------------------------------------------------------------
 */

enum { KIBIBYTE = 1024, MOST_DIGITS = 15 };

#define KEY(NAME, MEMBER)                                                                          \
  { NAME ":", sizeof NAME, offsetof(WxResidency, MEMBER) }

static const struct {
  const char *name;
  size_t length;
  size_t member;
} keys[WX_SMAPS_KEYS] = {
    KEY("Rss", rss),    KEY("Pss", pss), KEY("Swap", swap), KEY("Anonymous", anonymous),
    {"VmFlags:", 8, 0}, // Last in each entry, and last here.
};
enum { FLAGS_KEY = WX_SMAPS_KEYS - 1, ALL_KEYS = (1 << WX_SMAPS_KEYS) - 1 };

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
  if (at == from || at - from > MOST_DIGITS || at[0] != ' ' || at[1] != 'k' || at[2] != 'B')
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

void wx_smaps_entry_begin(WxSmapsEntry *entry, WxResidency *residency, const char *text) {
  *residency = (WxResidency){.anonymous = WX_NOT_SAID};
  entry->residency = residency;
  entry->seen = 0;
  entry->text = text;
  entry->layout.lines = 0;
}

bool wx_smaps_entry_is_whole(const WxSmapsEntry *entry) {
  return entry->seen & 1U && entry->seen & 1U << FLAGS_KEY;
}

static bool is_key(const char *line, size_t key) {
  return line[-1] == '\n' && !memcmp(line, keys[key].name, keys[key].length);
}

char *wx_smaps_entry_take_known(WxSmapsEntry *entry, char *at, const char *end, size_t *line) {
  const WxSmapsLayout *known = &entry->known;
  if (!entry->learnt || known->place[FLAGS_KEY] + keys[FLAGS_KEY].length >= (size_t)(end - at))
    return NULL;
  WxResidency read = {0};
  for (size_t i = 0; i < FLAGS_KEY; ++i) {
    const char *place = at + known->place[i];
    if (!is_key(place, i) || !take_size(place + keys[i].length, member_of(&read, i)))
      return NULL;
  }
  char *flags = at + known->place[FLAGS_KEY];
  char *newline = is_key(flags, FLAGS_KEY) ? memchr(flags, '\n', (size_t)(end - flags)) : NULL;
  if (!newline)
    return NULL;
  read.no_reserve = has_no_reserve(flags + keys[FLAGS_KEY].length, newline);
  *entry->residency = read;
  entry->seen = ALL_KEYS;
  *line += known->lines;
  return newline + 1;
}

// The line of key `i`, its value at `value`.
static const char *take_wanted(WxSmapsEntry *entry, size_t i, const char *line, const char *value,
                               const char *newline) {
  if (entry->seen & 1U << i)
    return "expected each line of an entry once";
  entry->seen |= 1U << i;
  if (entry->text)
    entry->layout.place[i] = (size_t)(line - entry->text);
  if (i < FLAGS_KEY)
    return take_size(value, member_of(entry->residency, i)) ? NULL
                                                            : "expected a size such as `4 kB`";
  entry->residency->no_reserve = has_no_reserve(value, newline);
  if (entry->text && entry->seen == ALL_KEYS) {
    entry->known = entry->layout;
    entry->learnt = true;
  }
  return NULL;
}

const char *wx_smaps_entry_take(WxSmapsEntry *entry, const char *line, const char *newline) {
  const char *colon = memchr(line, ':', (size_t)(newline - line));
  if (!entry->residency)
    return "expected START-END in hexadecimal";
  if (*line < 'A' || *line > 'Z' || !colon)
    return "expected a mapping or a line such as `Rss: 4 kB`";
  ++entry->layout.lines;
  for (size_t i = 0; i < WX_SMAPS_KEYS; ++i)
    if ((size_t)(colon + 1 - line) == keys[i].length && !memcmp(line, keys[i].name, keys[i].length))
      return take_wanted(entry, i, line, colon + 1, newline);
  return NULL;
}

/* All of them
 * -------------------------------------------------------------------------------------------------
 */

enum { PATH_SIZE = 64 };

typedef struct {
  WxSmaps *smaps;
  WxSmapsEntry entry; // Being read.
  WxMapsTail tail;
  size_t line;        // Of the file, from 1, that comes next.
  bool bounded;       // A file that somebody saved.
  const char *reason; // What is wrong with it.
} Parser;

// Where the next mapping goes; NULL where there is no memory.
static WxMapping *make_room(WxSmaps *smaps) {
  WxMapping *items = wx_large_grown(smaps->items, &smaps->capacity, smaps->count, sizeof *items);
  if (!items)
    return NULL;
  smaps->items = items;
  WxResidency *residency =
      wx_large_grown(smaps->residency, &smaps->residency_capacity, smaps->count, sizeof *residency);
  if (!residency)
    return NULL;
  smaps->residency = residency;
  return &smaps->items[smaps->count];
}

static const char *close_entry(const Parser *parser) {
  if (!parser->smaps->count || wx_smaps_entry_is_whole(&parser->entry))
    return NULL;
  return parser->entry.seen ? "the entry of the mapping before is cut short"
                            : "expected the line Rss: of the mapping before (is this a maps file?)";
}

// What no longer fits, of a file that is no kernel's, is the most there is: WX_NOT_SAID.
static uint64_t plus(uint64_t a, uint64_t b) {
  uint64_t sum;
  return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

static void join(WxResidency *sum, const WxResidency *part) {
  sum->rss = plus(sum->rss, part->rss);
  sum->pss = plus(sum->pss, part->pss);
  sum->swap = plus(sum->swap, part->swap);
  sum->anonymous = plus(sum->anonymous, part->anonymous);
}

// Where the list is full the entry just read goes into the one before it, or is counted only.
static void place_entry(WxSmaps *smaps) {
  if (smaps->count < 2)
    return;
  const size_t last = smaps->count - 1;
  const WxMappingFate fate = wx_maps_place(last, &smaps->items[last - 1], &smaps->items[last]);
  if (fate == WX_MAPPING_KEPT)
    return;
  if (fate == WX_MAPPING_JOINED)
    join(&smaps->residency[last - 1], &smaps->residency[last]);
  smaps->left_out += fate == WX_MAPPING_COUNTED;
  smaps->count = last;
}

static int open_entry(Parser *parser, char *line, char *newline) {
  WxSmaps *smaps = parser->smaps;
  parser->reason = close_entry(parser);
  if (!parser->reason && parser->bounded)
    parser->reason = wx_maps_exceed(&smaps->names);
  if (parser->reason)
    return -EINVAL;
  if (parser->bounded)
    place_entry(smaps);
  WxMapping *mapping = make_room(smaps);
  if (!mapping)
    return -ENOMEM;
  const WxMapping *previous = smaps->count ? mapping - 1 : NULL;
  const int result = wx_maps_take_line(line, newline, previous, mapping, &parser->tail,
                                       &smaps->names, &parser->reason);
  if (result)
    return result;
  ++smaps->lines;
  wx_smaps_entry_begin(&parser->entry, &smaps->residency[smaps->count++], newline + 1);
  return 0;
}

static bool is_hexadecimal(char character) {
  return (character >= '0' && character <= '9') || (character >= 'a' && character <= 'f');
}

// Takes the line at `*at`, and of a mapping all of its lines that look as they did before.
static int take_line(Parser *parser, char **at, char *newline, const char *end) {
  if (!is_hexadecimal(**at)) {
    parser->reason = wx_smaps_entry_take(&parser->entry, *at, newline);
    *at = newline + 1;
    parser->line += !parser->reason;
    return parser->reason ? -EINVAL : 0;
  }
  const int result = open_entry(parser, *at, newline);
  if (result)
    return result;
  ++parser->line;
  char *known = wx_smaps_entry_take_known(&parser->entry, newline + 1, end, &parser->line);
  *at = known ? known : newline + 1;
  return 0;
}

// Reads the whole lines of a piece, and says how much of it is left.
static int take_lines(Parser *parser, char *piece, size_t size, size_t *left) {
  char *at = piece;
  const char *const end = piece + size;
  piece[size] = '\0'; // No number runs past it.
  parser->entry.text = NULL;
  parser->tail = (WxMapsTail){0};
  for (char *newline; (newline = memchr(at, '\n', (size_t)(end - at)));) {
    const int result = take_line(parser, &at, newline, end);
    if (result)
      return result;
  }
  *left = (size_t)(end - at);
  return 0;
}

// The last line, of `size` bytes at `line`, has no newline. It counts where it ends the file well.
static const char *take_last(Parser *parser, char *line, size_t size) {
  if (is_hexadecimal(*line))
    return "the last line is cut short";
  line[size] = '\n';
  const char *reason = wx_smaps_entry_take(&parser->entry, line, line + size);
  reason = reason ? reason : close_entry(parser);
  return reason ? "the last line is cut short" : NULL;
}

static int parse_all(Parser *parser, WxPieces *pieces) {
  size_t left = 0;
  for (char *piece;;) {
    const ssize_t size = wx_pieces_next(pieces, left, &piece);
    if (size == 0)
      parser->reason = left ? take_last(parser, piece, left) : close_entry(parser);
    else if (size == -E2BIG)
      parser->reason = "expected a shorter line";
    if (size <= 0)
      return parser->reason ? -EINVAL : (int)size;
    const int result = take_lines(parser, piece, (size_t)size, &left);
    if (result)
      return result;
  }
}

static int parse(WxSmaps *smaps, int fd, bool bounded, WxDamage *damage) {
  Parser parser = {.smaps = smaps, .line = 1, .bounded = bounded};
  WxPieces pieces = {.fd = fd};
  smaps->count = smaps->lines = smaps->left_out = 0;
  const int result = parse_all(&parser, &pieces);
  wx_pieces_end(&pieces);
  *damage = (WxDamage){0};
  if (parser.reason)
    *damage = (WxDamage){.line = parser.line, .reason = parser.reason};
  // What stood before the damage is kept: whole entries only.
  if (result == -EINVAL && smaps->count && !wx_smaps_entry_is_whole(&parser.entry))
    --smaps->count, --smaps->lines;
  if (!result && bounded)
    place_entry(smaps);
  return result;
}

static int load(WxSmaps *smaps, const char *path, bool bounded, WxDamage *damage) {
  smaps->count = smaps->lines = smaps->left_out = 0;
  *damage = (WxDamage){0};
  const int fd = wx_os_open(path, O_RDONLY, 0);
  if (fd < 0)
    return fd;
  int result = parse(smaps, fd, bounded, damage);
  const int closed = wx_os_close(fd);
  return result ? result : closed;
}

int wx_smaps_append(WxSmaps *smaps, const WxMapping *mapping, const char *name, size_t length,
                    const char **reason) {
  *reason = wx_maps_exceed(&smaps->names);
  if (*reason)
    return -EINVAL;
  place_entry(smaps);
  WxMapping *added = make_room(smaps);
  const char *path = added ? wx_name_pool_find(&smaps->names, name, length) : NULL;
  if (!path)
    return -ENOMEM;
  *added = *mapping;
  added->path = path;
  smaps->residency[smaps->count++] = (WxResidency){0};
  ++smaps->lines;
  return 0;
}

int wx_smaps_parse(WxSmaps *smaps, int fd, WxDamage *damage) {
  return parse(smaps, fd, true, damage);
}

int wx_smaps_load(WxSmaps *smaps, const char *path, WxDamage *damage) {
  return load(smaps, path, true, damage);
}

int wx_smaps_read(WxSmaps *smaps, pid_t pid) {
  char path[PATH_SIZE];
  if (pid)
    snprintf(path, sizeof path, "/proc/%d/smaps", (int)pid);
  else
    snprintf(path, sizeof path, "/proc/self/smaps");
  WxDamage damage;
  return load(smaps, path, false, &damage);
}

void wx_smaps_free(WxSmaps *smaps) {
  free(smaps->items);
  free(smaps->residency);
  wx_name_pool_free(&smaps->names);
  *smaps = (WxSmaps){0};
}
