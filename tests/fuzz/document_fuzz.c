// Result files: any bytes are a document or are refused in one line; a document compares as the
// same with itself and can be written in every format.
#include "output/comparison.h"
#include "output/flat_table.h"
#include "output/format.h"
#include "output/json.h"
#include "output/result_json.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void require(int holds) {
  if (!holds)
    abort();
}

static void write_everything(const json_t *root) {
  WxDocument document;
  wx_document_init(&document, wx_json_get_text(root, "kind"));
  json_object_update(document.context, json_object_get(root, "context"));
  const json_t *results = json_object_get(root, "results");
  for (size_t i = 0; i < json_array_size(results); ++i)
    wx_document_add_result(&document, json_incref(json_array_get(results, i)));
  wx_document_add_table(&document, wx_result_table("results", results));
  wx_document_add_table(&document, wx_comparison_table("comparison", results));
  wx_document_add_table(&document, wx_flat_table("all", results, NULL));
  for (size_t i = 0; wx_format_at(i); ++i) {
    char *text;
    size_t length;
    require(wx_format_render(wx_format_at(i), &document, &text, &length) == 0);
    free(text);
  }
  wx_document_free(&document);
}

static void compare_with_itself(const json_t *root) {
  const char *const names[2] = {"a", "b"};
  WxComparison comparison;
  char problem[WX_PROBLEM] = "";
  if (wx_compare(root, root, names, WX_RATIOS_SHOWN, &comparison, problem) < 0) {
    require(problem[0] != '\0');
    return;
  }
  require(comparison.count[WX_GATE_WORSE] == 0 && comparison.count[WX_GATE_BETTER] == 0);
  wx_comparison_free(&comparison);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  json_t *root;
  char problem[WX_PROBLEM] = "";
  if (wx_document_parse("fuzz", (const char *)data, size, &root, problem) < 0) {
    require(problem[0] != '\0' && strlen(problem) < sizeof problem);
    return 0;
  }
  compare_with_itself(root);
  write_everything(root);
  json_decref(root);
  return 0;
}
