// Ranges from a screenshot: the published case row by row, protections that contradict, pasted
// rows.
#include "attribution/explain.h"
#include "measure/maps.h"
#include "support/suite.h"

#include <string.h>

static const struct {
  const char *range;
  const char *pieces;
  const char *verdict; // How it begins.
  const char *certainty;
} published[] = {
    {"7f4000000000-7f4007ff6000",
     "slot 7f4000000000 full (64.00) + slot 7f4004000000 filled to 0x3ff6000 (63.96)",
     "two adjacent, practically full glibc heaps", "very high"},
    {"7f3fc4000000-7f3fcbff5000",
     "slot 7f3fc4000000 full (64.00) + slot 7f3fc8000000 filled to 0x3ff5000 (63.96)",
     "two adjacent, practically full glibc heaps", "very high"},
    {"7f404c021000-7f4051b4c000", "slot 7f404c000000 from +0x21000 (63.87) + 27.30 beyond the slot",
     "the PROT_NONE tail of a malloc arena that never grew (132 KiB used) and a hole behind it: "
     "zero "
     "bytes of memory",
     "very high"},
    {"7f3fae82e000-7f3fb4000000",
     "slot 7f3fac000000 from +0x282e000 (23.82) + exactly one slot 7f3fb0000000 (64.00)",
     "undetermined", "low"},
    {"7f406c021000-7f40701ff000", "slot 7f406c000000 from +0x21000 (63.87) + 2.00 beyond the slot",
     "the PROT_NONE tail of a malloc arena that never grew (132 KiB used) and a hole behind it: "
     "zero "
     "bytes of memory",
     "very high"},
};

START_TEST(the_published_case_is_explained_row_by_row) {
  for (size_t i = 0; i < sizeof published / sizeof *published; ++i) {
    WxRange range;
    char text[512];
    ck_assert(wx_explain_parse(published[i].range, &range));
    const WxExplanation explanation = wx_explain(&range, WX_HEAP_SLOT_BYTES);
    wx_explain_pieces(&explanation, text, sizeof text);
    ck_assert_str_eq(text, published[i].pieces);
    wx_explain_verdict(&explanation, text, sizeof text);
    ck_assert_msg(!strncmp(text, published[i].verdict, strlen(published[i].verdict)), "%s", text);
    ck_assert_str_eq(wx_certainty_name(explanation.certainty), published[i].certainty);
  }
}
END_TEST

static const struct {
  const char *line;
  bool found;
  uint64_t start, end;
  int protection;
} lines[] = {
    {"7f4000000000-7f4007ff6000", true, 0x7f4000000000, 0x7f4007ff6000, WX_PROTECTION_UNKNOWN},
    {"0x7f4000000000-0x7F4007FF6000", true, 0x7f4000000000, 0x7f4007ff6000, WX_PROTECTION_UNKNOWN},
    {"7f4000000000-7f4007ff6000 rw-p 00000000 00:00 0 ", true, 0x7f4000000000, 0x7f4007ff6000,
     WX_READ | WX_WRITE},
    {" | Image | 7f4000000000 | 7f4007ff6000 | 127.96mb | MEM_IMAGE | MEM_COMMIT | PAGE_READWRITE "
     "| "
     "doublemapper__deleted_ |",
     true, 0x7f4000000000, 0x7f4007ff6000, WX_READ | WX_WRITE},
    {"Image 7f404c021000 7f4051b4c000 91.17mb MEM_IMAGE MEM_UNKNOWN PAGE_UNKNOWN "
     "doublemapper__deleted_",
     true, 0x7f404c021000, 0x7f4051b4c000, WX_PROTECTION_NOTHING},
    {"+     7f3f`ae82e000     7f3f`b4000000        0`057d2000 MEM_PRIVATE MEM_COMMIT "
     "PAGE_EXECUTE_READ Image [doublemapper__deleted_; \"x\"]",
     true, 0x7f3fae82e000, 0x7f3fb4000000, WX_READ | WX_EXECUTE},
    {"7f406c021000-7f40701ff000 UNKNOWN 65.87", true, 0x7f406c021000, 0x7f40701ff000,
     WX_PROTECTION_NOTHING},
    {" | Memory Kind | StartAddr | EndAddr-1 | Size | Type | State | Protect | Image |", false, 0,
     0, 0},
    {"+--------------------------------------+", false, 0, 0, 0},
    {"", false, 0, 0, 0},
    {"7f4007ff6000-7f4000000000", false, 0, 0, 0},
    {"7f4000000000-7f4000000000", false, 0, 0, 0},
    {"7f4000000000-", false, 0, 0, 0},
    {"7f4000000000-7f4007ff6000-7f4007ff7000", false, 0, 0, 0},
    {"11112222333344445-11112222333344446", false, 0, 0, 0},
};

START_TEST(rows_are_read_as_debuggers_and_the_kernel_print_them) {
  for (size_t i = 0; i < sizeof lines / sizeof *lines; ++i) {
    WxRange range;
    ck_assert_msg(wx_explain_parse(lines[i].line, &range) == lines[i].found, "%s", lines[i].line);
    if (!lines[i].found)
      continue;
    ck_assert_uint_eq(range.start, lines[i].start);
    ck_assert_uint_eq(range.end, lines[i].end);
    ck_assert_int_eq(range.protection, lines[i].protection);
  }
}
END_TEST

static const struct {
  uint64_t start, end;
  int protection;
  WxReading reading;
  WxCertainty certainty;
} cases[] = {
    // A pattern of malloc with a protection that malloc never gives.
    {0x7f4000000000, 0x7f4007ff6000, WX_READ | WX_EXECUTE, WX_READING_UNDETERMINED,
     WX_CERTAINTY_LOW},
    {0x7f404c021000, 0x7f4051b4c000, WX_READ | WX_WRITE, WX_READING_UNDETERMINED, WX_CERTAINTY_LOW},
    // gcore writes reserved memory as readable.
    {0x7f404c021000, 0x7f4050000000, WX_READ, WX_READING_RESERVED_TAIL, WX_CERTAINTY_VERY_HIGH},
    {0x7f404c021000, 0x7f4050000000, 0, WX_READING_RESERVED_TAIL, WX_CERTAINTY_VERY_HIGH},
    {0x7f404c021000, 0x7f404d000000, 0, WX_READING_TAIL_PART, WX_CERTAINTY_MEDIUM},
    {0x7f4000000000, 0x7f4000121000, WX_READ | WX_WRITE, WX_READING_HEAP_FRONT, WX_CERTAINTY_HIGH},
    // Whole slots only: other allocators align, too.
    {0x7f4000000000, 0x7f4008000000, WX_READ | WX_WRITE, WX_READING_WHOLE_SLOTS,
     WX_CERTAINTY_MEDIUM},
    {0x7f4000001000, 0x7f4000003000, WX_READ | WX_WRITE, WX_READING_NO_PATTERN, WX_CERTAINTY_NONE},
    {0x1000, UINT64_MAX, WX_READ | WX_WRITE, WX_READING_NO_PATTERN, WX_CERTAINTY_NONE},
};

START_TEST(a_pattern_is_graded_by_what_speaks_against_it) {
  for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
    const WxRange range = {cases[i].start, cases[i].end, cases[i].protection};
    const WxExplanation explanation = wx_explain(&range, WX_HEAP_SLOT_BYTES);
    ck_assert_msg(explanation.reading == cases[i].reading, "row %zu: %s", i,
                  wx_reading_code(explanation.reading));
    ck_assert_int_eq(explanation.certainty, cases[i].certainty);
  }
}
END_TEST

START_TEST(a_reserved_row_behind_a_writable_one_of_its_slot_is_the_tail_of_an_arena) {
  const WxRange front = {0x7f8624000000, 0x7f862425d000, WX_READ | WX_WRITE};
  const WxRange tail = {0x7f862425d000, 0x7f8628000000, 0};
  static const struct {
    uint64_t front_start, front_end, tail_end;
    int front_protection, tail_protection;
    WxReading reading;
  } rows[] = {
      {0x7f8624000000, 0x7f862425d000, 0x7f8628000000, WX_READ | WX_WRITE, 0,
       WX_READING_GROWN_TAIL},
      // Joined with full heaps before it, and with what is reserved behind it.
      {0x7f8620000000, 0x7f862425d000, 0x7f8629000000, WX_READ | WX_WRITE, WX_PROTECTION_NOTHING,
       WX_READING_GROWN_TAIL},
      {0x7f8624000000, 0x7f862425d000, 0x7f8628000000, WX_READ | WX_WRITE, WX_READ,
       WX_READING_GROWN_TAIL},
      // A front that starts elsewhere, ends elsewhere or has another protection.
      {0x7f8624001000, 0x7f862425d000, 0x7f8628000000, WX_READ | WX_WRITE, 0,
       WX_READING_UNDETERMINED},
      {0x7f8624000000, 0x7f862425c000, 0x7f8628000000, WX_READ | WX_WRITE, 0,
       WX_READING_UNDETERMINED},
      {0x7f8624000000, 0x7f862425d000, 0x7f8628000000, WX_READ, 0, WX_READING_UNDETERMINED},
      {0x7f8624000000, 0x7f862425d000, 0x7f8628000000, WX_PROTECTION_UNKNOWN, 0,
       WX_READING_UNDETERMINED},
      // A tail that may hold memory, is not said to hold none, or ends before the slot does.
      {0x7f8624000000, 0x7f862425d000, 0x7f8628000000, WX_READ | WX_WRITE, WX_READ | WX_WRITE,
       WX_READING_UNDETERMINED},
      {0x7f8624000000, 0x7f862425d000, 0x7f8628000000, WX_READ | WX_WRITE, WX_PROTECTION_UNKNOWN,
       WX_READING_UNDETERMINED},
      {0x7f8624000000, 0x7f862425d000, 0x7f8627fff000, WX_READ | WX_WRITE, 0,
       WX_READING_NO_PATTERN},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i) {
    const WxRange pair[] = {{tail.start, rows[i].tail_end, rows[i].tail_protection},
                            {rows[i].front_start, rows[i].front_end, rows[i].front_protection}};
    const WxExplanation explanation = wx_explain_row(pair, 2, 0, WX_HEAP_SLOT_BYTES);
    ck_assert_msg(explanation.reading == rows[i].reading, "row %zu: %s", i,
                  wx_reading_code(explanation.reading));
    if (rows[i].reading == WX_READING_GROWN_TAIL)
      ck_assert_int_eq(explanation.certainty, WX_CERTAINTY_VERY_HIGH);
  }
  const WxRange both[] = {front, tail};
  char text[512];
  WxExplanation explanation = wx_explain_row(both, 2, 1, WX_HEAP_SLOT_BYTES);
  wx_explain_verdict(&explanation, text, sizeof text);
  ck_assert_str_eq(text, "the PROT_NONE tail of the malloc arena whose writable front ends here: "
                         "zero bytes of memory");
  explanation = wx_explain_row(both, 2, 0, WX_HEAP_SLOT_BYTES);
  ck_assert_int_eq(explanation.reading, WX_READING_HEAP_FRONT);
  // Alone it is not told, and nothing is said against what it fits.
  explanation = wx_explain_row(&tail, 1, 0, WX_HEAP_SLOT_BYTES);
  wx_explain_verdict(&explanation, text, sizeof text);
  ck_assert_str_eq(text, "undetermined: it fits the tail of an arena whose writable front is not "
                         "among the rows, and whole empty slots; a core's NT_FILE and PT_LOADs "
                         "decide");
}
END_TEST

START_TEST(pieces_add_up_to_the_range) {
  for (uint64_t i = 1; i < 20000; ++i) {
    const uint64_t start = i * 0x9e3779b97f4a7c15 >> 18 & ~UINT64_C(0xfff);
    const WxRange range = {start, start + ((i * 7919 % 60000 + 1) << 12), WX_PROTECTION_UNKNOWN};
    const WxExplanation explanation = wx_explain(&range, WX_HEAP_SLOT_BYTES);
    uint64_t at = range.start;
    for (size_t piece = 0; piece < explanation.piece_count; ++piece) {
      ck_assert_uint_eq(explanation.pieces[piece].start, at);
      ck_assert_uint_gt(explanation.pieces[piece].end, at);
      at = explanation.pieces[piece].end;
    }
    ck_assert_uint_eq(at, range.end);
  }
}
END_TEST

START_TEST(text_is_cut_where_the_buffer_ends) {
  const WxRange range = {0x7f4000000000, 0x7f4007ff6000, WX_PROTECTION_UNKNOWN};
  const WxExplanation explanation = wx_explain(&range, WX_HEAP_SLOT_BYTES);
  for (size_t size = 1; size < 64; ++size) {
    char text[64];
    memset(text, 'x', sizeof text);
    wx_explain_pieces(&explanation, text, size);
    ck_assert_uint_eq(strlen(text), size - 1);
    wx_explain_verdict(&explanation, text, size);
    ck_assert_uint_le(strlen(text), size - 1);
  }
}
END_TEST

WX_TEST_MAIN("explain", the_published_case_is_explained_row_by_row,
             rows_are_read_as_debuggers_and_the_kernel_print_them,
             a_pattern_is_graded_by_what_speaks_against_it,
             a_reserved_row_behind_a_writable_one_of_its_slot_is_the_tail_of_an_arena,
             pieces_add_up_to_the_range, text_is_cut_where_the_buffer_ends)
