#include "attribution/explain_cursor.h"

#include "attribution/naming.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum {
  FEWEST_DIGITS = 5,   // Of an address that stands where a format has one,
  BARE_DIGITS = 8,     // of one in prose, as the kernel prints the lowest,
  DECIMAL_DIGITS = 12, // and where all of them are decimal, as few addresses are.
  MOST_DIGITS = 16,
  FLAG_WORDS = 3, // Of VmFlags, at least.
};

// Words of debuggers that say what may be done with a range.
static const struct {
  const char *word;
  int protection;
} words[] = {
    {"PAGE_READWRITE", WX_READ | WX_WRITE},
    {"PAGE_WRITECOPY", WX_READ | WX_WRITE},
    {"PAGE_READONLY", WX_READ},
    {"PAGE_EXECUTE_READ", WX_READ | WX_EXECUTE},
    {"PAGE_EXECUTE_READWRITE", WX_READ | WX_WRITE | WX_EXECUTE},
    {"PAGE_EXECUTE", WX_EXECUTE},
    {"PAGE_NOACCESS", 0},
    {"PAGE_UNKNOWN", WX_PROTECTION_NOTHING},
    {"UNKNOWN", WX_PROTECTION_NOTHING},
    {"RW", WX_READ | WX_WRITE},
    {"RX", WX_READ | WX_EXECUTE},
    {"MEM_RESERVE", 0}, // With nothing said of what may be done with it.
};

// Asked of each character of a line for each format: no call. NUL is one, too.
bool wx_cursor_is_space(char character) {
  return !character || character == ' ' || character == '\t' || character == '\r' ||
         character == '\n' || character == '|' || character == ',';
}

void wx_cursor_skip_space(WxCursor *cursor) {
  while (*cursor->at && wx_cursor_is_space(*cursor->at))
    ++cursor->at;
}

size_t wx_cursor_word_length(const char *at) {
  size_t length = 0;
  while (!wx_cursor_is_space(at[length]))
    ++length;
  return length;
}

// What may stand behind an address: not the rest of a word.
static bool ends_word(const char *at) {
  if (*at == '.')
    return wx_cursor_is_space(at[1]);
  return wx_cursor_is_space(*at) || strchr(":,;)]}>'\"`*~", *at);
}

// "0x" before and a backtick before the last eight digits, as dbgeng prints it, allowed. Returns
// its end, or NULL.
const char *wx_cursor_take_number(const char *at, uint64_t *number, WxDigits *digits) {
  *digits = (WxDigits){0};
  if (at[0] == '0' && (at[1] == 'x' || at[1] == 'X')) {
    at += 2;
    digits->prefixed = true;
  }
  *number = 0;
  for (;; ++at) {
    if (*at == '`' && digits->digits && isxdigit((unsigned char)at[1]))
      continue;
    if (!isxdigit((unsigned char)*at))
      break;
    if (++digits->digits > MOST_DIGITS)
      return NULL;
    digits->letters |= !isdigit((unsigned char)*at);
    const int lower = *at | 0x20;
    *number = *number << 4 | (uint64_t)(isdigit((unsigned char)*at) ? *at - '0' : lower - 'a' + 10);
  }
  return digits->digits ? at : NULL;
}

const char *wx_cursor_take_address(const char *at, uint64_t *address) {
  WxDigits digits;
  const char *end = wx_cursor_take_number(at, address, &digits);
  return end && digits.digits >= FEWEST_DIGITS ? end : NULL;
}

static bool take_column(WxCursor *cursor, uint64_t *address) {
  const char *end = wx_cursor_take_address(cursor->at, address);
  if (!end || !ends_word(end))
    return false;
  cursor->at = end;
  return true;
}

bool wx_cursor_take_start(WxCursor *cursor) {
  return take_column(cursor, &cursor->range->start);
}

// With 0x, as gdb prints it.
static bool take_prefixed_start(WxCursor *cursor) {
  return !strncmp(cursor->at, "0x", 2) && wx_cursor_take_start(cursor);
}

bool wx_cursor_take_end(WxCursor *cursor) {
  return take_column(cursor, &cursor->range->end) && cursor->range->end > cursor->range->start;
}

const char *wx_cursor_take_both(const char *at, WxRange *range) {
  const char *end = wx_cursor_take_address(at, &range->start);
  end = end && *end == '-' ? wx_cursor_take_address(end + 1, &range->end) : NULL;
  return end && range->end > range->start ? end : NULL;
}

// START-END, in lldb's brackets, too.
static bool take_pair(WxCursor *cursor) {
  const char *end = wx_cursor_take_both(cursor->at, cursor->range);
  if (!end || !ends_word(end))
    return false;
  cursor->at = end + (*end == ')' || *end == ']' || *end == ':');
  return true;
}

// Sizes, times in milliseconds and dates have as many digits; but programs lie at 55..., 56...
static bool is_decimal_address(const char *at, const WxDigits *digits) {
  const size_t zeros = strspn(at, "0"); // pmap prints 16 digits.
  at += zeros;
  return (size_t)digits->digits == zeros + DECIMAL_DIGITS && at[0] == '5' &&
         (at[1] == '5' || at[1] == '6');
}

bool wx_cursor_is_bare_address(const char *at) {
  uint64_t address;
  WxDigits digits;
  if (!wx_cursor_take_number(at, &address, &digits) || address & WX_CURSOR_PAGE_MASK)
    return false;
  if (digits.prefixed)
    return digits.digits >= FEWEST_DIGITS;
  return digits.letters ? digits.digits >= BARE_DIGITS : is_decimal_address(at, &digits);
}

// An address with little beside it that says what it is: as mappings have them.
static bool take_bare_start(WxCursor *cursor) {
  return wx_cursor_is_bare_address(cursor->at) && wx_cursor_take_start(cursor);
}

static bool take_bare_end(WxCursor *cursor) {
  return wx_cursor_is_bare_address(cursor->at) && wx_cursor_take_end(cursor);
}

// START-END with nothing beside it that says what it is.
static bool take_bare_pair(WxCursor *cursor) {
  const char *from = cursor->at;
  if (!take_pair(cursor))
    return false;
  return wx_cursor_is_bare_address(from) && wx_cursor_is_bare_address(strchr(from, '-') + 1);
}

static bool is_surely_address(const char *at) {
  uint64_t address;
  WxDigits digits;
  return wx_cursor_is_bare_address(at) && wx_cursor_take_number(at, &address, &digits) &&
         (digits.prefixed || digits.letters);
}

// "START - END", "START..END", "START to END" in prose.
static bool take_loose_pair(WxCursor *cursor) {
  static const char *const between[] = {" - ",     "..",     " to ",    " .. ",  "->",    " -> ",
                                        " up to ", " end: ", ", end: ", " end=", ", end="};
  WxRange *range = cursor->range;
  const char *end =
      is_surely_address(cursor->at) ? wx_cursor_take_address(cursor->at, &range->start) : NULL;
  for (size_t i = 0; end && i < sizeof between / sizeof *between; ++i) {
    const char *second = end + strlen(between[i]);
    if (strncmp(end, between[i], strlen(between[i])) != 0 || !is_surely_address(second))
      continue;
    cursor->at = wx_cursor_take_address(second, &range->end);
    return cursor->at && range->end > range->start && ends_word(cursor->at);
  }
  return false;
}

bool wx_cursor_take_protection(const char *word, size_t length, WxRange *range) {
  static const char set[] = "rwx";
  int protection = 0;
  if (length < 3 || length > 5)
    return false;
  for (int i = 0; i < 3; ++i) {
    if (word[i] != set[i] && word[i] != '-')
      return false;
    protection |= word[i] == '-' ? 0 : WX_READ >> i;
  }
  if (length > 3 && !strchr("sp-", word[3]))
    return false;
  range->protection = protection;
  // pmap has no letter for private memory.
  if (length > 3)
    range->sharing = word[3] == 's' ? WX_SHARING_SHARED : WX_SHARING_PRIVATE;
  return true;
}

// "r-xs", "r-x", "r-xs-": the kernel's, lldb's, pmap's.
static bool take_protection(WxCursor *cursor) {
  const size_t length = wx_cursor_word_length(cursor->at);
  if (!wx_cursor_take_protection(cursor->at, length, cursor->range))
    return false;
  cursor->at += length;
  return true;
}

static bool take_number_column(WxCursor *cursor, uint64_t *number) {
  WxDigits digits;
  const char *end = wx_cursor_take_number(cursor->at, number, &digits);
  if (!end || !wx_cursor_is_space(*end))
    return false;
  cursor->at = end;
  return true;
}

static bool take_offset(WxCursor *cursor) {
  return take_number_column(cursor, &cursor->file.offset);
}

// The size of the range, once more.
static bool take_same_size(WxCursor *cursor) {
  uint64_t size;
  return take_number_column(cursor, &size) && size == cursor->range->end - cursor->range->start;
}

static bool take_device(WxCursor *cursor) {
  const char *at = cursor->at;
  size_t first = strspn(at, "0123456789abcdefABCDEF");
  if (!first || at[first] != ':')
    return false;
  const size_t second = strspn(at + first + 1, "0123456789abcdefABCDEF");
  cursor->anonymous = strspn(at, "0:") == first + 1 + second;
  cursor->file.major = (uint32_t)strtoul(at, NULL, 16);
  cursor->file.minor = (uint32_t)strtoul(at + first + 1, NULL, 16);
  cursor->at += first + 1 + second;
  return second && wx_cursor_is_space(*cursor->at);
}

static bool take_decimal(WxCursor *cursor) {
  const size_t length = strspn(cursor->at, "0123456789");
  if (!length || !wx_cursor_is_space(cursor->at[length]))
    return false;
  cursor->at += length;
  return true;
}

static bool take_inode(WxCursor *cursor) {
  cursor->anonymous &= *cursor->at == '0';
  cursor->file.inode = strtoull(cursor->at, NULL, 10);
  return take_decimal(cursor);
}

// Of offsets lsof prints "0t4096".
static bool take_decimals(WxCursor *cursor) {
  bool any = false;
  for (;; any = true) {
    cursor->at += strncmp(cursor->at, "0t", 2) ? 0 : 2;
    if (!take_decimal(cursor))
      return any;
    wx_cursor_skip_space(cursor);
  }
}

bool wx_cursor_set_size(WxRange *range, double size) {
  if (size < 1 || size > 1e18 || range->start + (uint64_t)size < range->start)
    return false;
  range->end = range->start + (uint64_t)size;
  return true;
}

static bool take_kibibytes(WxCursor *cursor) {
  const double size = strtod(cursor->at, NULL) * 1024;
  return take_decimal(cursor) && wx_cursor_set_size(cursor->range, size);
}

// Whether a size, printed with two digits or none behind the point, is the range's.
static bool is_size_of(const WxRange *range, double size, double unit) {
  const double bytes = (double)(range->end - range->start);
  return size - bytes <= unit && bytes - size <= unit;
}

// "16K", "127.96mb": sizes with their unit; the range has it where no end is known.
static bool take_size(WxCursor *cursor) {
  static const char units[] = "bkmgt";
  const size_t digits = strspn(cursor->at, "0123456789.,");
  const char *unit = cursor->at + digits;
  const char letter = (char)(*unit | 0x20);
  const char *found = digits && *unit ? strchr(units, letter) : NULL;
  if (!found)
    return false;
  double bytes = 1;
  for (const char *at = units; at < found; ++at)
    bytes *= 1024;
  const double size = strtod(cursor->at, NULL) * bytes;
  unit += found > units && (unit[1] | 0x20) == 'b' ? 2 : 1;
  if (!wx_cursor_is_space(*unit))
    return false;
  cursor->at = unit;
  return cursor->range->end ? is_size_of(cursor->range, size, bytes)
                            : wx_cursor_set_size(cursor->range, size);
}

// The words of a debugger for what is no memory at all, and for the view of a file.
static void name_by_word(WxRange *range, const char *word, size_t length) {
  if (!range->naming && length == strlen("MEM_FREE") && !memcmp(word, "MEM_FREE", length))
    range->naming = wx_naming_of_kind("Free", strlen("Free"));
  else if (!range->naming && length == strlen("MEM_MAPPED") && !memcmp(word, "MEM_MAPPED", length))
    range->naming = wx_naming_of_shared();
}

static bool take_word(WxCursor *cursor) {
  const size_t length = wx_cursor_word_length(cursor->at);
  bool known = length > 4 && !strncmp(cursor->at, "MEM_", 4);
  for (size_t i = 0; i < sizeof words / sizeof *words; ++i) {
    if (strlen(words[i].word) != length || memcmp(words[i].word, cursor->at, length) != 0)
      continue;
    cursor->range->protection = words[i].protection;
    known = true;
  }
  if (known)
    name_by_word(cursor->range, cursor->at, length);
  cursor->at += known ? length : 0;
  return known;
}

static bool take_words(WxCursor *cursor) {
  bool any = false;
  for (; take_word(cursor); any = true)
    wx_cursor_skip_space(cursor);
  return any;
}

// What a debugger calls the memory's kind.
static bool take_kind(WxCursor *cursor) {
  const char *word = cursor->at;
  size_t length = 0;
  while (isalpha((unsigned char)word[length]) || word[length] == '_')
    ++length;
  if (length < 2 || !wx_cursor_is_space(word[length]))
    return false;
  const WxNaming *naming = wx_naming_of_kind(word, length);
  if (naming)
    cursor->range->naming = naming;
  cursor->range->name = word;
  cursor->range->name_length = length;
  cursor->at += length;
  return true;
}

static bool take_known_kind(WxCursor *cursor) {
  return take_kind(cursor) && cursor->range->naming;
}

static bool take_kind_if_any(WxCursor *cursor) {
  (void)take_kind(cursor);
  return true;
}

// Where no name says it: what is shared is a file's, and private memory that may be executed is of
// no double mapper.
void wx_cursor_name_by_flags(WxCursor *cursor) {
  WxRange *range = cursor->range;
  const bool code = range->protection > 0 && range->protection & WX_EXECUTE;
  if (range->naming)
    return;
  if (range->sharing == WX_SHARING_SHARED && !range->name_length)
    range->naming = wx_naming_of_shared();
  else if (range->sharing == WX_SHARING_PRIVATE && code)
    range->naming = wx_naming_of_code();
}

// What stands behind the end of a deleted file's name is somebody's remark.
void wx_cursor_set_name(WxCursor *cursor, const char *name, size_t length) {
  static const char ending[] = " (deleted)";
  const char *end = memmem(name, length, ending, sizeof ending - 1);
  if (end)
    length = (size_t)(end - name) + sizeof ending - 1;
  while (length && strchr(" \t\r\n|`'\",;\\", name[length - 1]))
    --length;
  cursor->range->name = name;
  cursor->range->name_length = length;
  cursor->range->naming = wx_naming_of_name(name, length);
}

// The rest of the line is the name of a file, or the kernel's own in brackets, or there is none:
// then what follows is somebody's remark.
static bool take_name(WxCursor *cursor) {
  const char *name = cursor->at;
  if (!cursor->anonymous || *name == '[')
    wx_cursor_set_name(cursor, name, strlen(name));
  wx_cursor_name_by_flags(cursor);
  return true;
}

static bool take_path(WxCursor *cursor) {
  cursor->anonymous = *cursor->at != '/';
  return take_name(cursor);
}

static bool take_path_only(WxCursor *cursor) {
  return *cursor->at == '/' && take_name(cursor);
}

// The two-letter words of VmFlags, which pmap -XX prints before the name.
static bool take_flag_words(WxCursor *cursor) {
  const char *at = cursor->at;
  int count = 0;
  while (islower((unsigned char)at[0]) && islower((unsigned char)at[1]) &&
         wx_cursor_is_space(at[2])) {
    ++count;
    for (at += 2; *at && wx_cursor_is_space(*at);)
      ++at;
  }
  if (count >= FLAG_WORDS || *at == '[')
    cursor->at = at;
  return true;
}

// An address that says it is one, or stands alone.
static bool take_lone(WxCursor *cursor) {
  WxDigits digits;
  uint64_t address;
  const char *end = wx_cursor_take_number(cursor->at, &address, &digits);
  if (!end || !digits.prefixed || digits.digits < BARE_DIGITS || !ends_word(end) || address < 65536)
    return false;
  cursor->range->start = address;
  return true;
}

// So many digits, some of them letters, are no number of anything else.
static bool take_long_start(WxCursor *cursor) {
  enum { LONG_DIGITS = 11 };
  uint64_t address;
  WxDigits digits;
  return wx_cursor_take_number(cursor->at, &address, &digits) && digits.digits >= LONG_DIGITS &&
         digits.letters && wx_cursor_take_start(cursor);
}

static bool take_beginning(WxCursor *cursor) {
  const char *at = cursor->line;
  while (*at && wx_cursor_is_space(*at))
    ++at;
  return at == cursor->at;
}

static bool take_nothing_else(WxCursor *cursor) {
  return !*cursor->at;
}

// "LOAD", of readelf.
static bool take_load(WxCursor *cursor) {
  const bool there = wx_cursor_word_length(cursor->at) == 4 && !memcmp(cursor->at, "LOAD", 4);
  cursor->at += there ? 4 : 0;
  return there;
}

static bool take_hexadecimal_size(WxCursor *cursor) {
  uint64_t size;
  return take_number_column(cursor, &size) && wx_cursor_set_size(cursor->range, (double)size);
}

// "R E", "RW", none at all: the flags of a segment, of readelf. Its alignment follows.
static bool take_segment_flags(WxCursor *cursor) {
  int protection = 0;
  for (; *cursor->at && strchr("RWE ", *cursor->at); ++cursor->at)
    protection |= *cursor->at == 'R'   ? WX_READ
                  : *cursor->at == 'W' ? WX_WRITE
                  : *cursor->at == 'E' ? WX_EXECUTE
                                       : 0;
  cursor->range->protection = protection;
  return !strncmp(cursor->at, "0x", 2);
}

// Whether symbols were read, of gdb's `info sharedlibrary`: "Yes (*)".
static bool take_symbols_read(WxCursor *cursor) {
  const size_t length = !strncmp(cursor->at, "Yes", 3) ? 3 : !strncmp(cursor->at, "No", 2) ? 2 : 0;
  if (!length || !wx_cursor_is_space(cursor->at[length]))
    return false;
  cursor->at += length;
  wx_cursor_skip_space(cursor);
  cursor->at += strncmp(cursor->at, "(*)", 3) ? 0 : 3;
  return true;
}

// A module's name, of dbgeng's `lm`.
static bool take_module(WxCursor *cursor) {
  const size_t length = wx_cursor_word_length(cursor->at);
  for (size_t i = 0; i < length; ++i)
    if (!isalnum((unsigned char)cursor->at[i]) && !strchr("_.", cursor->at[i]))
      return false;
  if (!length || !isalpha((unsigned char)*cursor->at) || take_word(cursor))
    return false;
  cursor->range->name = cursor->at;
  cursor->range->name_length = length;
  cursor->range->naming = wx_naming_of_module();
  return true;
}

// The double mapper's as a module is no mapping but an interval.
static bool take_module_path(WxCursor *cursor) {
  if (!*cursor->at || !take_name(cursor))
    return false;
  if (wx_naming_is_double_mapper(cursor->range->naming))
    cursor->range->naming = wx_naming_of_module();
  return true;
}

static bool take_any_word(WxCursor *cursor) {
  const size_t length = wx_cursor_word_length(cursor->at);
  cursor->at += length;
  return length > 0;
}

// "0x7f2900010000+0x4000".
static bool take_start_and_size(WxCursor *cursor) {
  const char *end = wx_cursor_take_address(cursor->at, &cursor->range->start);
  if (!end || *end != '+')
    return false;
  cursor->at = end + 1;
  return take_hexadecimal_size(cursor);
}

// "- usr 16K s" of radare2, between the addresses and what may be done with them.
static bool take_user_size(WxCursor *cursor) {
  if (strncmp(cursor->at, "- usr ", 6) != 0 && strncmp(cursor->at, "* usr ", 6) != 0)
    return false;
  cursor->at += 6;
  wx_cursor_skip_space(cursor);
  if (!take_size(cursor))
    return false;
  wx_cursor_skip_space(cursor);
  return take_any_word(cursor);
}

static bool take_label(WxCursor *cursor, const char *label) {
  const bool there = !strncmp(cursor->at, label, strlen(label));
  cursor->at += there ? strlen(label) : 0;
  wx_cursor_skip_space(cursor);
  return there;
}

// Of dbgeng's `!address ADDRESS`, a line each.
static bool take_base(WxCursor *cursor) {
  return take_label(cursor, "Base Address:") && take_bare_start(cursor);
}

static bool take_last(WxCursor *cursor) {
  return take_label(cursor, "End Address:") && take_bare_end(cursor);
}

// One letter a column.
static const WxTaker columns[] = {
    ['A'] = wx_cursor_take_start,
    ['B'] = wx_cursor_take_end,
    ['R'] = take_pair,
    ['a'] = take_bare_start,
    ['b'] = take_bare_end,
    ['r'] = take_bare_pair,
    ['q'] = take_loose_pair,
    ['X'] = take_prefixed_start,
    ['x'] = take_lone,
    ['l'] = take_long_start,
    ['+'] = take_start_and_size,
    ['['] = take_base,
    [']'] = take_last,
    ['P'] = take_protection,
    ['O'] = take_offset,
    ['S'] = take_same_size,
    ['D'] = take_device,
    ['I'] = take_inode,
    ['#'] = take_decimals,
    ['K'] = take_kibibytes,
    ['U'] = take_size,
    ['z'] = take_hexadecimal_size,
    ['W'] = take_words,
    ['M'] = take_kind,
    ['m'] = take_kind_if_any,
    ['k'] = take_known_kind,
    ['v'] = take_flag_words,
    ['N'] = take_name,
    ['n'] = take_path,
    ['/'] = take_path_only,
    ['V'] = take_module,
    ['d'] = take_module_path,
    ['L'] = take_load,
    ['F'] = take_segment_flags,
    ['y'] = take_symbols_read,
    ['w'] = take_any_word,
    ['-'] = take_user_size,
    ['^'] = take_beginning,
    ['.'] = take_nothing_else,
};

WxTaker wx_explain_column(char letter) {
  const size_t at = (unsigned char)letter;
  return at < sizeof columns / sizeof *columns ? columns[at] : NULL;
}
