// Tables on a narrow terminal: no line is wider than it, no word is broken and none is lost.
#include "output/format.h"
#include "output/terminal.h"
#include "output/width.h"
#include "output/wrap.h"
#include "support/example.h"
#include "support/specimen.h"
#include "support/suite.h"

#include <fcntl.h>
#include <limits.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

static char *render(WxDocument *document, size_t width) {
  document->width = width;
  return wx_example_render(document, "table");
}

static void assert_fits(const char *text, size_t width, const char *name) {
  while (*text) {
    const size_t length = strcspn(text, "\n");
    ck_assert_msg(wx_width(text, length) <= width, "%s: wider than %zu columns:\n%.*s", name, width,
                  (int)length, text);
    ck_assert_msg(length == 0 || text[length - 1] != ' ', "%s: a space ends:\n%.*s", name,
                  (int)length, text);
    text += length + (text[length] == '\n');
  }
}

// Whether the word of that length stands in the text, whole.
static bool has_word(const char *text, const char *word, size_t length) {
  while (*(text += strspn(text, " \n"))) {
    const size_t found = strcspn(text, " \n");
    if (found == length && memcmp(text, word, length) == 0)
      return true;
    text += found;
  }
  return false;
}

// Every word of one stands in the other, whole.
static void assert_words(const char *text, const char *other, const char *name) {
  while (*(text += strspn(text, " \n"))) {
    const size_t length = strcspn(text, " \n");
    ck_assert_msg(has_word(other, text, length), "%s: no '%.*s' in:\n%s", name, (int)length, text,
                  other);
    text += length;
  }
}

START_TEST(every_document_fits_80_columns_and_keeps_its_words) {
  const WxSpecimen *specimen;
  for (size_t i = 0; (specimen = wx_specimen_at(i)); ++i) {
    WxDocument document = wx_specimen_document(specimen);
    char *wide = render(&document, 0), *narrow = render(&document, 80);
    assert_fits(narrow, 80, specimen->name);
    assert_words(wide, narrow, specimen->name);
    assert_words(narrow, wide, specimen->name);
    free(wide);
    free(narrow);
    wx_document_free(&document);
  }
}
END_TEST

START_TEST(every_document_fits_any_width) {
  const WxSpecimen *specimen;
  for (size_t i = 0; (specimen = wx_specimen_at(i)); ++i) {
    WxDocument document = wx_specimen_document(specimen);
    for (size_t width = 40; width < 300; width += 13) {
      char *text = render(&document, width);
      assert_fits(text, width, specimen->name);
      free(text);
    }
    wx_document_free(&document);
  }
}
END_TEST

START_TEST(a_width_changes_no_other_format) {
  const WxSpecimen *specimen;
  for (size_t i = 0; (specimen = wx_specimen_at(i)); ++i) {
    WxDocument document = wx_specimen_document(specimen);
    const WxFormat *format;
    for (size_t j = 1; (format = wx_format_at(j)); ++j) {
      document.width = 0;
      char *wide = wx_example_render(&document, format->name);
      document.width = 80;
      char *narrow = wx_example_render(&document, format->name);
      ck_assert_str_eq(wide, narrow);
      free(wide);
      free(narrow);
    }
    wx_document_free(&document);
  }
}
END_TEST

// How a small document is written in that width.
static void assert_example(size_t width, const char *expected) {
  const WxColumn columns[] = {{"name", WX_TEXT},
                              {"live peak", WX_BYTES},
                              {"mappings", WX_COUNT},
                              {"faults", WX_COUNT},
                              {"what it is", WX_TEXT}};
  WxDocument document;
  wx_document_init(&document, "list");
  WxTable *table = wx_table_new("A title of the table", columns, 5);
  wx_table_add(table, (WxCell[]){wx_text("steady"), wx_figure(4096), wx_figure(1024), wx_figure(7),
                                 wx_text("equal rounds that reuse blocks")});
  wx_table_add(table, (WxCell[]){wx_text("drift"), wx_figure(8192), wx_figure(9), wx_figure(12345),
                                 wx_text("grows")});
  wx_document_add_table(&document, table);
  wx_document_note(&document, "Next: give it back with `wxbench reclaim --pid 1`, or not.");
  char *text = render(&document, width);
  ck_assert_str_eq(text, expected);
  free(text);
  wx_document_free(&document);
}

START_TEST(what_is_wide_enough_is_not_broken) {
  static const char whole[] =
      "A title of the table\n"
      "name    live peak  mappings  faults  what it is\n"
      "steady    4.0 KiB     1,024       7  equal rounds that reuse blocks\n"
      "drift     8.0 KiB         9  12,345  grows\n\n"
      "Next: give it back with `wxbench reclaim --pid 1`, or not.\n";
  assert_example(0, whole);
  assert_example(69, whole);
}
END_TEST

START_TEST(headings_and_texts_are_broken_first) {
  assert_example(60, "A title of the table\n"
                     "name        live  mappings  faults  what it is\n"
                     "            peak\n"
                     "steady   4.0 KiB     1,024       7  equal rounds that reuse\n"
                     "                                    blocks\n"
                     "drift    8.0 KiB         9  12,345  grows\n\n"
                     "Next: give it back with `wxbench reclaim --pid 1`, or not.\n");
}
END_TEST

START_TEST(then_the_table_is_printed_in_parts_that_name_their_rows) {
  assert_example(40, "A title of the table\n"
                     "name    live peak  mappings  faults\n"
                     "steady    4.0 KiB     1,024       7\n"
                     "drift     8.0 KiB         9  12,345\n\n"
                     "name    what it is\n"
                     "steady  equal rounds that reuse blocks\n"
                     "drift   grows\n\n"
                     "Next: give it back with\n"
                     "  `wxbench reclaim --pid 1`, or not.\n");
}
END_TEST

START_TEST(a_word_wider_than_the_line_is_broken_behind_punctuation) {
  static const char path[] = "/one/two/three";
  ck_assert_uint_eq(wx_wrap(path, 10), strlen("/one/two/"));
  ck_assert_uint_eq(wx_wrap("abcdef", 4), 4);
  ck_assert_uint_eq(wx_wrap("\u6f22\u5b57", 1), strlen("\u6f22"));
  ck_assert_uint_eq(wx_wrap("ab  cd", 3), 2);
  ck_assert_str_eq(wx_wrap_rest("ab  cd", 2), "cd");
  ck_assert_uint_eq(wx_wrap("ab  ", 2), 4);
  ck_assert_uint_eq(wx_wrap("", 2), 0);
}
END_TEST

START_TEST(a_long_word_is_whole_where_it_fits_beside_the_name) {
  static const char path[] = "/srv/applications/company.product.service.dll";
  const WxColumn columns[] = {
      {"process", WX_TEXT}, {"bytes", WX_BYTES}, {"mapped", WX_TEXT}, {"module", WX_TEXT}};
  WxDocument document;
  wx_document_init(&document, "list");
  WxTable *table = wx_table_new(NULL, columns, 4);
  wx_table_add(table, (WxCell[]){wx_text("4711"), wx_figure(INT64_C(1) << 40), wx_text(path),
                                 wx_text(path)});
  wx_document_add_table(&document, table);
  for (size_t width = strlen(path) + strlen("process") + 2; width < 200; ++width) {
    char *text = render(&document, width);
    assert_fits(text, width, "a long word");
    ck_assert(has_word(text, path, strlen(path)));
    ck_assert_ptr_nonnull(strstr(strstr(text, path) + 1, path));
    free(text);
  }
  wx_document_free(&document);
}
END_TEST

// What a table of the C library knows of the same characters.
START_TEST(no_character_takes_more_columns_than_are_counted) {
  if (!setlocale(LC_CTYPE, "C.UTF-8")) {
    WX_SKIP("no locale C.UTF-8 here");
    return;
  }
  for (wchar_t code = 0x80; code < 0x110000; ++code) {
    char text[MB_LEN_MAX];
    mbstate_t state = {0};
    const size_t length = wcrtomb(text, code, &state);
    if (length == (size_t)-1 || wcwidth(code) < 0)
      continue;
    ck_assert_msg(wx_width(text, length) >= (size_t)wcwidth(code), "U+%04x", (unsigned)code);
  }
  setlocale(LC_CTYPE, "C");
}
END_TEST

// A terminal of that width, or -1 where there can be none here; `other` is its far end.
static int terminal(unsigned short columns, int *other) {
  *other = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (*other < 0 || grantpt(*other) || unlockpt(*other))
    return -1;
  const struct winsize size = {.ws_col = columns, .ws_row = 24};
  if (ioctl(*other, TIOCSWINSZ, &size))
    return -1;
  return open(ptsname(*other), O_RDWR | O_NOCTTY | O_CLOEXEC);
}

START_TEST(the_width_is_that_of_columns_or_of_the_terminal) {
  int other;
  const int fd = terminal(93, &other);
  static const char *const none[] = {"", "0", "-5", "80x", "+80", "99999999999999999999999"};
  unsetenv("COLUMNS");
  if (fd >= 0)
    ck_assert_uint_eq(wx_terminal_columns(fd), 93);
  else
    WX_SKIP("no pseudo-terminal here");
  const int file = open("/dev/null", O_RDONLY | O_CLOEXEC);
  ck_assert_uint_eq(wx_terminal_columns(file), 0);
  setenv("COLUMNS", "71", 1);
  ck_assert_uint_eq(wx_terminal_columns(file), 71);
  for (size_t i = 0; i < sizeof none / sizeof *none; ++i) {
    setenv("COLUMNS", none[i], 1);
    ck_assert_uint_eq(wx_terminal_columns(file), 0);
  }
  setenv("COLUMNS", "18446744073709551615", 1);
  ck_assert_uint_eq(wx_terminal_columns(file), 65535);
  close(file);
  close(fd);
  close(other);
}
END_TEST

WX_TEST_MAIN("narrow", every_document_fits_80_columns_and_keeps_its_words,
             every_document_fits_any_width, a_width_changes_no_other_format,
             what_is_wide_enough_is_not_broken, headings_and_texts_are_broken_first,
             then_the_table_is_printed_in_parts_that_name_their_rows,
             a_word_wider_than_the_line_is_broken_behind_punctuation,
             a_long_word_is_whole_where_it_fits_beside_the_name,
             no_character_takes_more_columns_than_are_counted,
             the_width_is_that_of_columns_or_of_the_terminal)
