// TAP, version 13: a test for each expectation, each row of a comparison, and each result that has
// neither, which holds where it ran to its end.
#include "output/format.h"
#include "output/json.h"
#include "output/result_json.h"
#include "output/shown.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  FILE *stream; ///< NULL: only counts.
  size_t count;
} Tests;

// As it may be shown, which is one line; `#` would begin a directive, and a backslash escapes it.
static void write_text(FILE *stream, const char *text) {
  for (size_t left = strlen(text); left > 0;) {
    char shown[WX_SHOWN];
    const size_t taken = wx_shown_next(text, left, shown);
    for (const char *at = shown; *at; ++at) {
      if (*at == '#' || *at == '\\')
        fputc('\\', stream);
      fputc(*at, stream);
    }
    text += taken;
    left -= taken;
  }
}

// `skipped` says why it was not judged, or is NULL; so does `detail` of a failure.
static void test(Tests *tests, bool ok, const char *subject, const char *name, const char *skipped,
                 const char *detail) {
  ++tests->count;
  if (!tests->stream)
    return;
  fprintf(tests->stream, "%s %zu - ", ok ? "ok" : "not ok", tests->count);
  write_text(tests->stream, subject);
  if (name) {
    fputs(": ", tests->stream);
    write_text(tests->stream, name);
  }
  if (skipped) {
    fputs(" # SKIP ", tests->stream);
    write_text(tests->stream, skipped);
  }
  fputc('\n', tests->stream);
  if (!ok && detail) {
    fputs("# ", tests->stream);
    write_text(tests->stream, detail);
    fputc('\n', tests->stream);
  }
}

static void test_expectation(Tests *tests, const char *subject, const json_t *expectation) {
  const json_t *ok = json_object_get(expectation, "ok");
  const char *name = wx_json_text_or(expectation, "name", "");
  char detail[512];
  snprintf(detail, sizeof detail, "expected %s, was %s",
           wx_json_text_or(expectation, "expected", "?"),
           wx_json_text_or(expectation, "actual", "?"));
  if (json_is_null(ok))
    test(tests, true, subject, name, wx_json_text_or(expectation, "reason", "not judged"), NULL);
  else
    test(tests, json_is_true(ok), subject, name, NULL, detail);
}

// A value of a row, as JSON has it, for the caller to free. One that a file leaves out is null.
static char *value_text(const json_t *row, const char *key) {
  const json_t *value = json_object_get(row, key);
  return value ? wx_json_print(value, JSON_ENCODE_ANY) : strdup("null");
}

static int test_comparison(Tests *tests, const char *subject, const json_t *row, const char *gate) {
  char *was = value_text(row, "base"), *is = value_text(row, "new");
  char detail[512];
  snprintf(detail, sizeof detail, "was %s, is %s", was ? was : "", is ? is : "");
  test(tests, strcmp(gate, "worse") != 0, subject, wx_json_get_text(row, "metric"), NULL, detail);
  const int error = was && is ? 0 : -ENOMEM;
  free(was);
  free(is);
  return error;
}

static int test_result(Tests *tests, const char *subject, const json_t *result) {
  const char *gate = wx_json_get_text(result, "gate");
  const char *skipped = wx_json_get_text(result, "skipped");
  const json_t *ended = json_object_get(result, "ended");
  const json_t *expectations = json_object_get(result, "expectations");
  const char *died =
      json_is_true(json_object_get(ended, "demanded")) ? NULL : wx_json_get_text(ended, "text");
  if (gate)
    return test_comparison(tests, subject, result, gate);
  if (skipped || died || json_array_size(expectations) == 0)
    test(tests, !died, subject, NULL, skipped, died);
  for (size_t i = 0; i < json_array_size(expectations) && !skipped; ++i)
    test_expectation(tests, subject, json_array_get(expectations, i));
  return 0;
}

static int test_all(Tests *tests, const WxDocument *document) {
  int error = 0;
  for (size_t i = 0; i < wx_document_results(document) && !error; ++i) {
    json_t *result = wx_document_result(document, i);
    char subject[512];
    if (wx_result_name(result, ", ", subject, sizeof subject) == 0)
      snprintf(subject, sizeof subject, "%s %zu", document->kind, i + 1);
    error = result ? test_result(tests, subject, result) : -ENOMEM;
    json_decref(result);
  }
  return error;
}

int wx_format_tap(const WxDocument *document, FILE *stream) {
  Tests counted = {NULL, 0}, written = {stream, 0};
  const int error = test_all(&counted, document);
  if (error)
    return error;
  fprintf(stream, "TAP version 13\n1..%zu%s\n", counted.count,
          counted.count ? "" : " # SKIP there is no result");
  return test_all(&written, document);
}
