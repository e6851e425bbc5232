// Which pages are zero, in memory and in a file, where looking allocates none.
#include "reclaim/zero_pages.h"
#include "support/double_map.h"
#include "support/patterned.h"
#include "support/suite.h"

#include <stdint.h>

enum { PAGE = 4096, PAGES = WX_PATTERNED_PAGES, SIZE = PAGES * PAGE };

START_TEST(every_single_byte_makes_a_page_not_zero) {
  _Alignas(8) static char page[PAGE];
  ck_assert(wx_zero(page, PAGE));
  for (size_t at = 0; at < PAGE; ++at) {
    page[at] = (char)(at % 255 + 1);
    ck_assert_msg(!wx_zero(page, PAGE), "byte %zu", at);
    page[at] = 0;
  }
  ck_assert(wx_zero(page, PAGE));
}
END_TEST

START_TEST(runs_of_zero_pages_end_at_the_first_other_page) {
  _Alignas(8) static char pages[4 * PAGE];
  pages[2 * PAGE + 5] = 1;
  ck_assert_uint_eq(wx_zero_run(pages, sizeof pages, PAGE, true), 2 * PAGE);
  ck_assert_uint_eq(wx_zero_run(pages + 2 * PAGE, 2 * PAGE, PAGE, false), PAGE);
  ck_assert_uint_eq(wx_zero_run(pages + 3 * PAGE, PAGE, PAGE, true), PAGE);
  ck_assert_uint_eq(wx_zero_run(pages, sizeof pages, PAGE, false), 0);
}
END_TEST

START_TEST(scan_finds_the_zero_pages_and_allocates_none) {
  DoubleMap map = wx_patterned_make();
  const uint64_t before = double_map_allocated(&map);
  WxExtent whole = {0, SIZE};
  const WxExtents where = {.items = &whole, .count = 1, .capacity = 1};
  WxExtent headroom[PAGES];
  WxExtents found = {.items = headroom, .capacity = PAGES};
  WxScan scan;
  ck_assert_int_eq(wx_scan_open(&scan, map.fd, &where, 0), 0);
  uint64_t bytes = 0;
  int64_t added;
  while ((added = wx_scan_next(&scan, &found, PAGE)) > 0)
    bytes += (uint64_t)added;
  ck_assert_int_eq(added, 0);
  ck_assert_uint_eq(bytes, (PAGES - 8 - 19 + 8) * PAGE); // 19 of the first 56 have a byte.
  ck_assert_uint_eq(wx_extents_bytes(&found), bytes);
  ck_assert_uint_eq(found.items[0].start, PAGE);
  ck_assert_uint_eq(double_map_allocated(&map), before);
  wx_scan_close(&scan);
  double_map_free(&map);
}
END_TEST

START_TEST(scan_goes_on_where_its_room_ended) {
  DoubleMap map = wx_patterned_make();
  WxExtent whole = {0, SIZE};
  const WxExtents where = {.items = &whole, .count = 1, .capacity = 1};
  WxExtent headroom[2];
  WxScan scan;
  ck_assert_int_eq(wx_scan_open(&scan, map.fd, &where, 0), 0);
  uint64_t bytes = 0;
  for (;;) {
    WxExtents found = {.items = headroom, .capacity = 2};
    const int64_t added = wx_scan_next(&scan, &found, UINT64_MAX);
    ck_assert_int_ge(added, 0);
    ck_assert_uint_eq(wx_extents_bytes(&found), (uint64_t)added);
    bytes += (uint64_t)added;
    if (!added)
      break;
  }
  ck_assert_uint_eq(bytes, (PAGES - 19) * PAGE);
  wx_scan_close(&scan);
  double_map_free(&map);
}
END_TEST

WX_TEST_MAIN("zero_pages", every_single_byte_makes_a_page_not_zero,
             runs_of_zero_pages_end_at_the_first_other_page,
             scan_finds_the_zero_pages_and_allocates_none, scan_goes_on_where_its_room_ended)
