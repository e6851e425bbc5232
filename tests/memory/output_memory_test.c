// Documents where memory runs out: built, written, read and compared whole, or not at all.
#include "memory/failing.h"
#include "output/audit_document.h"
#include "output/comparison.h"
#include "output/format.h"
#include "output/json.h"
#include "output/load.h"
#include "output/output_file.h"
#include "output/rounds.h"
#include "support/specimen.h"
#include "support/suite.h"
#include "support/written.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// A verb's one line is not what is looked at here.
static void be_silent(void) {
  const int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
  ck_assert_int_ge(dup2(null, STDERR_FILENO), 0);
  close(null);
}

typedef struct {
  const WxSpecimen *specimen;
  const WxFormat *format;
  WxDocument document;
  char *expected; ///< The text where memory suffices.
} Written;

static void assert_same(const char *text, const char *expected, const char *name,
                        const char *format) {
  size_t at = 0;
  while (text[at] && text[at] == expected[at])
    ++at;
  ck_assert_msg(text[at] == expected[at], "%s as %s: '%.100s' instead of '%.100s'", name, format,
                text + at, expected + at);
}

static int render(void *context) {
  Written *written = context;
  char *text = NULL;
  size_t length;
  const int result = wx_format_render(written->format, &written->document, &text, &length);
  memory_suffices();
  if (!result && !written->expected)
    written->expected = strdup(text);
  if (!result)
    assert_same(text, written->expected, written->specimen->name, written->format->name);
  free(text);
  return result;
}

// Once, since each attempt has to leave nothing behind.
static void expect_text(Written *written, int (*attempt)(void *context)) {
  ck_assert_int_eq(attempt(written), 0);
  ck_assert_uint_ge(memory_fail_each(attempt, written), 1);
  free(written->expected);
  written->expected = NULL;
}

// Each test runs once for each document.
START_TEST(a_document_is_written_whole_or_not_at_all) {
  Written written = {.specimen = wx_specimen_at((size_t)_i)};
  written.document = wx_specimen_document(written.specimen);
  for (size_t f = 0; (written.format = wx_format_at(f)); ++f)
    expect_text(&written, render);
  written.document.width = 40;
  written.format = wx_format_at(0);
  expect_text(&written, render);
  wx_document_free(&written.document);
}
END_TEST

// The text as it is where memory suffices.
static char *golden(const char *name, const char *format) {
  char path[128];
  snprintf(path, sizeof path, "tests/golden/%s.%s", name, format);
  FILE *file = fopen(path, "re");
  ck_assert_ptr_nonnull(file);
  char *text = NULL;
  size_t size = 0;
  ck_assert_int_ge(getdelim(&text, &size, '\0', file), 0);
  fclose(file);
  return text;
}

static void assert_whole(const Written *written, const WxFormat *format) {
  char *text;
  size_t length;
  ck_assert_int_eq(wx_format_render(format, &written->document, &text, &length), 0);
  char *expected = golden(written->specimen->name, format->name);
  assert_same(text, expected, written->specimen->name, format->name);
  free(expected);
  free(text);
}

// Built where memory runs out, and then written where it suffices: what is missing must have been
// noticed.
static int build(void *context) {
  Written *written = context;
  const int failed = wx_specimen_try(written->specimen, &written->document);
  memory_suffices();
  const bool lost = failed || written->document.lost;
  if (!lost) {
    assert_whole(written, wx_format_find("table"));
    assert_whole(written, wx_format_find("json"));
  }
  wx_document_free(&written->document);
  return lost ? -ENOMEM : 0;
}

START_TEST(a_document_that_misses_something_says_so) {
  be_silent();
  Written written = {.specimen = wx_specimen_at((size_t)_i)};
  ck_assert_uint_ge(memory_fail_each(build, &written), 10);
}
END_TEST

int main(void) {
  const TTest *const tests[] = {a_document_is_written_whole_or_not_at_all,
                                a_document_that_misses_something_says_so};
  int count = 0;
  while (wx_specimen_at((size_t)count))
    ++count;
  return wx_suite_run_variants("output_memory", tests, 2, count);
}
