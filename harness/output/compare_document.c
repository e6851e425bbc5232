// What got better or worse.
#include "output/compare.h"
#include "output/documents.h"
#include "output/json.h"

#include <stdlib.h>

// Says what the two files hold: with other settings the figures mean something else.
static void note_origin(WxDocument *document, const char *path, const json_t *root) {
  const json_t *context = json_object_get(root, "context");
  const char *command = wx_json_get_text(context, "command"),
             *date = wx_json_get_text(context, "date");
  if (command)
    wx_document_note(document, "%s: %s, %s.", path, command, date ? date : "no date");
}

// Says where the two machines differ: then figures may differ for that reason.
static void note_context(WxDocument *document, const json_t *base, const json_t *now) {
  static const char *const keys[] = {"kernel",    "cpu",      "cpus", "page_size",
                                     "thp_shmem", "compiler", "seed"};
  for (size_t i = 0; i < sizeof keys / sizeof *keys; ++i) {
    json_t *was = json_object_get(json_object_get(base, "context"), keys[i]);
    json_t *is = json_object_get(json_object_get(now, "context"), keys[i]);
    if (!was || !is || json_equal(was, is))
      continue;
    char *before = wx_json_print(was, JSON_ENCODE_ANY), *after = wx_json_print(is, JSON_ENCODE_ANY);
    if (before && after)
      wx_document_note(document, "Not the same %s: %s, now %s.", keys[i], before, after);
    else
      document->lost = true;
    free(before);
    free(after);
  }
}

static void add_unless_empty(WxDocument *document, WxTable *table) {
  if (table && !wx_table_error(table) && wx_table_rows(table) == 0)
    wx_table_free(table);
  else
    wx_document_add_table(document, table);
}

void wx_comparison_document(WxDocument *document, WxComparison *comparison, bool gated) {
  for (size_t i = 0; i < json_array_size(comparison->rows); ++i)
    wx_document_add_result(document, json_incref(json_array_get(comparison->rows, i)));
  add_unless_empty(document, wx_comparison_table(NULL, comparison->rows));
  add_unless_empty(document, wx_comparison_information(comparison->rows));
  const size_t *count = comparison->count;
  wx_document_note(document, "%zu worse, %zu better, %zu the same, %zu for information.",
                   count[WX_GATE_WORSE], count[WX_GATE_BETTER], count[WX_GATE_SAME],
                   count[WX_GATE_INFO]);
  if (comparison->slower > 0)
    wx_document_note(document, "%zu slower by more than twice the noise%s.", comparison->slower,
                     gated ? "" : "; with --gate-times that is worse");
  wx_document_lead(document);
}

int wx_compare_document(WxDocument *document, json_t *const documents[2],
                        const char *const names[2], WxRatios ratios, size_t *worse, char *problem) {
  WxComparison comparison = {0};
  const int error = wx_compare(documents[0], documents[1], names, ratios, &comparison, problem);
  if (error)
    return error;
  wx_comparison_document(document, &comparison, ratios == WX_RATIOS_GATED);
  for (size_t i = 0; i < 2; ++i)
    note_origin(document, names[i], documents[i]);
  note_context(document, documents[0], documents[1]);
  *worse = comparison.count[WX_GATE_WORSE];
  wx_comparison_free(&comparison);
  return 0;
}
