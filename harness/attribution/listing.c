#include "attribution/listing.h"

#include "attribution/explain.h"
#include "attribution/log_line.h"
#include "measure/maps.h"
#include "measure/pieces.h"
#include "measure/smaps.h"
#include "os/os.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHORT_LINE = 80, NAME_SIZE = 4096 };

typedef struct {
  WxSmaps *smaps;
  WxListing *listing;
  WxSmapsEntry entry; // Of the last row; nothing is taken for it where the row was left out.
  size_t line;
  size_t bare;   // Rows that say nothing of what is resident.
  bool cut;      // The line has no newline.
  bool parted;   // A line since the last row that may stand between two listings.
  bool finished; // The next listing begins.
  bool another;  // It is known to be one of another process.
} Reader;

// What the kernel's list of a process ends with, each once.
static const char *const last[] = {"[stack]", "[vdso]", "[vvar]", "[vsyscall]"};
enum { LAST = sizeof last / sizeof *last };

bool wx_listing_ends_with(const WxMapping *mapping) {
  for (size_t i = 0; i < LAST; ++i)
    if (!strcmp(mapping->path, last[i]))
      return true;
  return false;
}

static bool has_ended(const Reader *reader) {
  const WxSmaps *smaps = reader->smaps;
  return smaps->count && wx_listing_ends_with(&smaps->items[smaps->count - 1]);
}

static void say_damage(Reader *reader, const char *reason) {
  if (!reader->listing->damage.reason)
    reader->listing->damage = (WxDamage){reader->line, reason};
}

static void say_gap(Reader *reader) {
  if (!reader->listing->gap)
    reader->listing->gap = reader->line;
}

static bool is_one_of(const char *const words[], size_t count, const char *text, bool whole) {
  for (size_t i = 0; i < count; ++i)
    if (whole ? !strncmp(text, words[i], strlen(words[i])) : strstr(text, words[i]) != NULL)
      return true;
  return false;
}

#define BEGINS_WITH_ANY(WORDS, TEXT) is_one_of(WORDS, sizeof(WORDS) / sizeof *(WORDS), TEXT, true)
#define HAS_ANY(WORDS, TEXT)         is_one_of(WORDS, sizeof(WORDS) / sizeof *(WORDS), TEXT, false)

// What a line of smaps may have before its key: an indent, a quotation's mark, a diff's, the number
// and the name that grep prints.
static const char *skip_marks(const char *at) {
  at += strspn(at, " \t+>|");
  for (;;) {
    const size_t length = strcspn(at, " \t:-");
    const bool number = length && strspn(at, "0123456789") == length;
    const bool path = memchr(at, '/', length) != NULL;
    if ((!number && !path) || (at[length] != ':' && at[length] != '-'))
      return at;
    at += length + 1;
  }
}

// Where the word at `key` is one of smaps, what follows its colon: "Key: 4 kB", "THPeligible: 0",
// "VmFlags: rd wr". Else NULL.
static const char *find_value(const char *key) {
  const char *at = key;
  while (isalpha((unsigned char)*at) || *at == '_')
    ++at;
  if (*key < 'A' || *key > 'Z' || *at != ':')
    return NULL;
  const bool flags = !strncmp(key, "VmFlags", (size_t)(at - key));
  at += 1 + strspn(at + 1, " \t");
  return flags || isdigit((unsigned char)*at) ? at : NULL;
}

// Whether nothing but the value stands there.
static bool is_value_only(const char *value) {
  if (!isdigit((unsigned char)*value))
    return true;
  value += strspn(value, "0123456789");
  return !*value || !strcmp(value, " kB") || !strcmp(value, "\tkB");
}

// A line of smaps, behind what a log or a number of lines may have put there.
static const char *find_key(const char *line) {
  const char *key = skip_marks(line);
  if (find_value(key))
    return key;
  for (key = line; *key; ++key) {
    const bool begins = key > line && strchr(" \t|>=:\"'", key[-1]);
    const char *value = begins ? find_value(key) : NULL;
    if (value && is_value_only(value))
      return key;
  }
  return NULL;
}

// "4 KB", "4 KiB" and "4 K" become "4 kB". Returns the end of the line.
static char *write_unit(char *line, char *end) {
  static const char *const units[] = {" KB", " KiB", " K"};
  for (size_t i = 0; i < sizeof units / sizeof *units; ++i) {
    const size_t length = strlen(units[i]);
    if ((size_t)(end - line) > length && !memcmp(end - length, units[i], length))
      return stpcpy(end - length, " kB");
  }
  return end;
}

static void take_key(Reader *reader, const char *key) {
  if (!reader->entry.residency)
    return;
  // As the kernel prints it.
  char line[SHORT_LINE * 4];
  const int length = snprintf(line, sizeof line - 1, "%s", key);
  const size_t size = length < 0                         ? 0
                      : (size_t)length < sizeof line - 1 ? (size_t)length
                                                         : sizeof line - 2;
  for (size_t i = 0; i < size; ++i)
    line[i] = line[i] == '\t' ? ' ' : line[i];
  char *const end = write_unit(line, line + size);
  *end = '\n';
  reader->listing->sizes = true;
  const char *reason = wx_smaps_entry_take(&reader->entry, line, end);
  if (reason)
    say_damage(reader, reason);
}

// Of an entry that is cut short nothing is known: it is left out.
static void close_entry(Reader *reader) {
  const WxSmapsEntry *entry = &reader->entry;
  if (!entry->residency || wx_smaps_entry_is_whole(entry))
    return;
  if (!entry->seen && !reader->listing->sizes) {
    ++reader->bare;
    return;
  }
  say_damage(reader, "the entry of the mapping before is cut short");
  --reader->smaps->count;
}

// pmap prints the last part of a path, and blanks in the kernel's own names.
static size_t write_name(const WxRange *range, char name[NAME_SIZE]) {
  const bool pmap = !strncmp(range->format, "pmap", 4);
  size_t length = 0;
  if (pmap && range->name_length && !strchr("/[", *range->name))
    name[length++] = '/';
  for (size_t i = 0; i < range->name_length && length < NAME_SIZE - 1; ++i)
    if (!pmap || *range->name != '[' || range->name[i] != ' ')
      name[length++] = range->name[i];
  name[length] = '\0';
  return pmap && !strcmp(name, "[anon]") ? 0 : length;
}

static int append(Reader *reader, WxMapping *mapping, const WxRange *range) {
  char name[NAME_SIZE];
  const size_t length = write_name(range, name);
  const char *reason = NULL;
  const int result = wx_smaps_append(reader->smaps, mapping, name, length, &reason);
  if (reason)
    say_damage(reader, reason);
  if (result)
    return result == -EINVAL ? 0 : result;
  if (!reader->listing->format)
    reader->listing->format = range->format;
  wx_smaps_entry_begin(&reader->entry, &reader->smaps->residency[reader->smaps->count - 1], NULL);
  return 0;
}

// A row below the one before it is the first of another process where that one's list has ended,
// or where something stands between.
static int take_row(Reader *reader, WxMapping *mapping, const WxRange *range) {
  close_entry(reader);
  reader->entry.residency = NULL;
  const WxSmaps *smaps = reader->smaps;
  const WxMapping *previous = smaps->count ? &smaps->items[smaps->count - 1] : NULL;
  if (previous && mapping->start < previous->start && (has_ended(reader) || reader->parted)) {
    reader->listing->next = reader->line;
    reader->finished = true;
    reader->another = reader->parted;
    return 0;
  }
  reader->parted = false;
  const char *reason = previous ? wx_maps_follow(previous, mapping) : NULL;
  if (!reason)
    return append(reader, mapping, range);
  say_damage(reader, reason);
  return 0;
}

// "...", "[...]", "<snip>", "(1,203 lines omitted)", grep's "--", a diff's "@@".
static bool is_gap(const char *text) {
  static const char *const words[] = {"snip",    "omitted",  "truncated",  "skipped",
                                      "removed", "left out", "more lines", "cut here",
                                      "8<",      ">8",       "rest of the"};
  const size_t marks = strspn(text, ".[](){}<>|*+ \xe2\x80\xa6");
  if (!strcmp(text, "--") || !strncmp(text, "@@", 2))
    return true;
  if (!text[marks])
    return strstr(text, "..") || strstr(text, "\xe2\x80\xa6");
  return strlen(text) < SHORT_LINE &&
         (HAS_ANY(words, text) || !strncmp(text, "...", 3) || !strncmp(text, "\xe2\x80\xa6", 3));
}

// A command line, as far as it can be told.
static bool is_prompt(const char *text) {
  static const char *const commands[] = {"cat ", "pmap", "maps", "grep ", "kubectl ", "docker "};
  static const char *const ends[] = {"$ ", "# ", "> ", "% ", "\xe2\x9d\xaf ", "\xe2\x9e\x9c "};
  const size_t length = strlen(text);
  return (length && strchr("$#>%", text[length - 1])) ||
         (HAS_ANY(ends, text) && HAS_ANY(commands, text)) || BEGINS_WITH_ANY(commands, text);
}

// Whether a command stands there: at the beginning of a word.
static bool has_command(const char *text, const char *command) {
  for (const char *at = text; (at = strstr(at, command)); ++at)
    if (at == text || strchr(" |;&(`/", at[-1]))
      return true;
  return false;
}

// A command that chooses lines.
static bool is_choice(const char *text) {
  static const char *const choosers[] = {
      "grep ",    "egrep ",         "fgrep ", "zgrep ",        "rg ",   "ag ",
      "ack ",     "head ",          "tail ",  "awk ",          "gawk ", "sed ",
      "findstr ", "Select-String ", "sls ",   "Where-Object ", "--tail"};
  const bool reads = is_prompt(text) || strchr(text, '|') || strstr(text, "maps");
  for (size_t i = 0; reads && i < sizeof choosers / sizeof *choosers; ++i)
    if (has_command(text, choosers[i]))
      return true;
  return false;
}

// The rest of a record of a log, whose message is on a line of its own: `"_PID" : "4711",`, `}`,
// `_PID=4711`, and the journal's first line of one.
static bool is_record(const char *text) {
  const size_t name = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");
  const char *quote = *text == '"' ? strchr(text + 1, '"') : NULL;
  return !text[strspn(text, "{}[], \036")] || (name && text[name] == '=') ||
         (quote && quote[1 + strspn(quote + 1, " \t")] == ':') ||
         (strstr(text, " [s=") && strstr(text, ";i="));
}

// What pmap puts below its columns: a line, and the sums of them.
static bool is_sum(const char *text) {
  const size_t digits = strspn(text, "0123456789 ");
  return !text[strspn(text, "= -")] || (digits && !strcmp(text + digits, "KB"));
}

// What stands around a listing and says nothing of it: pmap's titles and sums, a file's name.
static bool is_frame(const char *text) {
  static const char *const starts[] = {"```", "~~~", "==>", "---", "+++", "diff ", "index ",
                                       "\\ No new", "total", "mapped:",
                                       // What a pager asks.
                                       "--More--", "--Type <"};
  const size_t length = strlen(text);
  return BEGINS_WITH_ANY(starts, text) || is_prompt(text) || is_record(text) || is_sum(text) ||
         (!strncmp(text, "Address", 7) && strstr(text, "Mapping")) ||
         (strstr(text, "Kbytes") && strstr(text, "Mode")) ||
         (text[strspn(text, "0123456789")] == ':' && isdigit((unsigned char)*text)) ||
         (length && text[length - 1] == ':');
}

// Whether it should be a row, or a line of smaps, and is none.
static bool is_like_row(const char *text) {
  static const char digits[] = "0123456789abcdef";
  for (const char *at = text; *at; ++at) {
    const size_t length = strspn(at, digits);
    if (length >= 5 && at[length] == '-' && strchr(digits, at[length + 1]) && at[length + 1])
      return true;
    at += length ? length - 1 : 0;
  }
  for (const char *at = strpbrk(text, "rw-"); at; at = strpbrk(at + 1, "rw-"))
    if (strchr("r-", at[0]) && at[1] && strchr("w-", at[1]) && at[2] && strchr("x-", at[2]) &&
        at[3] && strchr("sp", at[3]) && (!at[4] || at[4] == ' '))
      return true;
  return strstr(text, " kB") != NULL;
}

static void take_other(Reader *reader, char *text) {
  const bool begun = reader->smaps->count && !has_ended(reader);
  if (!*text)
    return;
  if (is_gap(text) || is_choice(text)) {
    say_gap(reader);
  } else if (!is_frame(text)) {
    if (is_like_row(text)) {
      WxMapping mapping;
      const char *reason = wx_maps_parse_line(text, text + strlen(text), &mapping);
      close_entry(reader);
      reader->entry.residency = NULL;
      say_damage(reader, reason ? reason : "expected a mapping");
      return;
    }
    if (begun && reader->cut)
      say_damage(reader, "the last line is cut short");
    else if (begun)
      say_gap(reader);
  }
  reader->parted = true;
}

static char *trim(char *line) {
  size_t length = strlen(line);
  // A backslash continues a line of a shell.
  while (length && (isspace((unsigned char)line[length - 1]) || line[length - 1] == '\\'))
    line[--length] = '\0';
  while (isspace((unsigned char)*line))
    ++line;
  return line;
}

static int take_part(Reader *reader, char *line) {
  // What a diff took away is not in the newer of the two.
  if (line[0] == '-' && isalnum((unsigned char)line[1]))
    return 0;
  wx_explain_clean(line);
  char *text = trim(line);
  const char *key = find_key(text);
  if (key) {
    take_key(reader, key);
    return 0;
  }
  WxMapping mapping;
  WxRange range = {.format = "maps"};
  if (!wx_maps_parse_line(text, text + strlen(text), &mapping)) {
    range.name = mapping.path;
    range.name_length = strlen(mapping.path);
    return take_row(reader, &mapping, &range);
  }
  if (wx_explain_parse_mapping(text, &mapping, &range))
    return take_row(reader, &mapping, &range);
  take_other(reader, text);
  return 0;
}

static int take_line(Reader *reader, char *line) {
  int result = 0;
  for (char *rest = wx_log_open(line), *part; !result && !reader->finished && rest;) {
    part = strsep(&rest, "\n");
    result = take_part(reader, part);
  }
  return result;
}

// A listing that somebody has sorted looks like two as well; but a process has only one of each of
// the last rows.
static void look_at_rest(Reader *reader, const char *line) {
  const WxSmaps *smaps = reader->smaps;
  for (size_t i = 0; i < LAST && !reader->another; ++i)
    for (size_t k = 0; strstr(line, last[i]) && k < smaps->count && !reader->another; ++k)
      reader->another = !strcmp(smaps->items[k].path, last[i]);
}

// Takes the whole lines of a piece, and says how much of it is left.
static int take_lines(Reader *reader, char *piece, size_t size, size_t *left) {
  char *line = piece;
  const char *const end = piece + size;
  for (char *newline; !reader->another && (newline = memchr(line, '\n', (size_t)(end - line)));
       line = newline + 1) {
    *newline = '\0';
    ++reader->line;
    const int result = reader->finished ? 0 : take_line(reader, line);
    if (result)
      return result;
    if (reader->finished)
      look_at_rest(reader, line);
  }
  *left = (size_t)(end - line);
  return 0;
}

static int read_lines(Reader *reader, WxPieces *pieces) {
  size_t left = 0;
  int result = 0;
  while (!result && !reader->another) {
    char *piece;
    const ssize_t size = wx_pieces_next(pieces, left, &piece);
    if (size > 0) {
      result = take_lines(reader, piece, (size_t)size, &left);
      continue;
    }
    if (reader->finished && !size)
      return 0;
    ++reader->line;
    if (size == -E2BIG)
      say_damage(reader, "expected a shorter line");
    if (size)
      return size == -E2BIG ? 0 : (int)size;
    piece[left] = '\0';
    reader->cut = left > 0;
    return left ? take_line(reader, piece) : 0;
  }
  return result;
}

const char *wx_listing_refuses(const char *start, size_t size) {
  static const struct {
    const char *bytes, *reason;
  } packers[] = {{"\x1f\x8b", "it is compressed: expected text (gunzip it first)"},
                 {"\x28\xb5\x2f\xfd", "it is compressed: expected text (unzstd it first)"},
                 {"\xfd\x37zXZ", "it is compressed: expected text (unxz it first)"},
                 {"PK\x03\x04", "it is an archive: expected text (unzip it first)"}};
  for (size_t i = 0; i < sizeof packers / sizeof *packers; ++i)
    if (size >= strlen(packers[i].bytes) &&
        !memcmp(start, packers[i].bytes, strlen(packers[i].bytes)))
      return packers[i].reason;
  // One row, of all addresses, with the sums of all.
  if (memmem(start, size, "[rollup]", strlen("[rollup]")))
    return "smaps_rollup has sums only, and no mapping; expected smaps";
  return NULL;
}

int wx_listing_load(WxSmaps *smaps, const char *path, WxListing *listing) {
  *listing = (WxListing){0};
  smaps->count = smaps->lines = smaps->left_out = 0;
  WxPieces pieces = {.fd = wx_os_open(path, O_RDONLY, 0)};
  if (pieces.fd < 0)
    return pieces.fd;
  Reader reader = {.smaps = smaps, .listing = listing};
  const int result = read_lines(&reader, &pieces);
  wx_pieces_end(&pieces);
  wx_os_close_reader(pieces.fd);
  if (result)
    return result;
  if (!reader.finished)
    close_entry(&reader);
  if (!smaps->count)
    say_damage(&reader, "expected lines of maps or smaps");
  if (reader.finished && !reader.another) {
    reader.line = listing->next;
    listing->next = 0;
    say_damage(&reader, "expected mappings in ascending order");
  }
  if (listing->sizes && reader.bare)
    say_damage(&reader, "expected the line Rss: of every mapping");
  return 0;
}
