// Text of others as it may be shown, and that no format lets any of it past.
#include "output/flat_table.h"
#include "output/format.h"
#include "output/json.h"
#include "output/shown.h"
#include "support/example.h"
#include "support/suite.h"

#include <stdlib.h>
#include <string.h>

static void assert_shown(const char *text, const char *wanted) {
  char *shown = wx_shown(text);
  ck_assert_str_eq(shown, wanted);
  char *again = wx_shown(shown);
  ck_assert_str_eq(again, wanted);
  free(again);
  free(shown);
}

START_TEST(plain_text_stays_as_it_is) {
  assert_shown("", "");
  assert_shown("a b~\\n \\033 |\"'", "a b~\\n \\033 |\"'");
  assert_shown("caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80 \xe6\xbc\xa2", // Two, three, four bytes.
               "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80 \xe6\xbc\xa2");
}
END_TEST

START_TEST(what_a_terminal_obeys_is_written_out) {
  assert_shown("\x1b[31mred", "\\033[31mred");
  assert_shown("a\nb\rc\td", "a\\nb\\rc\\td");
  assert_shown("\x07\x08\x7f", "\\007\\010\\177");
  assert_shown("\xc2\x9b"
               "31m\xc2\x85",
               "\\u009b31m\\u0085");
  assert_shown("\xe2\x80\xae"
               "fdp.\xe2\x80\xac",
               "\\u202efdp.\\u202c");
  assert_shown("\xe2\x81\xa6\xe2\x81\xa9\xe2\x80\x8e\xd8\x9c", "\\u2066\\u2069\\u200e\\u061c");
  assert_shown("\xe2\x80\xa8\xe2\x80\xa9\xef\xbb\xbf\xe2\x80\x8b", "\\u2028\\u2029\\ufeff\\u200b");
  assert_shown("\xf3\xa0\x81\x81", "\\U000e0041");
}
END_TEST

START_TEST(bytes_that_are_no_utf8_are_written_out) {
  assert_shown("\x9b"
               "31m",
               "\\23331m"); // CSI of a terminal of eight bits.
  assert_shown("a\xff\xfe", "a\\377\\376");
  assert_shown("\xc3", "\\303");
  assert_shown("\xe2\x82", "\\342\\202");
  assert_shown("\xc0\x9b\xe0\x80\x9b", "\\300\\233\\340\\200\\233"); // Longer than they need be.
  assert_shown("\xed\xa0\x80", "\\355\\240\\200");                   // A surrogate.
  assert_shown("\xf4\x90\x80\x80", "\\364\\220\\200\\200");          // Above U+10FFFF.
}
END_TEST

// No byte of control but newline, and nothing that is not UTF-8.
static void assert_harmless(const char *name, const char *text) {
  for (size_t length = strlen(text); length > 0;) {
    char shown[WX_SHOWN];
    const size_t taken = wx_shown_next(text, length, shown);
    if (*text != '\n' && (strncmp(shown, text, taken) != 0 || strlen(shown) != taken))
      ck_abort_msg("%s lets %s past: %.60s", name, shown, text);
    text += taken;
    length -= taken;
  }
}

START_TEST(every_character_is_harmless_once_it_is_shown) {
  for (uint32_t code = 1; code < 0x110000; ++code) {
    const unsigned char bytes[] = {
        (unsigned char)(0xf0 | code >> 18), (unsigned char)(0x80 | (code >> 12 & 0x3f)),
        (unsigned char)(0x80 | (code >> 6 & 0x3f)), (unsigned char)(0x80 | (code & 0x3f))};
    char text[8] = "";
    if (code < 0x80)
      text[0] = (char)code;
    else if (code < 0x800)
      snprintf(text, sizeof text, "%c%c", 0xc0 | (int)(code >> 6), bytes[3]);
    else if (code < 0x10000)
      snprintf(text, sizeof text, "%c%c%c", 0xe0 | (int)(code >> 12), bytes[2], bytes[3]);
    else
      snprintf(text, sizeof text, "%c%c%c%c", bytes[0], bytes[1], bytes[2], bytes[3]);
    char shown[WX_SHOWN];
    for (size_t at = 0, length = strlen(text); at < length;) {
      at += wx_shown_next(text + at, length - at, shown);
      if (strlen(shown) >= WX_SHOWN || *shown == '\n')
        ck_abort_msg("U+%04x is shown as %s", code, shown);
      assert_harmless("shown", shown);
    }
  }
}
END_TEST

START_TEST(json_is_shown_with_the_same_strings) {
  const char hostile[] = "\x7f\xc2\x9b|\xe2\x80\xae|\xf3\xa0\x81\x81|\xc3\xa9|\x1b\n\t\"\\";
  json_t *value = json_pack("{s:s}", hostile, hostile);
  char *text = NULL;
  size_t length;
  FILE *stream = open_memstream(&text, &length);
  ck_assert_int_eq(wx_json_write(value, stream), 0);
  ck_assert_int_eq(fclose(stream), 0);
  assert_harmless("json", text);
  wx_assert_contains(text, "\\u007f\\u009b|\\u202e|\\udb40\\udc41|\xc3\xa9|\\u001B\\n\\t");
  json_t *back = json_loads(text, 0, NULL);
  ck_assert(json_equal(value, back));
  json_decref(back);
  json_decref(value);
  free(text);
}
END_TEST

// NOLINTBEGIN(misc-misleading-bidirectional): text that misleads is what is shown here.
#define HOSTILE                                                                                    \
  "evil\x1b]0;t\x07\x7f\r\xc2\x9b"                                                                 \
  "2J\xe2\x80\xaetxt\xe2\x81\xa6"

// Every text that a document can hold is hostile.
static WxDocument hostile_document(bool samples) {
  WxDocument document;
  wx_document_init(&document, "run");
  json_object_set_new(document.context, "command", json_string(HOSTILE));
  wx_document_add_result(
      &document,
      json_pack("{s:s, s:s, s:s, s:{s:i}, s:[{s:s, s:b, s:s, s:s}], s:s, s:s, s:[s]}", "scenario",
                HOSTILE, "strategy", HOSTILE, "benchmark", HOSTILE, "metrics", HOSTILE "_bytes", 1,
                "expectations", "name", HOSTILE, "ok", 0, "expected", HOSTILE, "actual", HOSTILE,
                "metric", HOSTILE, HOSTILE, HOSTILE, "list", HOSTILE));
  wx_document_add_result(&document,
                         json_pack("{s:s, s:s}", "scenario", HOSTILE, "skipped", HOSTILE));
  wx_document_add_result(&document, json_pack("{s:s, s:s, s:s, s:s}", "metric", HOSTILE, "gate",
                                              "worse", "base", HOSTILE, "new", HOSTILE));
  if (samples)
    json_object_set_new(json_array_get(document.results, 0), "samples",
                        json_pack("[{s:i, s:s}]", "round", 0, "step", HOSTILE "\xff,\"\n"));
  const WxColumn columns[] = {{HOSTILE "\n", WX_TEXT}, {HOSTILE, WX_BYTES}};
  WxTable *table = wx_table_new(HOSTILE "\xff\n", columns, 2);
  wx_table_add(table, (WxCell[]){wx_text(HOSTILE "\xff\n|,\""), wx_figure(1)});
  wx_document_add_table(&document, table);
  wx_document_add_table(&document, wx_flat_table(HOSTILE, document.results, NULL));
  wx_document_note(&document, "%s\xff\n", HOSTILE);
  wx_document_lead(&document);
  wx_document_note(&document, "%s", HOSTILE);
  return document;
}

START_TEST(no_format_lets_a_control_character_past) {
  for (int samples = 0; samples < 2; ++samples) {
    WxDocument document = hostile_document(samples);
    for (size_t i = 0; wx_format_at(i); ++i) {
      char *text = wx_example_render(&document, wx_format_at(i)->name);
      ck_assert_ptr_nonnull(strstr(text, "evil"));
      assert_harmless(wx_format_at(i)->name, text);
      free(text);
    }
    wx_document_free(&document);
  }
}
END_TEST

// NOLINTEND(misc-misleading-bidirectional)

START_TEST(line_break_in_a_cell_adds_no_line) {
  WxDocument document;
  wx_document_init(&document, "run");
  const WxColumn column = {"name", WX_TEXT};
  WxTable *table = wx_table_new(NULL, &column, 1);
  wx_table_add(table, (WxCell[]){wx_text("a\nb")});
  wx_document_add_table(&document, table);
  wx_document_note(&document, "%s", "c\nd");
  const char *const wanted[][2] = {{"table", "name\na\\nb\n\nc\\nd\n"},
                                   {"csv", "name\na\\nb\n"},
                                   {"markdown", "| name |\n| --- |\n| a\\\\nb |\n\nc\\\\nd\n"}};
  for (size_t i = 0; i < sizeof wanted / sizeof *wanted; ++i) {
    char *text = wx_example_render(&document, wanted[i][0]);
    ck_assert_str_eq(text, wanted[i][1]);
    free(text);
  }
  wx_document_free(&document);
}
END_TEST

WX_TEST_MAIN("shown", plain_text_stays_as_it_is, what_a_terminal_obeys_is_written_out,
             bytes_that_are_no_utf8_are_written_out, every_character_is_harmless_once_it_is_shown,
             json_is_shown_with_the_same_strings, no_format_lets_a_control_character_past,
             line_break_in_a_cell_adds_no_line)
