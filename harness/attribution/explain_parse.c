#include "attribution/explain.h"

#include "measure/maps.h"

#include <string.h>

enum { FEWEST_DIGITS = 5, MOST_DIGITS = 16 };

// Words of debuggers (and the kernel's four characters) that say what may be done with a range.
static const struct {
  const char *word;
  int protection;
} words[] = {
    {"PAGE_READWRITE", WX_READ | WX_WRITE},
    {"PAGE_READONLY", WX_READ},
    {"PAGE_EXECUTE_READ", WX_READ | WX_EXECUTE},
    {"PAGE_EXECUTE_READWRITE", WX_READ | WX_WRITE | WX_EXECUTE},
    {"PAGE_EXECUTE", WX_EXECUTE},
    {"PAGE_NOACCESS", 0},
    {"PAGE_UNKNOWN", WX_PROTECTION_NOTHING},
    {"UNKNOWN", WX_PROTECTION_NOTHING},
    {"RW", WX_READ | WX_WRITE},
    {"RX", WX_READ | WX_EXECUTE},
};

static bool is_separator(char character) {
  return strchr(" \t\r\n|;,", character) != NULL; // NUL is one, too.
}

static int digit_of(char character) {
  if (character >= '0' && character <= '9')
    return character - '0';
  const char lower = (char)(character | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// Reads an address at `at`, "0x" before and backticks inside allowed. Returns its end, or NULL.
static const char *take_address(const char *at, uint64_t *address) {
  if (at[0] == '0' && (at[1] == 'x' || at[1] == 'X'))
    at += 2;
  int digits = 0;
  *address = 0;
  for (;; ++at) {
    const int digit = digit_of(*at);
    if (digit < 0 && (*at != '`' || !digits))
      break;
    if (digit < 0)
      continue;
    if (++digits > MOST_DIGITS)
      return NULL;
    *address = *address << 4 | (uint64_t)digit;
  }
  return digits >= FEWEST_DIGITS ? at : NULL;
}

static void take_permissions(const char *word, size_t length, WxRange *range) {
  static const char set[] = "rwx";
  int protection = 0;
  if (length < 3 || length > 4 || (length == 4 && word[3] != 's' && word[3] != 'p'))
    return;
  for (int i = 0; i < 3; ++i) {
    if (word[i] != set[i] && word[i] != '-')
      return;
    protection |= word[i] == '-' ? 0 : WX_READ >> i;
  }
  range->protection = protection;
}

static void take_word(const char *word, size_t length, WxRange *range) {
  for (size_t i = 0; i < sizeof words / sizeof *words; ++i)
    if (strlen(words[i].word) == length && !memcmp(words[i].word, word, length))
      range->protection = words[i].protection;
  take_permissions(word, length, range);
}

// Takes what the word holds of the two addresses. Returns how many are known now.
static int take_addresses(const char *word, const char *end, int known, WxRange *range) {
  const char *at = take_address(word, known ? &range->end : &range->start);
  if (!at)
    return known;
  if (at == end)
    return known + 1;
  if (known || *at != '-')
    return known;
  return take_address(at + 1, &range->end) == end ? 2 : 0;
}

bool wx_explain_parse(const char *line, WxRange *range) {
  *range = (WxRange){.protection = WX_PROTECTION_UNKNOWN};
  int known = 0;
  for (const char *word = line; *word;) {
    const char *end = word;
    while (!is_separator(*end))
      ++end;
    if (known < 2 && end > word)
      known = take_addresses(word, end, known, range);
    else if (end > word)
      take_word(word, (size_t)(end - word), range);
    word = *end ? end + 1 : end;
  }
  return known == 2 && range->start < range->end;
}
