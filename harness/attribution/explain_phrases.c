#include "attribution/explain_cursor.h"

#include "attribution/naming.h"
#include "os/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

// What a tool has seen run there.
static void mark_executed(WxRange *range) {
  range->protection = WX_READ | WX_EXECUTE;
}

// "REG" and the device that lsof prints behind it.
static bool take_regular(WxCursor *cursor) {
  const size_t length = wx_cursor_word_length(cursor->at);
  if (length != 3 || memcmp(cursor->at, "REG", 3) != 0)
    return false;
  cursor->at += length;
  wx_cursor_skip_space(cursor);
  const size_t digits = strspn(cursor->at, "0123456789");
  if (!digits || cursor->at[digits] != ',')
    return false;
  cursor->at += wx_cursor_word_length(cursor->at);
  return true;
}

// Where "(BuildId: ...)" of AddressSanitizer begins, and what blanks are before the end.
static const char *end_of_frame(const char *at) {
  const char *build = strstr(at, " (BuildId:");
  const char *end = build ? build : at + strlen(at);
  while (end > at && wx_cursor_is_space(end[-1]))
    --end;
  return end;
}

// The name without "+0x161678", where it is a file's.
static size_t length_of_object(const char *name, size_t length) {
  const char *plus = memrchr(name, '+', length);
  return plus && wx_text_starts_with(plus, "+0x") ? (size_t)(plus - name) : length;
}

// "(NAME)" at the end of the line, after an address and a symbol; of valgrind "(in NAME)".
static bool take_object(WxCursor *cursor) {
  const char *end = end_of_frame(cursor->at);
  if (end == cursor->at || end[-1] != ')')
    return false;
  int depth = 1;
  const char *at = end - 1;
  while (depth && --at >= cursor->at)
    depth += *at == ')' ? 1 : *at == '(' ? -1 : 0;
  if (depth || at[1] == ')')
    return false;
  // The number of events is no address: that stands behind the last colon.
  for (const char *colon = cursor->at; colon < at; ++colon)
    if (*colon == ':' && wx_cursor_is_space(colon[1]))
      return false;
  const char *name = at + 1 + (wx_text_starts_with(at + 1, "in ") ? strlen("in ") : 0);
  wx_cursor_set_name(cursor, name, length_of_object(name, (size_t)(end - 1 - name)));
  mark_executed(cursor->range);
  return cursor->range->name_length && strchr("/[", *cursor->range->name);
}

static bool take_colon(WxCursor *cursor) {
  const bool there = *cursor->at == ':';
  cursor->at += there;
  return there;
}

// "#0  0x00007f85c806e000 - /memfd:doublemapper (deleted)" of eu-stack, "#1  0x... in main () from
// /usr/lib/libc.so.6" of gdb: the object that a frame is in.
static bool take_frame(WxCursor *cursor) {
  static const char *const marks[] = {" - /", " from /"};
  const char *line = cursor->line + strspn(cursor->line, " \t");
  if (*line != '#' || !isdigit((unsigned char)line[1]))
    return false;
  for (size_t i = 0; i < sizeof marks / sizeof *marks; ++i) {
    const char *mark = strstr(line, marks[i]);
    if (!mark)
      continue;
    const char *name = mark + strlen(marks[i]) - 1;
    wx_cursor_set_name(cursor, name, strlen(name));
    mark_executed(cursor->range);
    return true;
  }
  return false;
}

// "frame #1: 0x00007f85c80b824a libc.so.6`main", of lldb.
static bool take_lldb_frame(WxCursor *cursor) {
  const size_t length = strcspn(cursor->at, "` ");
  if (!length || cursor->at[length] != '`' || !strstr(cursor->line, "frame #"))
    return false;
  wx_cursor_set_name(cursor, cursor->at, length);
  mark_executed(cursor->range);
  return true;
}

// The object and the symbol's address of a row of perf report.
static bool take_report(WxCursor *cursor) {
  const char *mark = strstr(cursor->at, "[.] 0x");
  if (!mark || cursor->at[strspn(cursor->at, "0123456789.")] != '%')
    return false;
  const char *name = strstr(cursor->at, "memfd:");
  if (name && name < mark)
    wx_cursor_set_name(cursor, name, (size_t)(mark - name));
  cursor->at = mark + 4;
  mark_executed(cursor->range);
  return wx_cursor_take_start(cursor);
}

// Whether a line says that a program has failed.
static bool says_fault(const char *line) {
  static const char *const words[] = {"fault", "trap", "exception"};
  for (size_t i = 0; i < sizeof words / sizeof *words; ++i)
    if (strstr(line, words[i]))
      return true;
  return false;
}

// What is behind the last " in " before `end`.
static const char *find_name_before(const char *line, const char *end) {
  static const char in[] = " in ";
  const char *name = NULL;
  for (const char *at = line; (at = strstr(at, in)) && at < end; at += strlen(in))
    name = at + strlen(in);
  return name;
}

// "segfault at ... ip ... sp ... in memfd:doublemapper (deleted)[7f2900010000+4000]"; since Linux
// 6.11 with the offset in the file first: "[a10,7f2900010000+4000]".
static bool take_fault(WxCursor *cursor) {
  WxRange *range = cursor->range;
  WxDigits digits;
  uint64_t size;
  const char *bracket = cursor->at;
  if (bracket == cursor->line || bracket[-1] != '[' || !says_fault(cursor->line))
    return false;
  const size_t offset = strspn(bracket, "0123456789abcdef");
  const char *at = bracket + (bracket[offset] == ',' ? offset + 1 : 0);
  const char *end = wx_cursor_take_address(at, &range->start);
  end = end && *end == '+' ? wx_cursor_take_number(end + 1, &size, &digits) : NULL;
  if (!end || *end != ']' || !size || range->start + size < size ||
      (range->start | size) & WX_CURSOR_PAGE_MASK)
    return false;
  const char *name = find_name_before(cursor->line, bracket);
  if (!name)
    return false;
  range->end = range->start + size;
  cursor->at = end + 1;
  mark_executed(range);
  wx_cursor_set_name(cursor, name, (size_t)(bracket - 1 - name));
  return true;
}

// "[0x7f2900010000(0x4000) @ 0x161000 00:01 4711 0]: r-xs NAME", of perf script
// --show-mmap-events.
static bool take_event(WxCursor *cursor) {
  WxDigits digits;
  uint64_t size;
  const char *end = wx_cursor_take_address(cursor->at, &cursor->range->start);
  end = end && *end == '(' ? wx_cursor_take_number(end + 1, &size, &digits) : NULL;
  const char *behind = end && !strncmp(end, ") @ ", 4) ? strstr(end, "]: ") : NULL;
  if (!behind || !size || cursor->range->start + size < size)
    return false;
  cursor->range->end = cursor->range->start + size;
  cursor->at = behind + 3;
  return true;
}

// "default file=/memfd:doublemapper\040(deleted)", "default heap", "default stack" of numa_maps.
static bool take_policy(WxCursor *cursor) {
  static const char *const policies[] = {"default",    "bind:", "prefer",
                                         "interleave", "local", "weighted"};
  static const char file[] = "file=";
  bool known = false;
  for (size_t i = 0; i < sizeof policies / sizeof *policies; ++i)
    known |= !strncmp(cursor->at, policies[i], strlen(policies[i]));
  if (!known)
    return false;
  cursor->at += wx_cursor_word_length(cursor->at);
  wx_cursor_skip_space(cursor);
  const size_t length = wx_cursor_word_length(cursor->at);
  const bool named = length > strlen(file) && !strncmp(cursor->at, file, strlen(file));
  wx_cursor_set_name(cursor, cursor->at + (named ? strlen(file) : 0),
                     named ? length - strlen(file) : length);
  if (!named && length == 4 && !strncmp(cursor->at, "heap", 4))
    cursor->range->naming = wx_naming_of_name("[heap]", 6);
  else if (!named && length == 5 && !strncmp(cursor->at, "stack", 5))
    cursor->range->naming = wx_naming_of_name("[stack]", 7);
  else if (!named)
    return false;
  return true;
}

// "-> '/memfd:doublemapper (deleted)'", of a listing of map_files.
static bool take_arrow(WxCursor *cursor) {
  if (strncmp(cursor->at, "->", 2) != 0)
    return false;
  cursor->at += 2;
  wx_cursor_skip_space(cursor);
  cursor->at += *cursor->at == '\'';
  return *cursor->at == '/';
}

// "is .text in", of gdb's `info files`.
static bool take_section(WxCursor *cursor) {
  if (strncmp(cursor->at, "is .", 4) != 0)
    return false;
  cursor->at += 3;
  cursor->at += wx_cursor_word_length(cursor->at);
  wx_cursor_skip_space(cursor);
  if (strncmp(cursor->at, "in /", 4) != 0)
    return false;
  cursor->at += 3;
  return true;
}

// "3 -> /memfd:doublemapper (deleted)", of a listing of descriptors: which files they are of.
static bool take_descriptor(WxCursor *cursor) {
  const size_t digits = strspn(cursor->at, "0123456789");
  if (!digits || !wx_text_starts_with(cursor->at + digits, " -> "))
    return false;
  cursor->at += digits + 1;
  return take_arrow(cursor) && wx_text_starts_with(cursor->at, "/memfd:");
}

// The size and the name of a method in a perf map: "7fc8177aa120 4b void Program::Main()[Tier0]".
static bool take_method(WxCursor *cursor) {
  enum { MOST_SIZE_DIGITS = 7 };
  uint64_t size;
  WxDigits digits;
  const char *end = wx_cursor_take_number(cursor->at, &size, &digits);
  if (!end || digits.prefixed || digits.digits > MOST_SIZE_DIGITS || *end != ' ' ||
      !wx_cursor_set_size(cursor->range, (double)size))
    return false;
  const char *name = end + 1;
  if (!strstr(name, "::") && !wx_text_starts_with(name, "stub "))
    return false;
  cursor->at = name + strlen(name);
  mark_executed(cursor->range);
  cursor->range->name = name;
  cursor->range->name_length = strlen(name);
  cursor->range->naming = wx_naming_of_method();
  return true;
}

// "LowFrequencyHeap: 7f2900010000(10000:3000) 7f2900020000(10000:1000)" of SOS's `eeheap -loader`:
// what each part of a heap has reserved and committed.
static bool take_loader_heap(WxCursor *cursor) {
  uint64_t reserved, committed;
  WxDigits digits;
  const char *kind = cursor->line + strspn(cursor->line, " \t|");
  size_t length = 0;
  while (isalpha((unsigned char)kind[length]))
    ++length;
  const char *end = wx_cursor_take_address(cursor->at, &cursor->range->start);
  end = end && *end == '(' ? wx_cursor_take_number(end + 1, &reserved, &digits) : NULL;
  end = end && *end == ':' ? wx_cursor_take_number(end + 1, &committed, &digits) : NULL;
  if (!end || *end != ')' || kind[length] != ':' || kind > cursor->at)
    return false;
  cursor->range->naming = wx_naming_of_kind(kind, length);
  cursor->range->name = kind;
  cursor->range->name_length = length;
  cursor->at = end + 1;
  return cursor->range->naming &&
         wx_cursor_set_size(cursor->range, (double)(reserved > committed ? reserved : committed));
}

// One letter a phrase.
static const WxTaker phrases[] = {
    ['G'] = take_regular,         ['('] = take_object,      [':'] = take_colon,
    ['<'] = take_frame,           ['`'] = take_lldb_frame,  ['%'] = take_report,
    ['f'] = take_fault,           ['e'] = take_event,       ['i'] = take_section,
    ['p'] = take_policy,          ['>'] = take_arrow,       ['@'] = take_descriptor,
    ['j'] = take_method,          ['h'] = take_loader_heap, ['{'] = wx_explain_take_record,
    ['s'] = wx_explain_take_call,
};

WxTaker wx_explain_phrase(char letter) {
  const size_t at = (unsigned char)letter;
  return at < sizeof phrases / sizeof *phrases ? phrases[at] : NULL;
}
