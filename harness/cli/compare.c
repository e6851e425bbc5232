// wxbench compare: did anything get worse between two result files?
#include "output/compare.h"
#include "cli/documents.h"
#include "cli/options.h"
#include "cli/say.h"
#include "cli/verb.h"
#include "output/json.h"

#include <string.h>

static const WxOptionsSpec spec = {
    .arguments = "BASE.json NEW.json",
    .summary =
        "Compare two result files of run, replay or validate. Bytes retained, mappings and "
        "system calls of run and replay must not grow, minor faults not by more than 1 %; no "
        "expectation may fail that held, no result be missing. Times are only shown. Exit "
        "status 1 if anything got worse.",
    .example = "  wxbench run release_retains --json new.json\n"
               "  wxbench compare base.json new.json --format markdown",
};

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

static void fill(WxDocument *document, WxComparison *comparison) {
  for (size_t i = 0; i < json_array_size(comparison->rows); ++i)
    wx_document_add_result(document, json_incref(json_array_get(comparison->rows, i)));
  add_unless_empty(document, wx_comparison_table(NULL, comparison->rows));
  add_unless_empty(document, wx_comparison_information(comparison->rows));
  const size_t *count = comparison->count;
  wx_document_note(document, "%zu worse, %zu better, %zu the same, %zu for information.",
                   count[WX_GATE_WORSE], count[WX_GATE_BETTER], count[WX_GATE_SAME],
                   count[WX_GATE_INFO]);
  wx_document_lead(document);
}

// Loads both files. Returns 0, or the exit status after the fault was reported.
static int load(const WxOptions *options, json_t *documents[2]) {
  char problem[WX_PROBLEM];
  if (options->argument_count != 2)
    return wx_cli_fail(options->verb, "expected two files, BASE.json and NEW.json, but got %zu",
                       options->argument_count);
  for (size_t i = 0; i < 2; ++i) {
    if (wx_document_load(options->arguments[i], &documents[i], problem) < 0)
      return wx_cli_fail(options->verb, "%s", problem);
  }
  return 0;
}

int wx_compare_document(WxDocument *document, json_t *const documents[2],
                        const char *const names[2], size_t *worse, char *problem) {
  WxComparison comparison;
  const int error = wx_compare(documents[0], documents[1], names, &comparison, problem);
  if (error)
    return error;
  fill(document, &comparison);
  for (size_t i = 0; i < 2; ++i)
    note_origin(document, names[i], documents[i]);
  note_context(document, documents[0], documents[1]);
  *worse = comparison.count[WX_GATE_WORSE];
  wx_comparison_free(&comparison);
  return 0;
}

static int compare(WxOptions *options, json_t *const documents[2]) {
  char problem[WX_PROBLEM];
  const char *const names[2] = {options->arguments[0], options->arguments[1]};
  size_t worse;
  WxDocument document;
  wx_document_init(&document, "compare");
  if (wx_compare_document(&document, documents, names, &worse, problem) == 0)
    return wx_cli_finish(options, &document, WX_UNKNOWN, worse > 0 ? WX_EXIT_FAILED : WX_EXIT_OK);
  wx_document_free(&document);
  wx_options_free(options);
  return wx_cli_fail("compare", "%s", problem);
}

int wx_cli_compare(int argc, char **argv) {
  WxOptions options;
  if (!wx_options_parse(&options, &spec, argc, argv, NULL))
    return options.status;
  json_t *documents[2] = {NULL, NULL};
  int status = load(&options, documents);
  if (status)
    wx_options_free(&options);
  else
    status = compare(&options, documents);
  json_decref(documents[0]);
  json_decref(documents[1]);
  return status;
}
