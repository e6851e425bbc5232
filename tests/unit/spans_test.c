#include "strategy/spans.h"
#include "support/suite.h"

#include <stdlib.h>

enum { PAGE = 4096 };

static WxSpans spans;

static void give(uint64_t first, uint64_t count) {
  wx_spans_give(&spans, malloc(sizeof(WxSpan)), first * PAGE, count * PAGE);
}

START_TEST(the_smallest_that_fits_is_found_and_of_those_the_first) {
  give(0, 8);
  give(20, 2);
  give(10, 2);
  give(30, 1);
  const WxSpan *found = wx_spans_fit(&spans, 2 * PAGE);
  ck_assert_uint_eq(wx_span_start(found), 10 * PAGE);
  found = wx_spans_next(&spans, found);
  ck_assert_uint_eq(wx_span_start(found), 20 * PAGE);
  found = wx_spans_next(&spans, found);
  ck_assert_uint_eq(wx_span_start(found), 0);
  ck_assert_ptr_eq(found, wx_spans_largest(&spans));
  ck_assert_ptr_null(wx_spans_next(&spans, found));
  ck_assert_ptr_null(wx_spans_fit(&spans, 9 * PAGE));
  wx_spans_clear(&spans);
  ck_assert_uint_eq(spans.bytes, 0);
  ck_assert_ptr_null(wx_spans_largest(&spans));
}
END_TEST

START_TEST(neighbours_merge_and_others_do_not) {
  give(0, 2);
  give(4, 2);
  give(8, 2);
  ck_assert_ptr_null(wx_spans_fit(&spans, 3 * PAGE));
  give(2, 2);
  ck_assert_uint_eq(wx_spans_largest(&spans)->size, 6 * PAGE);
  give(6, 1);
  ck_assert_uint_eq(wx_spans_largest(&spans)->size, 7 * PAGE);
  give(7, 1);
  ck_assert_uint_eq(wx_spans_largest(&spans)->size, 10 * PAGE);
  ck_assert_uint_eq(spans.bytes, 10 * PAGE);
  wx_spans_clear(&spans);
}
END_TEST

// Cuts pages [first, first + count) out of 8, and says what is left: a mark a page.
static void left_of(uint64_t first, uint64_t count, bool spare_is_needed, const char *expected) {
  give(0, 8);
  WxSpan *spare = malloc(sizeof *spare);
  WxSpan *unused =
      wx_spans_cut(&spans, wx_spans_largest(&spans), first * PAGE, count * PAGE, spare);
  ck_assert((unused == NULL) == spare_is_needed);
  free(unused);
  char left[] = "........";
  for (const WxSpan *span = wx_spans_fit(&spans, 0); span; span = wx_spans_next(&spans, span))
    for (uint64_t at = 0; at < span->size; at += PAGE)
      left[(wx_span_start(span) + at) / PAGE] = 'x';
  ck_assert_str_eq(left, expected);
  wx_spans_clear(&spans);
}

START_TEST(what_is_cut_out_leaves_what_lay_around_it) {
  left_of(0, 8, false, "........");
  left_of(0, 3, false, "...xxxxx");
  left_of(5, 3, false, "xxxxx...");
  left_of(2, 3, true, "xx...xxx");
}
END_TEST

WX_TEST_MAIN("spans", the_smallest_that_fits_is_found_and_of_those_the_first,
             neighbours_merge_and_others_do_not, what_is_cut_out_leaves_what_lay_around_it)
