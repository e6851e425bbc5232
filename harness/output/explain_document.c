// What address ranges are.
#include "attribution/explain.h"
#include "output/audit_document.h"
#include "output/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { TEXT_SIZE = 512, CHANCE = 8192, REGION_CHANCE = 16 };

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
