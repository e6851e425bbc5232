#include "measure/smaps_entry.h"

#include <stddef.h>
#include <string.h>

enum { KIBIBYTE = 1024, MOST_DIGITS = 15 };

#define KEY(NAME, MEMBER)                                                                          \
  { NAME ":", sizeof NAME, offsetof(WxResidency, MEMBER) }

static const struct {
  const char *name;
  size_t length;
  size_t member;
} keys[WX_SMAPS_KEYS] = {
    KEY("Rss", rss),
    KEY("Pss", pss),
    KEY("Swap", swap),
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
  *residency = (WxResidency){0};
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
