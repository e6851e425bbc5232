#include "attribution/explain.h"

#include "attribution/naming.h"
#include "measure/maps.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum {
  FEWEST_DIGITS = 5,   // Of an address that stands where a format has one,
  BARE_DIGITS = 8,     // of one in prose, as the kernel prints the lowest,
  DECIMAL_DIGITS = 12, // and where all of them are decimal, as few addresses are.
  MOST_DIGITS = 16,
  PAGE_MASK = 0xfff,
  LONGEST_ROW = 8192, // With two paths; what is longer is prose.
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
};

// Where a line is read, and the range that is made of it.
typedef struct {
  const char *line;
  const char *at;
  WxRange *range;
  WxMapping file; // Which part of which file, where the columns say it.
  bool anonymous; // The columns before the name say that there is no file.
} Cursor;

static bool is_space(char character) {
  return strchr(" \t\r\n|,", character) != NULL; // NUL is one, too.
}

static void skip_space(Cursor *cursor) {
  while (*cursor->at && is_space(*cursor->at))
    ++cursor->at;
}

static size_t word_length(const char *at) {
  size_t length = 0;
  while (!is_space(at[length]))
    ++length;
  return length;
}

// What may stand behind an address: not the rest of a word.
static bool ends_word(const char *at) {
  if (*at == '.')
    return is_space(at[1]);
  return is_space(*at) || strchr(":,;)]}>'\"`", *at);
}

typedef struct {
  int digits;
  bool prefixed; // By 0x.
  bool letters;  // Some digit is none of a decimal number.
} Digits;

// "0x" before and a backtick before the last eight digits, as dbgeng prints it, allowed. Returns
// its end, or NULL.
static const char *take_number(const char *at, uint64_t *number, Digits *digits) {
  *digits = (Digits){0};
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

static const char *take_address(const char *at, uint64_t *address) {
  Digits digits;
  const char *end = take_number(at, address, &digits);
  return end && digits.digits >= FEWEST_DIGITS ? end : NULL;
}

static bool take_column(Cursor *cursor, uint64_t *address) {
  const char *end = take_address(cursor->at, address);
  if (!end || !ends_word(end))
    return false;
  cursor->at = end;
  return true;
}

static bool take_start(Cursor *cursor) {
  return take_column(cursor, &cursor->range->start);
}

// With 0x, as gdb prints it.
static bool take_prefixed_start(Cursor *cursor) {
  return !strncmp(cursor->at, "0x", 2) && take_start(cursor);
}

static bool take_end(Cursor *cursor) {
  return take_column(cursor, &cursor->range->end) && cursor->range->end > cursor->range->start;
}

static const char *take_both(const char *at, WxRange *range) {
  const char *end = take_address(at, &range->start);
  end = end && *end == '-' ? take_address(end + 1, &range->end) : NULL;
  return end && range->end > range->start ? end : NULL;
}

// START-END, in lldb's brackets, too.
static bool take_pair(Cursor *cursor) {
  const char *end = take_both(cursor->at, cursor->range);
  if (!end || !ends_word(end))
    return false;
  cursor->at = end + (*end == ')' || *end == ']' || *end == ':');
  return true;
}

// Sizes, times in milliseconds and dates have as many digits; but programs lie at 55..., 56...
static bool is_decimal_address(const char *at, const Digits *digits) {
  const size_t zeros = strspn(at, "0"); // pmap prints 16 digits.
  at += zeros;
  return (size_t)digits->digits == zeros + DECIMAL_DIGITS && at[0] == '5' &&
         (at[1] == '5' || at[1] == '6');
}

static bool is_bare_address(const char *at) {
  uint64_t address;
  Digits digits;
  if (!take_number(at, &address, &digits) || address & PAGE_MASK)
    return false;
  if (digits.prefixed)
    return digits.digits >= FEWEST_DIGITS;
  return digits.letters ? digits.digits >= BARE_DIGITS : is_decimal_address(at, &digits);
}

// An address with little beside it that says what it is: as mappings have them.
static bool take_bare_start(Cursor *cursor) {
  return is_bare_address(cursor->at) && take_start(cursor);
}

static bool take_bare_end(Cursor *cursor) {
  return is_bare_address(cursor->at) && take_end(cursor);
}

// START-END with nothing beside it that says what it is.
static bool take_bare_pair(Cursor *cursor) {
  const char *from = cursor->at;
  if (!take_pair(cursor))
    return false;
  return is_bare_address(from) && is_bare_address(strchr(from, '-') + 1);
}

static bool is_surely_address(const char *at) {
  uint64_t address;
  Digits digits;
  return is_bare_address(at) && take_number(at, &address, &digits) &&
         (digits.prefixed || digits.letters);
}

// "START - END", "START..END", "START to END" in prose.
static bool take_loose_pair(Cursor *cursor) {
  static const char *const between[] = {" - ", "..", " to ", " .. "};
  WxRange *range = cursor->range;
  const char *end = is_surely_address(cursor->at) ? take_address(cursor->at, &range->start) : NULL;
  for (size_t i = 0; end && i < sizeof between / sizeof *between; ++i) {
    const char *second = end + strlen(between[i]);
    if (strncmp(end, between[i], strlen(between[i])) != 0 || !is_surely_address(second))
      continue;
    cursor->at = take_address(second, &range->end);
    return cursor->at && range->end > range->start && ends_word(cursor->at);
  }
  return false;
}

// "r-xs", "r-x", "r-xs-": the kernel's, lldb's, pmap's.
static bool take_protection(Cursor *cursor) {
  static const char set[] = "rwx";
  const size_t length = word_length(cursor->at);
  const char *word = cursor->at;
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
  cursor->range->protection = protection;
  // pmap has no letter for private memory.
  if (length > 3)
    cursor->range->sharing = word[3] == 's' ? WX_SHARING_SHARED : WX_SHARING_PRIVATE;
  cursor->at += length;
  return true;
}

static bool take_number_column(Cursor *cursor, uint64_t *number) {
  Digits digits;
  const char *end = take_number(cursor->at, number, &digits);
  if (!end || !is_space(*end))
    return false;
  cursor->at = end;
  return true;
}

static bool take_offset(Cursor *cursor) {
  return take_number_column(cursor, &cursor->file.offset);
}

// The size of the range, once more.
static bool take_same_size(Cursor *cursor) {
  uint64_t size;
  return take_number_column(cursor, &size) && size == cursor->range->end - cursor->range->start;
}

static bool take_device(Cursor *cursor) {
  const char *at = cursor->at;
  size_t first = strspn(at, "0123456789abcdefABCDEF");
  if (!first || at[first] != ':')
    return false;
  const size_t second = strspn(at + first + 1, "0123456789abcdefABCDEF");
  cursor->anonymous = strspn(at, "0:") == first + 1 + second;
  cursor->file.major = (uint32_t)strtoul(at, NULL, 16);
  cursor->file.minor = (uint32_t)strtoul(at + first + 1, NULL, 16);
  cursor->at += first + 1 + second;
  return second && is_space(*cursor->at);
}

static bool take_decimal(Cursor *cursor) {
  const size_t length = strspn(cursor->at, "0123456789");
  if (!length || !is_space(cursor->at[length]))
    return false;
  cursor->at += length;
  return true;
}

static bool take_inode(Cursor *cursor) {
  cursor->anonymous &= *cursor->at == '0';
  cursor->file.inode = strtoull(cursor->at, NULL, 10);
  return take_decimal(cursor);
}

static bool take_decimals(Cursor *cursor) {
  bool any = false;
  for (; take_decimal(cursor); any = true)
    skip_space(cursor);
  return any;
}

static bool set_size(Cursor *cursor, double size) {
  WxRange *range = cursor->range;
  if (size < 1 || size > 1e18 || range->start + (uint64_t)size < range->start)
    return false;
  range->end = range->start + (uint64_t)size;
  return true;
}

static bool take_kibibytes(Cursor *cursor) {
  const double size = strtod(cursor->at, NULL) * 1024;
  return take_decimal(cursor) && set_size(cursor, size);
}

// Whether a size, printed with two digits or none behind the point, is the range's.
static bool is_size_of(const WxRange *range, double size, double unit) {
  const double bytes = (double)(range->end - range->start);
  return size - bytes <= unit && bytes - size <= unit;
}

// "16K", "127.96mb": sizes with their unit; the range has it where no end is known.
static bool take_size(Cursor *cursor) {
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
  if (!is_space(*unit))
    return false;
  cursor->at = unit;
  return cursor->range->end ? is_size_of(cursor->range, size, bytes) : set_size(cursor, size);
}

static bool take_word(Cursor *cursor) {
  const size_t length = word_length(cursor->at);
  bool known = length > 4 && !strncmp(cursor->at, "MEM_", 4);
  for (size_t i = 0; i < sizeof words / sizeof *words; ++i) {
    if (strlen(words[i].word) != length || memcmp(words[i].word, cursor->at, length) != 0)
      continue;
    cursor->range->protection = words[i].protection;
    known = true;
  }
  cursor->at += known ? length : 0;
  return known;
}

static bool take_words(Cursor *cursor) {
  bool any = false;
  for (; take_word(cursor); any = true)
    skip_space(cursor);
  return any;
}

// What a debugger calls the memory's kind.
static bool take_kind(Cursor *cursor) {
  const char *word = cursor->at;
  size_t length = 0;
  while (isalpha((unsigned char)word[length]) || word[length] == '_')
    ++length;
  if (length < 2 || !is_space(word[length]))
    return false;
  cursor->range->naming = wx_naming_of_kind(word, length);
  cursor->range->name = word;
  cursor->range->name_length = length;
  cursor->at += length;
  return true;
}

static bool take_known_kind(Cursor *cursor) {
  return take_kind(cursor) && cursor->range->naming;
}

static bool take_kind_if_any(Cursor *cursor) {
  (void)take_kind(cursor);
  return true;
}

// What stands behind the end of a deleted file's name is somebody's remark.
static void set_name(Cursor *cursor, const char *name, size_t length) {
  static const char ending[] = " (deleted)";
  const char *end = memmem(name, length, ending, sizeof ending - 1);
  if (end)
    length = (size_t)(end - name) + sizeof ending - 1;
  while (length && strchr(" \t\r\n|`'\",;", name[length - 1]))
    --length;
  cursor->range->name = name;
  cursor->range->name_length = length;
  cursor->range->naming = wx_naming_of_name(name, length);
}

// The rest of the line is the name of a file, or the kernel's own in brackets, or there is none:
// then what follows is somebody's remark.
static bool take_name(Cursor *cursor) {
  const char *name = cursor->at;
  if (!cursor->anonymous || *name == '[')
    set_name(cursor, name, strlen(name));
  if (!cursor->range->name_length && cursor->range->sharing == WX_SHARING_SHARED)
    cursor->range->naming = wx_naming_of_shared();
  return true;
}

static bool take_path(Cursor *cursor) {
  cursor->anonymous = *cursor->at != '/';
  return take_name(cursor);
}

// "REG" and the device that lsof prints behind it.
static bool take_regular(Cursor *cursor) {
  const size_t length = word_length(cursor->at);
  if (length != 3 || memcmp(cursor->at, "REG", 3) != 0)
    return false;
  cursor->at += length;
  skip_space(cursor);
  const size_t digits = strspn(cursor->at, "0123456789");
  if (!digits || cursor->at[digits] != ',')
    return false;
  cursor->at += word_length(cursor->at);
  return true;
}

// "(NAME)" at the end of the line, after an address and a symbol.
static bool take_object(Cursor *cursor) {
  const char *end = cursor->at + strlen(cursor->at);
  while (end > cursor->at && is_space(end[-1]))
    --end;
  if (end == cursor->at || end[-1] != ')')
    return false;
  int depth = 1;
  const char *at = end - 1;
  while (depth && --at > cursor->at)
    depth += *at == ')' ? 1 : *at == '(' ? -1 : 0;
  if (depth || at[1] == ')')
    return false;
  // The number of events is no address: that stands behind the last colon.
  for (const char *colon = cursor->at; colon < at; ++colon)
    if (*colon == ':' && is_space(colon[1]))
      return false;
  set_name(cursor, at + 1, (size_t)(end - 1 - (at + 1)));
  return cursor->range->name_length && strchr("/[", *cursor->range->name);
}

// The object and the symbol's address of a row of perf report.
static bool take_report(Cursor *cursor) {
  const char *mark = strstr(cursor->at, "[.] 0x");
  if (!mark || cursor->at[strspn(cursor->at, "0123456789.")] != '%')
    return false;
  const char *name = strstr(cursor->at, "memfd:");
  if (name && name < mark)
    set_name(cursor, name, (size_t)(mark - name));
  cursor->at = mark + 4;
  return take_start(cursor);
}

// An address that says it is one, or stands alone.
static bool take_lone(Cursor *cursor) {
  Digits digits;
  uint64_t address;
  const char *end = take_number(cursor->at, &address, &digits);
  if (!end || !digits.prefixed || digits.digits < BARE_DIGITS || !ends_word(end) || address < 65536)
    return false;
  cursor->range->start = address;
  return true;
}

// So many digits, some of them letters, are no number of anything else.
static bool take_long_start(Cursor *cursor) {
  enum { LONG_DIGITS = 11 };
  uint64_t address;
  Digits digits;
  return take_number(cursor->at, &address, &digits) && digits.digits >= LONG_DIGITS &&
         digits.letters && take_start(cursor);
}

static bool take_beginning(Cursor *cursor) {
  const char *at = cursor->line;
  while (*at && is_space(*at))
    ++at;
  return at == cursor->at;
}

static bool take_nothing_else(Cursor *cursor) {
  return !*cursor->at;
}

// "segfault at ... ip ... sp ... in memfd:doublemapper (deleted)[7f2900010000+4000]".
static bool take_fault(Cursor *cursor) {
  static const char in[] = " in ";
  Digits digits;
  uint64_t size;
  const char *bracket = cursor->at;
  if (bracket == cursor->line || bracket[-1] != '[')
    return false;
  const char *end = take_address(cursor->at, &cursor->range->start);
  end = end && *end == '+' ? take_number(end + 1, &size, &digits) : NULL;
  if (!end || *end != ']' || !size || cursor->range->start + size < size ||
      (cursor->range->start | size) & PAGE_MASK || !strstr(cursor->line, " ip") ||
      !strstr(cursor->line, " sp"))
    return false;
  const char *name = NULL;
  for (const char *at = cursor->line; (at = strstr(at, in)) && at < bracket; at += strlen(in))
    name = at + strlen(in);
  if (!name)
    return false;
  cursor->range->end = cursor->range->start + size;
  cursor->at = end + 1;
  set_name(cursor, name, (size_t)(bracket - 1 - name));
  return true;
}

// "[0x7f2900010000(0x4000) @ 0x161000 00:01 4711 0]: r-xs NAME", of perf script
// --show-mmap-events.
static bool take_event(Cursor *cursor) {
  Digits digits;
  uint64_t size;
  const char *end = take_address(cursor->at, &cursor->range->start);
  end = end && *end == '(' ? take_number(end + 1, &size, &digits) : NULL;
  const char *behind = end && !strncmp(end, ") @ ", 4) ? strstr(end, "]: ") : NULL;
  if (!behind || !size || cursor->range->start + size < size)
    return false;
  cursor->range->end = cursor->range->start + size;
  cursor->at = behind + 3;
  return true;
}

// "default file=/memfd:doublemapper\040(deleted)", "default heap", "default stack" of numa_maps.
static bool take_policy(Cursor *cursor) {
  static const char *const policies[] = {"default",    "bind:", "prefer",
                                         "interleave", "local", "weighted"};
  static const char file[] = "file=";
  bool known = false;
  for (size_t i = 0; i < sizeof policies / sizeof *policies; ++i)
    known |= !strncmp(cursor->at, policies[i], strlen(policies[i]));
  if (!known)
    return false;
  cursor->at += word_length(cursor->at);
  skip_space(cursor);
  const size_t length = word_length(cursor->at);
  const bool named = length > strlen(file) && !strncmp(cursor->at, file, strlen(file));
  set_name(cursor, cursor->at + (named ? strlen(file) : 0), named ? length - strlen(file) : length);
  if (!named && length == 4 && !strncmp(cursor->at, "heap", 4))
    cursor->range->naming = wx_naming_of_name("[heap]", 6);
  else if (!named && length == 5 && !strncmp(cursor->at, "stack", 5))
    cursor->range->naming = wx_naming_of_name("[stack]", 7);
  else if (!named)
    return false;
  return true;
}

// "-> '/memfd:doublemapper (deleted)'", of a listing of map_files.
static bool take_arrow(Cursor *cursor) {
  if (strncmp(cursor->at, "->", 2) != 0)
    return false;
  cursor->at += 2;
  skip_space(cursor);
  cursor->at += *cursor->at == '\'';
  return *cursor->at == '/';
}

// "is .text in", of gdb's `info files`.
static bool take_section(Cursor *cursor) {
  if (strncmp(cursor->at, "is .", 4) != 0)
    return false;
  cursor->at += 3;
  cursor->at += word_length(cursor->at);
  skip_space(cursor);
  if (strncmp(cursor->at, "in /", 4) != 0)
    return false;
  cursor->at += 3;
  return true;
}

// One letter a column.
static bool (*const takers[])(Cursor *cursor) = {
    ['A'] = take_start,          ['B'] = take_end,          ['R'] = take_pair,
    ['b'] = take_bare_end,       ['a'] = take_bare_start,   ['r'] = take_bare_pair,
    ['P'] = take_protection,     ['O'] = take_offset,       ['S'] = take_same_size,
    ['D'] = take_device,         ['I'] = take_inode,        ['#'] = take_decimals,
    ['K'] = take_kibibytes,      ['U'] = take_size,         ['W'] = take_words,
    ['M'] = take_kind,           ['m'] = take_kind_if_any,  ['N'] = take_name,
    ['n'] = take_path,           ['G'] = take_regular,      ['('] = take_object,
    ['%'] = take_report,         ['x'] = take_lone,         ['l'] = take_long_start,
    ['q'] = take_loose_pair,     ['f'] = take_fault,        ['e'] = take_event,
    ['i'] = take_section,        ['p'] = take_policy,       ['>'] = take_arrow,
    ['X'] = take_prefixed_start, ['.'] = take_nothing_else, ['^'] = take_beginning,
    ['k'] = take_known_kind,
};

// Where in a line a format is looked for: the first of the formats that fits anywhere counts, but
// in prose the first place where any fits.
typedef enum { ROW, RANGE, LATE_ROW, ADDRESS } Kind;

// How a line is recognised, and which column is what.
static const struct {
  Kind kind;
  const char *name;
  const char *columns;
} formats[] = {
    {ROW, "maps", "RPODIN"},   // 7f2900010000-7f2900014000 r-xs 00161000 00:01 4711 /memfd:...
    {ROW, "map_files", "r>n"}, // ... 7f2900010000-7f2900014000 -> '/memfd:...'
    {ROW, "gdb files", "qin"},
    {ROW, "kernel log", "f"},     // ... error 4 in memfd:...[7f2900010000+4000]
    {ROW, "perf mmap", "ePn"},    // [0x7f2900010000(0x4000) @ 0x161000 00:01 4711 0]: r-xs ...
    {ROW, "numa_maps", "ap"},     // 7f2900010000 default file=/memfd:... N0=4
    {ROW, "lldb", "rPn"},         // [0x00007f2900010000-0x00007f2900014000) r-x /memfd:...
    {ROW, "pmap -X", "aPODIK#N"}, // 7f2900010000 r-xs 00161000 00:01 4711 16 16 ... memfd:...
    {ROW, "pmap -x", "aK#PN"},    // 00007f2900010000 16 16 0 r-xs- memfd:...
    {ROW, "pmap -d", "aKPODN"},   // 00007f2900010000 16 r-xs- 0000000000161000 000:00001 memfd:...
    {ROW, "pmap", "aUPN"},        // 00007f2900010000 16K r-xs- memfd:...
    {ROW, "gdb", "ABSOPn"},       // 0x7f2900010000 0x7f2900014000 0x4000 0x161000 r-xs /memfd:...
    {ROW, "gdb", "XBSOn"},        // The same before gdb 12.
    {ROW, "dbgeng", "ABSWm"},     // + 7f3f`ae82e000 7f3f`b4000000 0`057d2000 MEM_PRIVATE ... Image
    {ROW, "maddress", "MABUW"},   // GCHeap | 7fb038000000 | 7fb038011000 | 68.00kb | MEM_IMAGE ...
    {ROW, "maddress", "MABU"},    // The same with the columns behind it left out.
    {ROW, "maddress", "ABUW"},    // The same without the first column.
    {ROW, "maddress -list", "^kaU."}, // GCHeap 7fb038000000 68.00kb
    {ROW, "maddress -list", "^aU."},  // 7fb038000000 68.00kb
    {ROW, "addresses", "abW"},        // 7f404c021000 7f4051b4c000 PAGE_UNKNOWN
    {RANGE, "range", "rW"},           // 7f404c021000-7f4051b4c000 UNKNOWN
    {RANGE, "range", "q"},            // ... 7f404c021000 - 7f4051b4c000 ...
    {RANGE, "range", "r"},            // ... 7f404c021000-7f4051b4c000 ...
    {LATE_ROW, "lsof", "G#N"},        // dotnet 4711 u 55u REG 0,1 2199023255552 4711 /memfd:...
    {LATE_ROW, "perf script", "A("}, // dotnet 4711 1.5: 250000 cycles: 7fc8177aa120 [unknown] (...)
    {LATE_ROW, "perf report", "%"}, // 12.34% dotnet memfd:doublemapper (deleted) [.] 0x7fc8177aa120
    {ADDRESS, "address", "x"},      // ... at 0x00007fc8177aa120
    {ADDRESS, "address", "l."},     // 7fc8177aa120
};
enum { FORMATS = sizeof formats / sizeof *formats };

static bool fits(const char *line, const char *at, size_t format, WxRange *range, WxMapping *file) {
  *range = (WxRange){.protection = WX_PROTECTION_UNKNOWN, .format = formats[format].name};
  Cursor cursor = {.line = line, .at = at, .range = range};
  for (const char *column = formats[format].columns; *column; ++column) {
    skip_space(&cursor);
    if (!takers[(unsigned char)*column](&cursor))
      return false;
  }
  range->rest = cursor.at;
  *file = cursor.file;
  return true;
}

// Whether something may begin at `at`: not in the middle of a word, of a UUID or of a number.
static bool begins(const char *line, const char *at) {
  if (is_space(*at))
    return false;
  if (at == line || is_space(at[-1]))
    return true;
  const char before = at[-1];
  if (before == '+' || before == '-' || before == '<')
    return at - 1 == line; // A diff's mark.
  if (before == '`')
    return at - 1 == line || !isxdigit((unsigned char)at[-2]);
  return strchr(":([{\"'=>*,;", before) != NULL;
}

// Whether a row says what may be done with a mapping.
static bool is_mapping(size_t format) {
  return strchr(formats[format].columns, 'P') != NULL;
}

static bool find_row(const char *line, Kind kind, bool listing, WxRange *range, WxMapping *file) {
  for (size_t format = 0; format < FORMATS; ++format)
    for (const char *at = line;
         *at && formats[format].kind == kind && (!listing || is_mapping(format)); ++at)
      if (begins(line, at) && fits(line, at, format, range, file))
        return true;
  return false;
}

// From `from` on; `kinds` are bits.
static bool find_in_prose(const char *line, const char *from, unsigned kinds, WxRange *range) {
  WxMapping file;
  for (const char *at = from; *at; ++at)
    for (size_t format = 0; format < FORMATS && begins(line, at); ++format)
      if (kinds & 1U << formats[format].kind && fits(line, at, format, range, &file))
        return true;
  return false;
}

// How many bytes at `at` a terminal or a page would not have shown, or shown as `as`.
static size_t hidden_at(const char *at, char *as) {
  static const struct {
    const char *bytes;
    char as;
  } marks[] = {{"\xc2\xa0", ' '},     {"\xe2\x80\x8b", 0},   {"\xe2\x80\x90", '-'},
               {"\xe2\x80\x91", '-'}, {"\xe2\x80\x92", '-'}, {"\xe2\x80\x93", '-'},
               {"\xe2\x80\x94", '-'}, {"\xe2\x88\x92", '-'}, {"\xe2\x80\xaf", ' '},
               {"\xe2\x80\x89", ' '}, {"\xef\xbb\xbf", 0}};
  *as = 0;
  if (at[0] == '\033' && at[1] == '[') {
    const size_t length = 2 + strspn(at + 2, "0123456789;");
    return at[length] ? length + 1 : length;
  }
  for (size_t i = 0; i < sizeof marks / sizeof *marks; ++i)
    if (!strncmp(at, marks[i].bytes, strlen(marks[i].bytes))) {
      *as = marks[i].as;
      return strlen(marks[i].bytes);
    }
  return 0;
}

void wx_explain_clean(char *line) {
  char *to = line, as;
  for (const char *at = line; *at;) {
    const size_t hidden = (unsigned char)*at >= 0x80 || *at == '\033' ? hidden_at(at, &as) : 0;
    if (!hidden)
      *to++ = *at++;
    else if (as)
      *to++ = as;
    at += hidden;
  }
  *to = '\0';
}

bool wx_explain_parse(const char *line, WxRange *range) {
  const bool rows = strnlen(line, LONGEST_ROW + 1) <= LONGEST_ROW;
  WxMapping file;
  return (rows && find_row(line, ROW, false, range, &file)) ||
         find_in_prose(line, line, 1U << RANGE, range) ||
         (rows && find_row(line, LATE_ROW, false, range, &file)) ||
         find_in_prose(line, line, 1U << ADDRESS, range);
}

bool wx_explain_parse_more(const char *line, WxRange *range) {
  return !strcmp(range->format, "range") &&
         find_in_prose(line, range->rest, 1U << RANGE | 1U << ADDRESS, range);
}

bool wx_explain_parse_mapping(const char *line, WxMapping *mapping, WxRange *range) {
  if (!find_row(line, ROW, true, range, mapping))
    return false;
  mapping->start = range->start;
  mapping->end = range->end;
  mapping->protection = (uint8_t)range->protection;
  mapping->shared = range->sharing == WX_SHARING_SHARED;
  return true;
}

bool wx_explain_parse_range(const char *text, WxRange *range) {
  *range = (WxRange){.protection = WX_PROTECTION_UNKNOWN, .format = "range"};
  const char *end = take_both(text, range);
  return end && !*end;
}
