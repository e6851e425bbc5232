#include "attribution/explain_cursor.h"

#include <ctype.h>
#include <string.h>

enum { LONGEST_ROW = 8192 }; // With two paths; what is longer is prose.

// Where in a line a format is looked for: the first of the formats that fits anywhere counts, but
// in prose the first place where any fits. What CONTINUES is the second line of a row.
typedef enum { ROW, RECORD, RANGE, LATE_ROW, ADDRESS, CONTINUES } Kind;

// How a line is recognised, and which column is what.
static const struct {
  Kind kind;
  const char *name;
  const char *columns;
} formats[] = {
    {ROW, "maps", "RPODIN"},   // 7f2900010000-7f2900014000 r-xs 00161000 00:01 4711 /memfd:...
    {ROW, "map_files", "r>n"}, // ... 7f2900010000-7f2900014000 -> '/memfd:...'
    {ROW, "gdb files", "qin"},
    {ROW, "kernel log", "f"},      // ... error 4 in memfd:...[7f2900010000+4000]
    {ROW, "perf mmap", "ePn"},     // [0x7f2900010000(0x4000) @ 0x161000 00:01 4711 0]: r-xs ...
    {ROW, "numa_maps", "ap"},      // 7f2900010000 default file=/memfd:... N0=4
    {ROW, "lldb", "rPn"},          // [0x00007f2900010000-0x00007f2900014000) r-x /memfd:...
    {ROW, "pmap -X", "aPODIK#vN"}, // 7f2900010000 r-xs 00161000 00:01 4711 16 16 ... memfd:...
    {ROW, "pmap -x", "aK#PN"},     // 00007f2900010000 16 16 0 r-xs- memfd:...
    {ROW, "pmap -d", "aKPODN"},    // 00007f2900010000 16 r-xs- 0000000000161000 000:00001 memfd:...
    {ROW, "pmap", "aUPN"},         // 00007f2900010000 16K r-xs- memfd:...
    {ROW, "gdb", "ABSOPn"},        // 0x7f2900010000 0x7f2900014000 0x4000 0x161000 r-xs /memfd:...
    {ROW, "gdb", "XBSOn"},         // The same before gdb 12.
    {ROW, "gdb libraries", "XBy/"}, // 0x00007f2900010380  0x00007f290001422d  Yes (*) /usr/lib/...
    {ROW, "gef", "XBOPn"},       // 0x00007f2900010000 0x00007f2900014000 0x0000000000161000 r-x ...
    {ROW, "pwndbg", "XBPSOn"},   // 0x7f2900010000 0x7f2900014000 r-xs 4000 161000 /memfd:...
    {ROW, "radare2", "q-PN"},    // 0x...7f2900010000 - 0x...7f2900014000 - usr 16K s r-x /memfd:...
    {ROW, "readelf -n", "rO#/"}, // eu-: 7f2900010000-7f2900014000 00161000 16384 /memfd:...
    {ROW, "readelf -n", "^abO."},    // 0x7f2900010000 0x7f2900014000 0x161, and the name below it.
    {ROW, "readelf -l", "^LOAOOzF"}, // LOAD 0x1000 0x7f2900010000 0x0 0x4000 0x4000 R E 0x1000
    {ROW, "readelf -l", "^LOAO."},   // The same in two lines.
    {ROW, "eu-unstrip", "^+wwwd"},   // 0x7f2900010000+0x4000 - - - /memfd:...
    {ROW, "strace", "s"},            // mmap(NULL, 65536, ..., 3</memfd:...>, 0) = 0x7f2900010000
    {ROW, "perf map", "^lj"},        // 7fc8177aa120 4b void [App] Program::Main()[Tier0]
    {ROW, "dbgeng", "ABSWm"},   // + 7f3f`ae82e000 7f3f`b4000000 0`057d2000 MEM_PRIVATE ... Image
    {ROW, "maddress", "MABUW"}, // GCHeap | 7fb038000000 | 7fb038011000 | 68.00kb | MEM_IMAGE ...
    {ROW, "maddress", "MABU"},  // The same with the columns behind it left out.
    {ROW, "maddress", "ABUW"},  // The same without the first column.
    {ROW, "maddress -list", "^kaU."}, // GCHeap 7fb038000000 68.00kb
    {ROW, "maddress -list", "^aU."},  // 7fb038000000 68.00kb
    {ROW, "addresses", "abW"},        // 7f404c021000 7f4051b4c000 PAGE_UNKNOWN
    {ROW, "lm", "^abV"},              // 00007f29`00010000 00007f29`80014000 doublemapper__deleted_
    {ROW, "modules", "^az/d"},        // 00007F2900010000 80004000 /memfd:...
    {ROW, "addresses", "^ab."},       // 7f404c021000 7f4051b4c000
    {ROW, "!address", "^["},          // Base Address: 00007f40`4c021000
    {RECORD, "record", "{"},          // {"start": "0x7f2900010000", ..., "name": "/memfd:..."}
    {RECORD, "eeheap", "h"},          // LoaderCodeHeap: 7f2900010000(10000:3000)
    {RANGE, "range", "rW"},           // 7f404c021000-7f4051b4c000 UNKNOWN
    {RANGE, "range", "q"},            // ... 7f404c021000 - 7f4051b4c000 ...
    {RANGE, "range", "r"},            // ... 7f404c021000-7f4051b4c000 ...
    {LATE_ROW, "lsof", "G#N"},        // dotnet 4711 u 55u REG 0,1 2199023255552 4711 /memfd:...
    {LATE_ROW, "ls -l", "@n"},        // ... 42 -> /memfd:...
    {LATE_ROW, "valgrind", "X:("},    // ==1== by 0x4C2FB551: ??? (in /memfd:...)
    {LATE_ROW, "frame", "X<"},        // #0  0x00007f85c806e000 - /memfd:...
    {LATE_ROW, "frame", "X`"},        // frame #1: 0x00007f85c80b824a libc.so.6`main
    {LATE_ROW, "perf script", "A("}, // dotnet 4711 1.5: 250000 cycles: 7fc8177aa120 [unknown] (...)
    {LATE_ROW, "perf report", "%"}, // 12.34% dotnet memfd:doublemapper (deleted) [.] 0x7fc8177aa120
    {ADDRESS, "address", "x"},      // ... at 0x00007fc8177aa120
    {ADDRESS, "address", "l."},     // 7fc8177aa120
    {CONTINUES, "readelf -n", "^/"},
    {CONTINUES, "readelf -l", "^OzF"},
    {CONTINUES, "!address", "^]"},
};
enum { FORMATS = sizeof formats / sizeof *formats };

static bool take_columns(WxCursor *cursor, const char *columns) {
  for (; *columns; ++columns) {
    const WxTaker column = wx_explain_column(*columns);
    wx_cursor_skip_space(cursor);
    if (!(column ? column : wx_explain_phrase(*columns))(cursor))
      return false;
  }
  return true;
}

static bool fits(const char *line, const char *at, size_t format, WxRange *range, WxMapping *file) {
  *range = (WxRange){.protection = WX_PROTECTION_UNKNOWN, .format = formats[format].name};
  WxCursor cursor = {.line = line, .at = at, .range = range};
  if (!take_columns(&cursor, formats[format].columns))
    return false;
  range->rest = cursor.at;
  *file = cursor.file;
  return true;
}

// Whether something may begin at `at`: not in the middle of a word, of a UUID or of a number.
static bool begins(const char *line, const char *at) {
  if (wx_cursor_is_space(*at))
    return false;
  if (at == line || wx_cursor_is_space(at[-1]))
    return true;
  const char before = at[-1];
  if (isalnum((unsigned char)before)) // Nearly always.
    return false;
  if (before == '+' || before == '-' || before == '<')
    return at - 1 == line; // A diff's mark.
  if (before == '`')
    return at - 1 == line || !isxdigit((unsigned char)at[-2]);
  return strchr(":([{\"'=>*~,;", before) != NULL;
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
  } marks[] = {
      {"\xc2\xa0", ' '},     {"\xe2\x80\x8b", 0},    {"\xe2\x80\x90", '-'},  {"\xe2\x80\x91", '-'},
      {"\xe2\x80\x92", '-'}, {"\xe2\x80\x93", '-'},  {"\xe2\x80\x94", '-'},  {"\xe2\x88\x92", '-'},
      {"\xe2\x80\xaf", ' '}, {"\xe2\x80\x89", ' '},  {"\xef\xbb\xbf", 0},    {"<br>", 0},
      {"\xc2\xab", '"'},     {"\xc2\xbb", '"'},      {"\xe2\x80\x9c", '"'},  {"\xe2\x80\x9d", '"'},
      {"\xe2\x80\x9e", '"'}, {"\xe2\x80\x98", '\''}, {"\xe2\x80\x99", '\''}, {"<br/>", 0},
      {"<br />", 0},         {"&nbsp;", ' '},        {"&gt;", '>'},          {"&lt;", '<'}};
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
    const bool may_be = (unsigned char)*at >= 0x80 || *at == '\033' || *at == '<' || *at == '&';
    const size_t hidden = may_be ? hidden_at(at, &as) : 0;
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
         find_in_prose(line, line, 1U << RECORD, range) ||
         find_in_prose(line, line, 1U << RANGE, range) ||
         (rows && find_row(line, LATE_ROW, false, range, &file)) ||
         find_in_prose(line, line, 1U << ADDRESS, range);
}

bool wx_explain_parse_more(const char *line, WxRange *range) {
  static const char *const several[] = {"range", "record", "eeheap"};
  for (size_t i = 0; i < sizeof several / sizeof *several; ++i)
    if (!strcmp(range->format, several[i]))
      return find_in_prose(line, range->rest, 1U << RECORD | 1U << RANGE | 1U << ADDRESS, range);
  return false;
}

// Whether the row is known to lack what its second line says.
static bool is_open(const WxRange *range) {
  return range->start && (!range->end || !range->name_length);
}

bool wx_explain_parse_next(const char *line, WxRange *range) {
  for (size_t format = 0; is_open(range) && format < FORMATS; ++format) {
    WxRange whole = *range;
    WxCursor cursor = {.line = line, .at = line, .range = &whole};
    if (formats[format].kind != CONTINUES || strcmp(formats[format].name, range->format) != 0 ||
        !take_columns(&cursor, formats[format].columns))
      continue;
    *range = whole;
    return true;
  }
  return false;
}

static char *find_last(char *line, char *end, const char *text) {
  char *last = NULL;
  for (char *at = line; (at = memmem(at, (size_t)(end - at), text, strlen(text))); ++at)
    last = at;
  return last;
}

char *wx_explain_divide(char *line, char *end) {
  static const char *const marks[] = {"}, ", "},", "), pmmap_"};
  for (size_t i = 0; i < sizeof marks / sizeof *marks; ++i) {
    char *mark = find_last(line, end, marks[i]);
    if (mark)
      return mark + 1;
  }
  char *blank = memrchr(line, ' ', (size_t)(end - line));
  return blank ? blank : end;
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
  const char *end = wx_cursor_take_both(text, range);
  return end && !*end;
}
