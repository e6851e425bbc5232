// `wxbench explain`: what the address ranges of a debugger's list are.
#include "attribution/explain.h"
#include "cli/audit_document.h"
#include "cli/options.h"
#include "cli/say.h"
#include "cli/verb.h"
#include "os/grow.h"
#include "output/json.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPTION_SLOT = 256, TEXT_SIZE = 512, CHANCE = 8192 };

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
    .summary = "Say what ranges of addresses from a debugger's listing are, from the addresses "
               "alone: which are malloc's heaps, which are no memory at all, and how sure that "
               "is. Without arguments, rows pasted from a debugger (or lines of maps) are read "
               "from standard input; their protection, where they have one, is held against the "
               "pattern.",
    .example = "  wxbench explain 7f4000000000-7f4007ff6000 7f404c021000-7f4051b4c000",
    .options = own_options,
    .parse = parse,
};

typedef struct {
  WxRange *items;
  size_t count;
  size_t capacity;
} Ranges;

static int add(Ranges *ranges, const WxRange *range) {
  WxRange *items = wx_grown(ranges->items, &ranges->capacity, ranges->count, sizeof *items);
  if (!items)
    return -ENOMEM;
  ranges->items = items;
  ranges->items[ranges->count++] = *range;
  return 0;
}

static int take_arguments(const WxOptions *options, Ranges *ranges) {
  for (size_t i = 0; i < options->argument_count; ++i) {
    WxRange range;
    if (!wx_explain_parse(options->arguments[i], &range))
      return wx_cli_fail(options->verb,
                         "'%s': expected START-END, two hexadecimal addresses in ascending order",
                         options->arguments[i]);
    if (add(ranges, &range))
      return wx_cli_fail(options->verb, "%s", strerror(ENOMEM));
  }
  return 0;
}

static int take_pasted(const WxOptions *options, Ranges *ranges) {
  char *line = NULL;
  size_t size = 0, lines = 0;
  int failed = 0;
  for (; !failed && getline(&line, &size, stdin) >= 0; ++lines) {
    WxRange range;
    if (wx_explain_parse(line, &range))
      failed = add(ranges, &range);
  }
  free(line);
  if (failed)
    return wx_cli_fail(options->verb, "%s", strerror(-failed));
  if (!ranges->count)
    return wx_cli_fail(options->verb,
                       "none of the %zu lines on stdin has a range; expected START-END or rows "
                       "with two addresses",
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
  return json_pack("{s:o, s:o, s:I, s:o, s:s, s:I, s:s, s:s, s:s, s:s}", "start",
                   json_sprintf("%" PRIx64, explanation->range.start), "end",
                   json_sprintf("%" PRIx64, explanation->range.end), "size_bytes",
                   (json_int_t)(explanation->range.end - explanation->range.start), "pieces",
                   wx_json_built(&list), "decomposition", pieces, "heaps",
                   (json_int_t)explanation->heaps, "reading", wx_reading_code(explanation->reading),
                   "text", verdict, "certainty", wx_certainty_name(explanation->certainty), "basis",
                   "address pattern only");
}

static void add_row(WxDocument *document, WxTable *table, const WxExplanation *explanation) {
  const WxRange *range = &explanation->range;
  char text[64], size[32], pieces[TEXT_SIZE], verdict[TEXT_SIZE];
  snprintf(text, sizeof text, "%" PRIx64 "-%" PRIx64, range->start, range->end);
  // As debuggers print it.
  snprintf(size, sizeof size, "%.2fmb", (double)(range->end - range->start) / (1024.0 * 1024.0));
  wx_explain_pieces(explanation, pieces, sizeof pieces);
  wx_explain_verdict(explanation, verdict, sizeof verdict);
  wx_table_add(table, (WxCell[]){wx_text(text), wx_text(size), wx_text(pieces), wx_text(verdict),
                                 wx_text(wx_certainty_name(explanation->certainty))});
  wx_document_add_result(document, explanation_json(explanation, pieces, verdict));
}

void wx_explain_document(WxDocument *document, const WxRange ranges[], size_t count,
                         uint64_t slot) {
  static const WxColumn columns[] = {{"range", WX_TEXT},
                                     {"size", WX_TEXT},
                                     {"in slots (MiB)", WX_TEXT},
                                     {"what it is", WX_TEXT},
                                     {"certainty", WX_TEXT}};
  WxTable *table = wx_table_new(NULL, columns, sizeof columns / sizeof *columns);
  size_t at_heaps = 0;
  for (size_t i = 0; i < count; ++i) {
    const WxExplanation explanation = wx_explain_row(ranges, count, i, slot);
    add_row(document, table, &explanation);
    at_heaps += wx_explain_starts_at_heap(&ranges[i], slot);
  }
  wx_document_add_table(document, table);
  wx_document_note(document, "By address pattern only: no file was read.");
  wx_document_note(document,
                   "%zu of %zu ranges start where a heap of malloc starts or where its first "
                   "132 KiB end; a page-aligned address does so by chance once in %d times.",
                   at_heaps, count, CHANCE);
  wx_document_note(document, "What the process holds cannot be told from addresses; `wxbench audit "
                             "PID` can, also what the double mapper released and kept.");
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
    free(ranges.items);
    wx_options_free(&options);
    return failed;
  }
  WxDocument document;
  wx_document_init(&document, "explain");
  wx_explain_document(&document, ranges.items, ranges.count, own.slot);
  free(ranges.items);
  return wx_cli_finish(&options, &document, WX_UNKNOWN, WX_EXIT_OK);
}
