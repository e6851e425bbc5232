// What a range is by its addresses and its protection: the published case row by row, what fits
// malloc's heaps, protections that contradict.
#include "attribution/explain.h"
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
    ck_assert(wx_explain_parse_range(published[i].range, &range));
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
    const WxRange range = {
        .start = cases[i].start, .end = cases[i].end, .protection = cases[i].protection};
    const WxExplanation explanation = wx_explain(&range, WX_HEAP_SLOT_BYTES);
    ck_assert_msg(explanation.reading == cases[i].reading, "row %zu: %s", i,
                  wx_reading_code(explanation.reading));
    ck_assert_int_eq(explanation.certainty, cases[i].certainty);
  }
}
END_TEST

static WxExplanation explain_among(const WxRange *rows, size_t count, size_t index) {
  WxFronts fronts = {0};
  ck_assert_int_eq(wx_explain_fronts(&fronts, rows, count, WX_HEAP_SLOT_BYTES), 0);
  const WxExplanation explanation = wx_explain_row(&rows[index], &fronts, WX_HEAP_SLOT_BYTES);
  wx_explain_fronts_free(&fronts);
  return explanation;
}

START_TEST(a_reserved_row_behind_a_writable_one_of_its_slot_is_the_tail_of_an_arena) {
  const WxRange front = {
      .start = 0x7f8624000000, .end = 0x7f862425d000, .protection = WX_READ | WX_WRITE};
  const WxRange tail = {.start = 0x7f862425d000, .end = 0x7f8628000000};
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
    const WxRange pair[] = {
        {.start = tail.start, .end = rows[i].tail_end, .protection = rows[i].tail_protection},
        {.start = rows[i].front_start,
         .end = rows[i].front_end,
         .protection = rows[i].front_protection}};
    const WxExplanation explanation = explain_among(pair, 2, 0);
    ck_assert_msg(explanation.reading == rows[i].reading, "row %zu: %s", i,
                  wx_reading_code(explanation.reading));
    if (rows[i].reading == WX_READING_GROWN_TAIL)
      ck_assert_int_eq(explanation.certainty, WX_CERTAINTY_VERY_HIGH);
  }
  const WxRange both[] = {front, tail};
  char text[512];
  WxExplanation explanation = explain_among(both, 2, 1);
  wx_explain_verdict(&explanation, text, sizeof text);
  ck_assert_str_eq(text, "the PROT_NONE tail of the malloc arena whose writable front ends here: "
                         "zero bytes of memory");
  explanation = explain_among(both, 2, 0);
  ck_assert_int_eq(explanation.reading, WX_READING_HEAP_FRONT);
  // Alone it is not told, and nothing is said against what it fits.
  explanation = explain_among(&tail, 1, 0);
  wx_explain_verdict(&explanation, text, sizeof text);
  ck_assert_str_eq(text, "undetermined: it fits the tail of an arena whose writable front is not "
                         "among the rows, and whole empty slots; a core's NT_FILE and PT_LOADs "
                         "decide");
}
END_TEST

START_TEST(pieces_add_up_to_the_range) {
  for (uint64_t i = 1; i < 20000; ++i) {
    const uint64_t start = i * 0x9e3779b97f4a7c15 >> 18 & ~UINT64_C(0xfff);
    const WxRange range = {.start = start,
                           .end = start + ((i * 7919 % 60000 + 1) << 12),
                           .protection = WX_PROTECTION_UNKNOWN};
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
  const WxRange range = {
      .start = 0x7f4000000000, .end = 0x7f4007ff6000, .protection = WX_PROTECTION_UNKNOWN};
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

START_TEST(a_stack_larger_than_a_stack_is_a_stack_and_what_malloc_put_behind_it) {
  WxRange range;
  char text[512];
  ck_assert(wx_explain_parse(" | Stack | 7fe747800000 | 7fe7502f1000 | 138.94mb | MEM_PRIVATE | "
                             "MEM_COMMIT | PAGE_READWRITE | |",
                             &range));
  WxExplanation explanation = wx_explain(&range, WX_HEAP_SLOT_BYTES);
  ck_assert_int_eq(explanation.reading, WX_READING_STACK_AND_HEAPS);
  wx_explain_verdict(&explanation, text, sizeof text);
  ck_assert_str_eq(text, "a thread's stack of 8.00 MiB and 3 glibc heaps (malloc) behind it, shown "
                         "as one");
  // Where it starts like a heap, nothing says how much of it is the stack.
  ck_assert(wx_explain_parse("Stack 7fe740000000 7fe7502f1000 258.94mb", &range));
  explanation = wx_explain(&range, WX_HEAP_SLOT_BYTES);
  wx_explain_verdict(&explanation, text, sizeof text);
  ck_assert_str_eq(text, "a thread's stack, and what else its debugger shows as one: by the "
                         "addresses up to 5 glibc heaps (malloc)");
  ck_assert(wx_explain_parse("Stack 7fe747800000 7fe747ff0000 7.94mb", &range));
  explanation = wx_explain(&range, WX_HEAP_SLOT_BYTES);
  ck_assert_int_eq(explanation.reading, WX_READING_NAMED);
}
END_TEST

START_TEST(more_heaps_than_any_process_has_are_none) {
  // The first digit of the start was lost.
  const WxRange range = {.start = 0xf4000000000, .end = 0x7f4007ff6000, .protection = -1};
  const WxExplanation explanation = wx_explain(&range, WX_HEAP_SLOT_BYTES);
  ck_assert_int_eq(explanation.reading, WX_READING_NO_PATTERN);
  ck_assert_int_eq(explanation.certainty, WX_CERTAINTY_NONE);
  ck_assert_uint_eq(explanation.heaps, 0);
}
END_TEST

START_TEST(an_address_of_the_kernel_is_no_heap_of_malloc) {
  WxRange range;
  ck_assert(wx_explain_parse("0xffffa40000000000-0xffffa40000005000   20480 vmap", &range));
  ck_assert_int_eq(wx_explain(&range, WX_HEAP_SLOT_BYTES).reading, WX_READING_KERNEL);
  ck_assert(wx_explain_parse("00ffff0000000000-00ffff0004000000 rw-p 00000000 00:00 0", &range));
  ck_assert_int_eq(wx_explain(&range, WX_HEAP_SLOT_BYTES).reading, WX_READING_WHOLE_SLOTS);
}
END_TEST

START_TEST(a_single_address_has_no_decomposition) {
  WxRange range;
  char text[64] = "what stood here before";
  ck_assert(wx_explain_parse("at 0x00007fc8177aa120", &range));
  const WxExplanation explanation = wx_explain(&range, WX_HEAP_SLOT_BYTES);
  wx_explain_pieces(&explanation, text, sizeof text);
  ck_assert_str_eq(text, "");
}
END_TEST

WX_TEST_MAIN("explain", the_published_case_is_explained_row_by_row,
             a_pattern_is_graded_by_what_speaks_against_it,
             a_reserved_row_behind_a_writable_one_of_its_slot_is_the_tail_of_an_arena,
             pieces_add_up_to_the_range, text_is_cut_where_the_buffer_ends,
             a_stack_larger_than_a_stack_is_a_stack_and_what_malloc_put_behind_it,
             more_heaps_than_any_process_has_are_none,
             an_address_of_the_kernel_is_no_heap_of_malloc, a_single_address_has_no_decomposition)
