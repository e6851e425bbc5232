// `wxbench explain`: what the address ranges of a debugger's list are.
#include "attribution/explain.h"
#include "attribution/log_line.h"
#include "cli/options.h"
#include "cli/say.h"
#include "cli/verb.h"
#include "measure/name_pool.h"
#include "measure/pieces.h"
#include "os/grow.h"
#include "output/audit_document.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OPTION_SLOT = 256, NAME_SIZE = 512 };

typedef struct {
  uint64_t slot;
} Own;

static const struct argp_option own_options[] = {
    {"slot", OPTION_SLOT, "BYTES", 0,
     "What malloc reserves for a heap (64 MiB; four huge pages where the target has "
     "GLIBC_TUNABLES=glibc.malloc.hugetlb)",
     0},
    {0},
};

static error_t parse(int key, char *argument, struct argp_state *state) {
  Own *own = state->input;
  if (key != OPTION_SLOT)
    return ARGP_ERR_UNKNOWN;
  const error_t failed = wx_options_bytes(state, argument, &own->slot);
  if (failed)
    return failed;
  if (own->slot < 1 << 20 || own->slot & (own->slot - 1))
    return wx_options_refuse(state, "%s: expected a power of two of at least 1 MiB", argument);
  return 0;
}

static const WxOptionsSpec spec = {
    .arguments = "[START-END...]",
    .summary = "Say what ranges of addresses from somebody's listing are: which are the double "
               "mapper's, which are malloc's heaps, which are no memory at all, and how sure that "
               "is. Without arguments, any text is read from standard input: lines of maps or "
               "smaps, rows of pmap, lsof, perf, gdb, lldb, SOS or WinDbg, or prose with START-END "
               "in it. A row that names its owner is told by that name; the addresses count where "
               "it has none.",
    .example = "  wxbench explain 7f4000000000-7f4007ff6000 7f404c021000-7f4051b4c000",
    .options = own_options,
    .parse = parse,
};

typedef struct {
  WxRange *items;
  size_t count;
  size_t capacity;
  WxNamePool names; // Those of the items point into it.
} Ranges;

static int add(Ranges *ranges, const WxRange *range) {
  WxRange *items = wx_grown(ranges->items, &ranges->capacity, ranges->count, sizeof *items);
  if (!items)
    return -ENOMEM;
  ranges->items = items;
  WxRange *added = &items[ranges->count];
  *added = *range;
  added->name = added->rest = NULL;
  if (range->naming && range->naming->shown) { // No more than the text has room for.
    added->name_length = range->name_length < NAME_SIZE ? range->name_length : NAME_SIZE;
    added->name = wx_name_pool_find(&ranges->names, range->name, added->name_length);
    if (!added->name)
      return -ENOMEM;
  }
  ++ranges->count;
  return 0;
}

static void free_ranges(Ranges *ranges) {
  wx_name_pool_free(&ranges->names);
  free(ranges->items);
}

static int take_arguments(const WxOptions *options, Ranges *ranges) {
  for (size_t i = 0; i < options->argument_count; ++i) {
    WxRange range;
    if (!wx_explain_parse_range(options->arguments[i], &range))
      return wx_cli_fail(options->verb,
                         "'%s': expected START-END, two hexadecimal addresses in ascending order",
                         options->arguments[i]);
    if (add(ranges, &range))
      return wx_cli_fail(options->verb, "%s", strerror(ENOMEM));
  }
  return 0;
}

static int take_part(Ranges *ranges, const char *line) {
  WxRange range = ranges->count ? ranges->items[ranges->count - 1] : (WxRange){0};
  int failed = 0;
  if (wx_explain_parse_next(line, &range)) {
    --ranges->count;
    return add(ranges, &range);
  }
  for (bool found = wx_explain_parse(line, &range); !failed && found;
       found = wx_explain_parse_more(line, &range))
    failed = add(ranges, &range);
  return failed;
}

static int take_line(Ranges *ranges, char *line) {
  int failed = 0;
  for (char *rest = wx_log_open(line), *part; rest && !failed;) {
    part = strsep(&rest, "\n");
    wx_explain_clean(part);
    failed = take_part(ranges, part);
  }
  return failed;
}

// Takes the lines of a piece of the text, and says how much of it is left. A line that is longer
// than half of a piece is taken in parts, each up to a space.
static int take_lines(Ranges *ranges, char *piece, size_t size, size_t *lines, size_t *left) {
  char *line = piece;
  char *const end = piece + size;
  int failed = 0;
  while (!failed && line < end) {
    char *stop = memchr(line, '\n', (size_t)(end - line));
    *lines += stop != NULL;
    if (!stop && end - line <= WX_PIECE_MAX / 2)
      break;
    if (!stop)
      stop = wx_explain_divide(line, end);
    *stop = '\0';
    failed = take_line(ranges, line);
    line = stop < end ? stop + 1 : end;
  }
  *left = (size_t)(end - line);
  return failed;
}

static int read_lines(Ranges *ranges, WxPieces *pieces, size_t *lines) {
  size_t left = 0;
  for (;;) {
    char *piece;
    const ssize_t size = wx_pieces_next(pieces, left, &piece);
    if (size < 0)
      return (int)size;
    if (size) {
      const int failed = take_lines(ranges, piece, (size_t)size, lines, &left);
      if (failed)
        return failed;
      continue;
    }
    if (!left)
      return 0;
    piece[left] = '\0'; // A last line without a newline is one.
    ++*lines;
    return take_line(ranges, piece);
  }
}

static int take_pasted(const WxOptions *options, Ranges *ranges) {
  WxPieces pieces = {.fd = STDIN_FILENO};
  size_t lines = 0;
  const int failed = read_lines(ranges, &pieces, &lines);
  wx_pieces_end(&pieces);
  if (failed)
    return wx_cli_fail(options->verb, "%s", strerror(-failed));
  if (!ranges->count)
    return wx_cli_fail(options->verb,
                       "none of the %zu lines on stdin has a range: a summary has no addresses, "
                       "and what a range is can be told from its name or its addresses only. Paste "
                       "lines of /proc/PID/maps, rows of pmap -x or of a debugger's list, or "
                       "START-END",
                       lines);
  return 0;
}

int wx_cli_explain(int argc, char **argv) {
  Own own = {.slot = WX_HEAP_SLOT_BYTES};
  WxOptions options;
  if (!wx_options_parse(&options, &spec, argc, argv, &own))
    return options.status;
  Ranges ranges = {0};
  const int failed =
      options.argument_count ? take_arguments(&options, &ranges) : take_pasted(&options, &ranges);
  if (failed) {
    free_ranges(&ranges);
    wx_options_free(&options);
    return failed;
  }
  WxDocument document;
  wx_document_init(&document, "explain");
  wx_explain_document(&document, ranges.items, ranges.count, own.slot);
  const int status = wx_cli_finish(&options, &document, WX_UNKNOWN, WX_EXIT_OK);
  free_ranges(&ranges);
  return status;
}
