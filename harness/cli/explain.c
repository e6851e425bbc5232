// `wxbench explain`: what the address ranges of a debugger's list are.
#include "attribution/explain.h"
#include "cli/audit_document.h"
#include "cli/options.h"
#include "cli/say.h"
#include "cli/verb.h"
#include "measure/name_pool.h"
#include "measure/pieces.h"
#include "os/grow.h"
#include "output/json.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OPTION_SLOT = 256, TEXT_SIZE = 512, CHANCE = 8192, REGION_CHANCE = 16 };

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
  const error_t failed = wx_options_bytes(state, "--slot", argument, &own->slot);
  if (failed)
    return failed;
  if (own->slot < 1 << 20 || own->slot & (own->slot - 1))
    return wx_options_refuse(state, "--slot %s: expected a power of two of at least 1 MiB",
                             argument);
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
    added->name_length = range->name_length < TEXT_SIZE ? range->name_length : TEXT_SIZE;
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
  WxRange range;
  int failed = 0;
  for (bool found = wx_explain_parse(line, &range); !failed && found;
       found = wx_explain_parse_more(line, &range))
    failed = add(ranges, &range);
  return failed;
}

// A log in JSON has line ends written out: "\\n".
static int take_line(Ranges *ranges, char *line) {
  int failed = 0;
  wx_explain_clean(line);
  for (char *part = line, *next; part && !failed; part = next) {
    next = strstr(part, "\\n");
    if (next) {
      *next = '\0';
      next += 2;
    }
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
    if (!stop && !(stop = memrchr(line, ' ', (size_t)(end - line))))
      stop = end;
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

static json_t *piece_json(const WxPiece *piece) {
  return json_pack("{s:o, s:o, s:o, s:I, s:I}", "start", json_sprintf("%" PRIx64, piece->start),
                   "end", json_sprintf("%" PRIx64, piece->end), "slot",
                   json_sprintf("%" PRIx64, piece->slot), "size_bytes",
                   (json_int_t)(piece->end - piece->start), "whole_slots",
                   (json_int_t)piece->whole_slots);
}

static json_t *explanation_json(const WxExplanation *explanation, const char *pieces,
                                const char *verdict) {
  WxJsonBuilder list = wx_json_list();
  for (size_t i = 0; i < explanation->piece_count; ++i)
    wx_json_append(&list, piece_json(&explanation->pieces[i]));
  const WxRange *range = &explanation->range;
  WxJsonBuilder object = wx_json_object();
  wx_json_put(&object, "start",
              range->start ? json_sprintf("%" PRIx64, range->start) : json_null());
  wx_json_put(&object, "end", range->end ? json_sprintf("%" PRIx64, range->end) : json_null());
  wx_json_put(&object, "size_bytes",
              range->end ? json_integer((json_int_t)(range->end - range->start)) : json_null());
  wx_json_put(&object, "pieces", wx_json_built(&list));
  wx_json_put(&object, "decomposition", json_string(pieces));
  wx_json_put(&object, "heaps", json_integer((json_int_t)explanation->heaps));
  wx_json_put(&object, "reading", json_string(wx_reading_code(explanation->reading)));
  wx_json_put(&object, "owner", wx_json_text(range->naming ? range->naming->code : NULL));
  wx_json_put(&object, "text", wx_json_text(verdict));
  wx_json_put(&object, "certainty", json_string(wx_certainty_name(explanation->certainty)));
  wx_json_put(&object, "format", wx_json_text(range->format));
  wx_json_put(&object, "basis",
              json_string(range->naming ? "name in the row"
                          : range->end  ? "address pattern only"
                                        : "none"));
  return wx_json_built(&object);
}

static void write_range(const WxRange *range, char *text, size_t text_size, char *size,
                        size_t size_size) {
  snprintf(size, size_size, "-");
  if (!range->start)
    snprintf(text, text_size, "-");
  else if (!range->end)
    snprintf(text, text_size, "%" PRIx64, range->start);
  else
    snprintf(text, text_size, "%" PRIx64 "-%" PRIx64, range->start, range->end);
  if (range->end) // As debuggers print it.
    snprintf(size, size_size, "%.2fmb", (double)(range->end - range->start) / (1024.0 * 1024.0));
}

// What rows are made of.
typedef struct {
  const WxRange *ranges;
  uint64_t slot;
  WxFronts fronts;
} Explained;

static void free_explained(void *context) {
  Explained *explained = context;
  wx_explain_fronts_free(&explained->fronts);
  free(explained);
}

static void make_row(const void *context, size_t row, WxTable *into) {
  const Explained *explained = context;
  const WxRange *range = &explained->ranges[row];
  const WxExplanation explanation = wx_explain_row(range, &explained->fronts, explained->slot);
  char text[64], size[32], pieces[TEXT_SIZE], verdict[TEXT_SIZE];
  write_range(range, text, sizeof text, size, sizeof size);
  wx_explain_pieces(&explanation, pieces, sizeof pieces);
  wx_explain_verdict(&explanation, verdict, sizeof verdict);
  wx_table_add(into, (WxCell[]){wx_text(text), wx_text(size), wx_text(pieces), wx_text(verdict),
                                wx_text(wx_certainty_name(explanation.certainty))});
}

static json_t *make_result(const void *context, size_t index) {
  const Explained *explained = context;
  const WxExplanation explanation =
      wx_explain_row(&explained->ranges[index], &explained->fronts, explained->slot);
  char pieces[TEXT_SIZE], verdict[TEXT_SIZE];
  wx_explain_pieces(&explanation, pieces, sizeof pieces);
  wx_explain_verdict(&explanation, verdict, sizeof verdict);
  return explanation_json(&explanation, pieces, verdict);
}

static void note_basis(WxDocument *document, size_t count, size_t by_pattern, size_t at_heaps) {
  if (by_pattern == count)
    wx_document_note(document, "By address pattern only: no file was read.");
  else
    wx_document_note(document, "%zu of %zu rows by what they say themselves; no file was read.",
                     count - by_pattern, count);
  if (by_pattern)
    wx_document_note(document,
                     "%zu of %zu ranges start where a heap of malloc starts or where its first "
                     "132 KiB end; a page-aligned address does so by chance once in %d times, a "
                     "region of the garbage collector once in %d.",
                     at_heaps, by_pattern, CHANCE, REGION_CHANCE);
  wx_document_note(document, "What the process holds cannot be told from addresses; `wxbench audit "
                             "PID` can, also what the double mapper released and kept.");
}

static void count_patterns(const WxRange ranges[], size_t count, uint64_t slot, size_t *by_pattern,
                           size_t *at_heaps) {
  for (size_t i = 0; i < count; ++i) {
    if (ranges[i].naming || !ranges[i].end)
      continue;
    ++*by_pattern;
    *at_heaps += wx_explain_starts_at_heap(&ranges[i], slot);
  }
}

void wx_explain_document(WxDocument *document, const WxRange ranges[], size_t count,
                         uint64_t slot) {
  static const WxColumn columns[] = {{"range", WX_TEXT},
                                     {"size", WX_TEXT},
                                     {"in slots (MiB)", WX_TEXT},
                                     {"what it is", WX_TEXT},
                                     {"certainty", WX_TEXT}};
  Explained *explained = malloc(sizeof *explained);
  if (!explained) {
    document->lost = true;
    return;
  }
  *explained = (Explained){.ranges = ranges, .slot = slot};
  document->lost |= wx_explain_fronts(&explained->fronts, ranges, count, slot) != 0;
  wx_document_make_results(document,
                           &(WxMadeResults){count, make_result, explained, free_explained});
  wx_document_add_table(document, wx_table_new_made(NULL, columns, sizeof columns / sizeof *columns,
                                                    &(WxMadeRows){count, make_row, explained}));
  size_t at_heaps = 0, by_pattern = 0;
  count_patterns(ranges, count, slot, &by_pattern, &at_heaps);
  note_basis(document, count, by_pattern, at_heaps);
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
