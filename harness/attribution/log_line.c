#include "attribution/log_line.h"

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { NESTED_MOST = 4, LEAST_TIME = 19 };

// The members of a record that hold what was written: of the journal, of docker, of dmesg, of
// loggers and of what collects them.
static const char *const keys[] = {"MESSAGE", "message",  "Message",     "msg",  "log", "line",
                                   "text",    "@message", "textPayload", "_raw", "body"};

static const char *skip_blanks(const char *at) {
  return at + strspn(at, " \t");
}

// The value of a key that is quoted at `at`; NULL where it is none of those.
static const char *find_value(const char *at) {
  for (size_t i = 0; i < sizeof keys / sizeof *keys; ++i) {
    const size_t length = strlen(keys[i]);
    if (strncmp(at + 1, keys[i], length) != 0 || at[1 + length] != '"')
      continue;
    const char *colon = skip_blanks(at + 2 + length);
    const char *value = skip_blanks(colon + 1);
    return *colon == ':' && (*value == '"' || *value == '[') ? value : NULL;
  }
  return NULL;
}

static char *put_code(char *to, unsigned code) {
  if (code < 0x80) {
    *to++ = (char)code;
  } else if (code < 0x800) {
    *to++ = (char)(0xc0 | code >> 6);
    *to++ = (char)(0x80 | (code & 0x3f));
  } else {
    *to++ = (char)(0xe0 | code >> 12);
    *to++ = (char)(0x80 | (code >> 6 & 0x3f));
    *to++ = (char)(0x80 | (code & 0x3f));
  }
  return to;
}

// "\u002f"; NULL where its four digits are not there.
static const char *take_code(const char *at, unsigned *code) {
  *code = 0;
  for (int i = 0; i < 4; ++i, ++at) {
    if (!isxdigit((unsigned char)*at))
      return NULL;
    const int lower = *at | 0x20;
    *code = *code << 4 | (unsigned)(isdigit((unsigned char)*at) ? *at - '0' : lower - 'a' + 10);
  }
  return at;
}

// What stands behind a backslash. Returns what follows it.
static const char *take_escape(const char *at, char **to) {
  static const char letters[] = "nrtbf", values[] = "\n\r\t\b\f";
  unsigned code;
  const char *end = *at == 'u' ? take_code(at + 1, &code) : NULL;
  if (end) {
    if (code) // It would end the line.
      *to = put_code(*to, code);
    return end;
  }
  const char *letter = *at ? strchr(letters, *at) : NULL;
  *(*to)++ = letter ? values[letter - letters] : *at;
  return *at ? at + 1 : at;
}

// A string, to its closing quotation mark or the end of a line that was cut.
static const char *take_string(const char *at, char **to) {
  for (++at; *at && *at != '"';) {
    if (*at == '\\' && at[1])
      at = take_escape(at + 1, to);
    else
      *(*to)++ = *at++;
  }
  return *at ? at + 1 : at;
}

// "[55,102,50]": the journal's way to write text that has a byte which is none, as a colour has.
static const char *take_bytes(const char *at, char **to) {
  for (++at; *at && *at != ']';) {
    char *end;
    const long byte = strtol(at, &end, 10);
    if (end == at)
      return NULL;
    if (byte > 0 && byte < 256)
      *(*to)++ = (char)byte;
    at = end + strspn(end, ", \t");
  }
  return *at ? at + 1 : at;
}

// Puts the messages of all records in the line to its beginning. Returns whether there was one.
static bool open_records(char *line) {
  char *to = line;
  const char *at = line;
  if (!strchr(line, '{') && *skip_blanks(line) != '"')
    return false;
  while ((at = strchr(at, '"'))) {
    const char *value = find_value(at);
    char *const from = to;
    const char *end = NULL;
    if (to > line && value)
      *to++ = '\n';
    if (value)
      end = *value == '"' ? take_string(value, &to) : take_bytes(value, &to);
    to = end ? to : from;
    at = end ? end : at + 1;
  }
  if (to > line)
    *to = '\0';
  return to > line;
}

static void open_line_ends(char *line) {
  char *to = line;
  for (const char *at = line;;) {
    const size_t plain = strcspn(at, "\\#");
    memmove(to, at, plain);
    to += plain;
    at += plain;
    if (!*at)
      break;
    const size_t length = !strncmp(at, "\\n", 2) ? 2 : !strncmp(at, "#012", 4) ? 4 : 0;
    *to++ = length ? '\n' : *at;
    at += length ? length : 1;
  }
  *to = '\0';
}

static size_t count_digits(const char *at) {
  return strspn(at, "0123456789abcdef");
}

// "7f2900010000-7f2900014000 r-xs ": how a row of maps begins.
static bool begins_row(const char *at) {
  enum { FEWEST_DIGITS = 8 };
  static const char *const flags[] = {"r-", "w-", "x-", "sp", " "};
  const size_t first = count_digits(at);
  if (first < FEWEST_DIGITS || at[first] != '-')
    return false;
  const size_t second = count_digits(at + first + 1);
  at += first + 1 + second;
  if (second < FEWEST_DIGITS || *at++ != ' ')
    return false;
  for (size_t i = 0; i < sizeof flags / sizeof *flags; ++i)
    if (!at[i] || !strchr(flags[i], at[i]))
      return false;
  return true;
}

// Rows that a shell, a terminal or a program has put into one line: the blank or quotation mark
// before each but the first ends a line.
static void open_rows(char *line) {
  bool any = false;
  if (!strchr(line, '-')) // Most lines of smaps.
    return;
  for (char *at = line; (at = strpbrk(at, "0123456789abcdef"));) {
    const bool begins = begins_row(at);
    if (begins && any && strchr(" \t\r'\"", at[-1]))
      at[-1] = '\n';
    any |= begins;
    at += count_digits(at);
  }
}

char *wx_log_open(char *line) {
  for (int depth = 0; depth < NESTED_MOST && open_records(line); ++depth)
    ;
  open_line_ends(line);
  open_rows(line);
  return line;
}

const char *wx_log_skip_time(const char *line) {
  static const char field[] = "MESSAGE="; // Of journalctl -o export and -o verbose.
  if (!strncmp(skip_blanks(line), field, sizeof field - 1))
    return skip_blanks(line) + sizeof field - 1;
  static const char *const streams[] = {"stdout F ", "stderr F ", "stdout P ", "stderr P "};
  const size_t length = strspn(line, "0123456789-:.,+TZ");
  if (length < LEAST_TIME || line[4] != '-' || line[7] != '-' || line[10] != 'T' ||
      line[13] != ':' || !line[length] || !strchr(" \t", line[length]))
    return line;
  const char *at = skip_blanks(line + length);
  for (size_t i = 0; i < sizeof streams / sizeof *streams; ++i)
    if (!strncmp(at, streams[i], strlen(streams[i])))
      return at + strlen(streams[i]);
  return at;
}
