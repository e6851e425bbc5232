#include "attribution/explain_cursor.h"

#include "attribution/naming.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { ARGUMENTS = 6 };

// A piece of the line.
typedef struct {
  const char *at;
  size_t length;
} Text;

static bool is_name(char character) {
  return isalnum((unsigned char)character) || character == '_';
}

// The value that follows a key at `at`, quoted or not: `": "0x7f29"`, "='r-xs'", ": 4096".
static Text value_behind(const char *at, const char *end) {
  at += *at == '"' || *at == '\'';
  at += strspn(at, " ");
  if (at >= end || (*at != ':' && *at != '='))
    return (Text){0};
  at += 1 + strspn(at + 1, " ");
  if (at >= end)
    return (Text){0};
  const char quote = *at;
  if (quote == '"' || quote == '\'') {
    const char *close = memchr(at + 1, quote, (size_t)(end - at - 1));
    return (Text){at + 1, close ? (size_t)(close - at - 1) : 0};
  }
  return (Text){at, strcspn(at, " ,)}]\t")};
}

// The value of the first of these keys that the record has.
static Text find_value(const char *const keys[], size_t count, const char *from, const char *end) {
  for (size_t i = 0; i < count; ++i) {
    const size_t length = strlen(keys[i]);
    for (const char *at = from + 1; (at = memmem(at, (size_t)(end - at), keys[i], length));
         at += length) {
      if (is_name(at[-1]) || is_name(at[length]))
        continue;
      const Text value = value_behind(at + length, end);
      if (value.length)
        return value;
    }
  }
  return (Text){0};
}
#define FIND(KEYS, FROM, END) find_value(KEYS, sizeof(KEYS) / sizeof *(KEYS), FROM, END)

static const char *const range_keys[] = {"addr", "address", "range", "Address"};
static const char *const start_keys[] = {"start",        "begin", "base",    "start_addr",
                                         "startAddress", "addr",  "address", "vm_start"};
static const char *const end_keys[] = {"end", "end_addr", "endAddress", "vm_end"};
static const char *const flag_keys[] = {"perms", "perm",  "permissions", "protection",
                                        "prot",  "flags", "mode"};
static const char *const name_keys[] = {"path",    "pathname", "name", "file",   "filename",
                                        "mapping", "objfile",  "dso",  "module", "image"};

// Hexadecimal with 0x, as programs print an address, or quoted without; else decimal, as JSON does.
static bool take_value(Text value, uint64_t *number) {
  WxDigits digits;
  const char *end = value.length ? wx_cursor_take_number(value.at, number, &digits) : NULL;
  if (!end || end != value.at + value.length)
    return false;
  if (!digits.prefixed && !strchr("\"'", value.at[-1])) {
    char *last;
    *number = strtoull(value.at, &last, 10);
    return last == end;
  }
  return true;
}

static bool take_addresses(WxRange *range, const char *from, const char *end) {
  const Text both = FIND(range_keys, from, end);
  const bool pair = both.length && wx_cursor_take_both(both.at, range) == both.at + both.length;
  return (pair || (take_value(FIND(start_keys, from, end), &range->start) &&
                   take_value(FIND(end_keys, from, end), &range->end))) &&
         range->end > range->start && range->start > UINT16_MAX &&
         !((range->start | range->end) & WX_CURSOR_PAGE_MASK); // A time or a position is rarely so.
}

// Where a record that begins at `at` ends: "{...}", or "pmmap_ext(...)" of psutil, in which the
// name of a deleted file has parentheses of its own. NULL where there is none.
static const char *end_of_record(const char *at) {
  const bool tuple = !strncmp(at, "pmmap_", strlen("pmmap_"));
  const char close = tuple ? ')' : '}';
  char quote = 0;
  if (*at != '{' && !tuple)
    return NULL;
  for (++at; *at; ++at) {
    if (*at == quote)
      quote = 0;
    else if (!quote && (*at == '"' || *at == '\''))
      quote = *at;
    else if (!quote && *at == close)
      return at;
    else if (!quote && *at == '{')
      return NULL; // It holds records.
  }
  return at; // Cut off.
}

// A mapping as a record of a program: of psutil, of a monitor's JSON.
bool wx_explain_take_record(WxCursor *cursor) {
  const char *from = cursor->at, *end = end_of_record(from);
  if (!end || !take_addresses(cursor->range, from, end))
    return false;
  const Text flags = FIND(flag_keys, from, end), name = FIND(name_keys, from, end);
  wx_cursor_take_protection(flags.at, flags.length, cursor->range);
  if (name.length)
    wx_cursor_set_name(cursor, name.at, name.length);
  if (flags.length)
    wx_cursor_name_by_flags(cursor);
  cursor->at = end;
  return true;
}

// The calls of strace that say where memory is: which argument is the address, which the size,
// which what may be done with it; -1: the result, or none.
static const struct {
  const char *name;
  int address, size, protection;
} calls[] = {
    {"mmap(", -1, 1, 2},         {"munmap(", 0, 1, -1},  {"mprotect(", 0, 1, 2},
    {"pkey_mprotect(", 0, 1, 2}, {"madvise(", 0, 1, -1}, {"mremap(", -1, 2, -1},
};

// Takes the arguments apart. Returns what is behind them, or NULL.
static const char *take_arguments(const char *at, Text arguments[ARGUMENTS]) {
  for (int i = 0; i < ARGUMENTS; ++i) {
    const size_t length = strcspn(at, ",()<");
    arguments[i] = (Text){at, length};
    at += length;
    if (*at == '<' || *at == '(') // The file of a descriptor: "3</memfd:x>(deleted)".
      at += strcspn(at, ",");
    else if (*at == ')')
      return at + 1;
    if (*at != ',')
      return NULL;
    at += 1 + strspn(at + 1, " ");
  }
  return NULL;
}

static void take_call_protection(Text argument, WxRange *range) {
  static const struct {
    const char *word;
    int bit;
  } bits[] = {{"PROT_READ", WX_READ}, {"PROT_WRITE", WX_WRITE}, {"PROT_EXEC", WX_EXECUTE}};
  range->protection = 0;
  for (size_t i = 0; i < sizeof bits / sizeof *bits; ++i)
    if (memmem(argument.at, argument.length, bits[i].word, strlen(bits[i].word)))
      range->protection |= bits[i].bit;
}

static void take_call_file(WxCursor *cursor, const char *from, const char *end) {
  const char *open = memchr(from, '<', (size_t)(end - from));
  const char *close = open ? memchr(open, '>', (size_t)(end - open)) : NULL;
  if (close && open[1] == '/')
    wx_cursor_set_name(cursor, open + 1, (size_t)(close - open - 1));
}

static bool take_call_range(WxCursor *cursor, size_t call, const Text arguments[ARGUMENTS],
                            const char *behind) {
  uint64_t size;
  WxDigits digits;
  const Text sized = arguments[calls[call].size];
  const char *address =
      calls[call].address < 0 ? behind + strspn(behind, " =") : arguments[calls[call].address].at;
  char *last;
  size = strtoull(sized.at, &last, 0);
  return last == sized.at + sized.length &&
         wx_cursor_take_number(address, &cursor->range->start, &digits) && digits.prefixed &&
         wx_cursor_set_size(cursor->range, (double)size);
}

static bool says(const char *from, const char *end, const char *word) {
  return memmem(from, (size_t)(end - from), word, strlen(word));
}

// "mmap(NULL, 65536, PROT_READ|PROT_EXEC, MAP_SHARED, 3</memfd:x>(deleted), 0) = 0x7fa0dcf55000".
bool wx_explain_take_call(WxCursor *cursor) {
  Text arguments[ARGUMENTS];
  size_t call = 0;
  while (call < sizeof calls / sizeof *calls &&
         strncmp(cursor->at, calls[call].name, strlen(calls[call].name)) != 0)
    ++call;
  if (call == sizeof calls / sizeof *calls)
    return false;
  const char *from = cursor->at + strlen(calls[call].name);
  const char *behind = take_arguments(from, arguments);
  if (!behind || !take_call_range(cursor, call, arguments, behind))
    return false;
  WxRange *range = cursor->range;
  if (calls[call].protection >= 0)
    take_call_protection(arguments[calls[call].protection], range);
  if (says(from, behind, "MAP_SHARED"))
    range->sharing = WX_SHARING_SHARED;
  else if (says(from, behind, "MAP_PRIVATE") && says(from, behind, "MAP_ANONYMOUS"))
    range->sharing = WX_SHARING_PRIVATE;
  take_call_file(cursor, from, behind);
  wx_cursor_name_by_flags(cursor);
  cursor->at = behind;
  return true;
}
