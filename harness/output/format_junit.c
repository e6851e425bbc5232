// JUnit XML: a test suite per result with a case per expectation; the rows of a comparison are
// cases.
#include "output/format.h"
#include "output/json.h"
#include "output/markup.h"
#include "output/result_json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  size_t tests;
  size_t failures;
  size_t skipped;
} Counts;

static bool is_worse(const json_t *row) {
  const char *gate = wx_json_get_text(row, "gate");
  return gate && strcmp(gate, "worse") == 0;
}

// Why the program did not run to its end, NULL where it did, or where that was demanded.
static const char *ended_text(const json_t *result) {
  const json_t *ended = json_object_get(result, "ended");
  return json_is_true(json_object_get(ended, "demanded")) ? NULL : wx_json_get_text(ended, "text");
}

static Counts count_result(const json_t *result) {
  if (wx_json_get_text(result, "skipped"))
    return (Counts){1, 0, 1};
  if (wx_json_get_text(result, "gate"))
    return (Counts){1, is_worse(result), 0};
  const json_t *expectations = json_object_get(result, "expectations");
  const size_t count = json_array_size(expectations);
  const bool ended = ended_text(result) != NULL;
  Counts counts = {count + ended, ended, 0};
  for (size_t i = 0; i < count; ++i) {
    const json_t *ok = json_object_get(json_array_get(expectations, i), "ok");
    counts.failures += json_is_false(ok);
    counts.skipped += json_is_null(ok);
  }
  return counts;
}

// What results [first, end) hold.
static Counts count_range(const WxDocument *document, size_t first, size_t end) {
  Counts all = {0};
  for (size_t i = first; i < end; ++i) {
    json_t *result = wx_document_result(document, i);
    const Counts one = count_result(result);
    json_decref(result);
    all.tests += one.tests;
    all.failures += one.failures;
    all.skipped += one.skipped;
  }
  return all;
}

static void open_case(FILE *stream, const char *suite, const char *name) {
  fputs("    <testcase classname=\"", stream);
  wx_markup_text(stream, suite);
  fputs("\" name=\"", stream);
  wx_markup_text(stream, name);
  fputs("\">", stream);
}

static void write_failure(FILE *stream, const char *reason) {
  fputs("<failure message=\"", stream);
  wx_markup_text(stream, reason);
  fputs("\"/>", stream);
}

static void write_skip(FILE *stream, const char *reason) {
  fputs("<skipped message=\"", stream);
  wx_markup_text(stream, reason);
  fputs("\"/>", stream);
}

static void write_expectation(FILE *stream, const char *suite, const json_t *expectation) {
  open_case(stream, suite, wx_json_get_text(expectation, "name"));
  if (json_is_null(json_object_get(expectation, "ok"))) {
    write_skip(stream, wx_json_get_text(expectation, "reason"));
  } else if (json_is_false(json_object_get(expectation, "ok"))) {
    fputs("<failure message=\"expected ", stream);
    wx_markup_text(stream, wx_json_get_text(expectation, "expected"));
    fputs(", was ", stream);
    wx_markup_text(stream, wx_json_get_text(expectation, "actual"));
    fputs("\"/>", stream);
  }
  fputs("</testcase>\n", stream);
}

// A value of a row, as JSON has it.
static int write_value(FILE *stream, const char *before, const json_t *value) {
  fputs(before, stream);
  if (!value) // Of a file that somebody wrote.
    return 0;
  char *text = wx_json_print(value, JSON_ENCODE_ANY);
  wx_markup_text(stream, text);
  free(text);
  return text ? 0 : -ENOMEM;
}

static int write_comparison(FILE *stream, const char *suite, const json_t *row) {
  int error = 0;
  open_case(stream, suite, wx_json_get_text(row, "metric"));
  if (is_worse(row)) {
    error = write_value(stream, "<failure message=\"was ", json_object_get(row, "base"));
    if (!error)
      error = write_value(stream, ", is ", json_object_get(row, "new"));
    fputs("\"/>", stream);
  }
  fputs("</testcase>\n", stream);
  return error;
}

static void write_counts(FILE *stream, Counts counts) {
  fprintf(stream, "\" tests=\"%zu\" failures=\"%zu\" skipped=\"%zu\">\n", counts.tests,
          counts.failures, counts.skipped);
}

static int write_cases(FILE *stream, const char *suite, const json_t *result) {
  const char *skipped = wx_json_get_text(result, "skipped");
  if (skipped) {
    open_case(stream, suite, "run");
    write_skip(stream, skipped);
    fputs("</testcase>\n", stream);
    return 0;
  }
  if (ended_text(result)) {
    open_case(stream, suite, "run");
    write_failure(stream, ended_text(result));
    fputs("</testcase>\n", stream);
  }
  const int error = wx_json_get_text(result, "gate") ? write_comparison(stream, suite, result) : 0;
  const json_t *expectations = json_object_get(result, "expectations");
  for (size_t i = 0; i < json_array_size(expectations); ++i)
    write_expectation(stream, suite, json_array_get(expectations, i));
  return error;
}

enum { NAME_SIZE = 512 };

static void read_name(const WxDocument *document, size_t index, char name[NAME_SIZE]) {
  json_t *result = wx_document_result(document, index);
  wx_result_name(result, ", ", name, NAME_SIZE);
  json_decref(result);
}

// Writes the suite of the results of one name that begin at `*first`, and moves that behind them.
static int write_suite(FILE *stream, const WxDocument *document, size_t *first) {
  const size_t count = wx_document_results(document);
  char suite[NAME_SIZE], other[NAME_SIZE];
  read_name(document, *first, suite);
  size_t end = *first + 1;
  for (; end < count; ++end) {
    read_name(document, end, other);
    if (strcmp(suite, other) != 0)
      break;
  }
  fputs("  <testsuite name=\"", stream);
  wx_markup_text(stream, suite);
  write_counts(stream, count_range(document, *first, end));
  int error = 0;
  for (; *first < end && !error; ++*first) {
    json_t *result = wx_document_result(document, *first);
    error = result ? write_cases(stream, suite, result) : -ENOMEM;
    json_decref(result);
  }
  fputs("  </testsuite>\n", stream);
  return error;
}

int wx_format_junit(const WxDocument *document, FILE *stream) {
  const size_t count = wx_document_results(document);
  fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"wxbench ", stream);
  wx_markup_text(stream, document->kind);
  write_counts(stream, count_range(document, 0, count));
  int error = 0;
  for (size_t i = 0; i < count && !error;)
    error = write_suite(stream, document, &i);
  fputs("</testsuites>\n", stream);
  return error;
}
