// Lists of file ranges: arithmetic against a bitmap, reading against what was written.
#include "measure/extents.h"
#include "os/count.h"
#include "support/double_map.h"
#include "support/inject.h"
#include "support/suite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PAGE = 4096, UNITS = 64 };

// A list from a string of `#` (inside) and any other character, one a unit.
static WxExtents list_of(const char *picture) {
  WxExtents extents = {0};
  for (size_t i = 0; picture[i]; ++i)
    if (picture[i] == '#')
      ck_assert_int_eq(wx_extents_add(&extents, i, i + 1), 0);
  wx_extents_normalize(&extents);
  return extents;
}

static void check_list(const WxExtents *extents, const char *picture) {
  char drawn[UNITS + 1];
  memset(drawn, '.', sizeof drawn);
  for (size_t i = 0; i < extents->count; ++i) {
    ck_assert_uint_lt(extents->items[i].start, extents->items[i].end);
    if (i > 0)
      ck_assert_uint_gt(extents->items[i].start, extents->items[i - 1].end);
    memset(drawn + extents->items[i].start, '#', extents->items[i].end - extents->items[i].start);
  }
  drawn[strlen(picture)] = '\0';
  ck_assert_str_eq(drawn, picture);
}

START_TEST(lists_are_sorted_and_joined_where_they_touch_or_overlap) {
  WxExtents extents = {0};
  static const WxExtent added[] = {{9, 10}, {2, 4}, {6, 6}, {4, 5}, {1, 3}, {8, 12}, {9, 11}};
  for (size_t i = 0; i < sizeof added / sizeof *added; ++i)
    ck_assert_int_eq(wx_extents_add(&extents, added[i].start, added[i].end), 0);
  wx_extents_normalize(&extents);
  check_list(&extents, ".####...####....");
  ck_assert_uint_eq(extents.count, 2);
  ck_assert_uint_eq(wx_extents_bytes(&extents), 8);
  wx_extents_free(&extents);
  wx_extents_normalize(&extents);
  ck_assert_uint_eq(wx_extents_bytes(&extents), 0);
}
END_TEST

static const struct {
  const char *left, *right, *difference;
} differences[] = {
    {"", "", ""},
    {"####", "....", "####"},
    {"####", "####", "...."},
    {"####", ".##.", "#..#"},
    {".##.", "####", "...."},
    {"##..##", "....##", "##...."},
    {"######", "#.#.#.", ".#.#.#"},
    {"##.##.##", ".######.", "#......#"},
    {"..##..##..", "#..##..##.", "..#...#..."},
    {"#.#.#.#", "..#...#", "#...#.."},
};

START_TEST(a_long_list_in_any_order_is_sorted_too) {
  enum { COUNT = 5000 };
  WxExtents extents = {0};
  for (uint64_t i = 0; i < COUNT; ++i) {
    // 4999 is prime: every place once, in a mixed order, up to the top of the address range.
    const uint64_t place = (i * 2741 % 4999) << 50 | (i % 3) << 12;
    ck_assert_int_eq(wx_extents_add(&extents, place, place + 1), 0);
  }
  wx_extents_normalize(&extents);
  ck_assert_uint_gt(extents.count, COUNT - 10);
  for (size_t i = 1; i < extents.count; ++i)
    ck_assert_uint_gt(extents.items[i].start, extents.items[i - 1].end);
  wx_extents_free(&extents);
}
END_TEST

// As those of many mappings of one file: whole pages, in any order, dense, some over others.
START_TEST(a_long_dense_list_of_pages_holds_exactly_the_pages_that_were_added) {
  enum { COUNT = 3000, PAGES = 20000 };
  static bool expected[PAGES + 1];
  WxExtents extents = {0};
  for (uint64_t i = 0; i < COUNT; ++i) {
    const uint64_t start = i * 7919 % (PAGES - 100), length = 1 + i * i % (i % 50 ? 5 : 100);
    ck_assert_int_eq(wx_extents_add(&extents, start << 12, (start + length) << 12), 0);
    for (uint64_t page = start; page < start + length; ++page)
      expected[page] = true;
  }
  wx_extents_normalize(&extents);
  size_t runs = 0, wrong = 0;
  for (size_t page = 0; page < PAGES; ++page)
    runs += expected[page] && !expected[page + 1];
  ck_assert_uint_eq(extents.count, runs);
  for (size_t i = 0; i < extents.count; ++i) {
    const WxExtent *item = &extents.items[i];
    wrong += (i && item->start <= item[-1].end) || (item->start | item->end) % 4096;
    for (uint64_t page = item->start >> 12; page < item->end >> 12; ++page) {
      wrong += !expected[page];
      expected[page] = false;
    }
  }
  for (size_t page = 0; page < PAGES; ++page)
    wrong += expected[page];
  ck_assert_uint_eq(wrong, 0);
  wx_extents_free(&extents);
}
END_TEST

START_TEST(subtraction_leaves_exactly_the_difference) {
  for (size_t i = 0; i < sizeof differences / sizeof *differences; ++i) {
    WxExtents left = list_of(differences[i].left);
    WxExtents right = list_of(differences[i].right);
    WxExtents difference = {0};
    ck_assert_int_eq(wx_extents_subtract(&difference, &left, &right), 0);
    check_list(&difference, differences[i].difference);
    wx_extents_free(&left);
    wx_extents_free(&right);
    wx_extents_free(&difference);
  }
}
END_TEST

// All pairs of lists over six units.
START_TEST(subtraction_agrees_with_a_bitmap_for_every_pair) {
  WxExtents difference = {0};
  for (unsigned pair = 0; pair < 1U << 12; ++pair) {
    char left[7] = "", right[7] = "", wanted[7] = "";
    for (unsigned bit = 0; bit < 6; ++bit) {
      left[bit] = pair >> bit & 1 ? '#' : '.';
      right[bit] = pair >> (bit + 6) & 1 ? '#' : '.';
      wanted[bit] = left[bit] == '#' && right[bit] == '.' ? '#' : '.';
    }
    WxExtents a = list_of(left);
    WxExtents b = list_of(right);
    ck_assert_int_eq(wx_extents_subtract(&difference, &a, &b), 0);
    check_list(&difference, wanted);
    wx_extents_free(&a);
    wx_extents_free(&b);
  }
  wx_extents_free(&difference);
}
END_TEST

START_TEST(sizes_fall_into_their_classes) {
  WxExtents extents = {0};
  static const uint64_t sizes[] = {1,     4096,         8191,       8192,
                                   65536, 65536 + 4096, 1ULL << 33, 1ULL << 50};
  uint64_t at = 0;
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; at += sizes[i++] + 1)
    ck_assert_int_eq(wx_extents_add(&extents, at, at + sizes[i]), 0);
  const WxHistogram histogram = wx_extents_histogram(&extents);
  ck_assert_uint_eq(histogram.count[0], 3);
  ck_assert_uint_eq(histogram.bytes[0], 1 + 4096 + 8191);
  ck_assert_uint_eq(histogram.count[1], 1);
  ck_assert_uint_eq(histogram.count[4], 2);
  ck_assert_uint_eq(histogram.bytes[4], 2 * 65536 + 4096);
  ck_assert_uint_eq(histogram.count[21], 1);
  ck_assert_uint_eq(histogram.count[WX_SIZE_CLASSES - 1], 1);
  wx_extents_free(&extents);
}
END_TEST

// Opened again: a position of its own.
static int reopen(const DoubleMap *map) {
  char path[64];
  snprintf(path, sizeof path, "/proc/self/fd/%d", map->fd);
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  ck_assert_int_ge(fd, 0);
  return fd;
}

static const uint64_t far_apart = 512 * 1024 * 1024;

static void write_some(DoubleMap *map) {
  ck_assert_int_eq(pwrite(map->fd, "x", 1, 0), 1);
  ck_assert_int_eq(pwrite(map->fd, "x", 1, 2 * PAGE), 1);
  ck_assert_int_eq(pwrite(map->fd, "xx", 2, 4 * PAGE - 1), 2); // Pages 3 and 4.
  ck_assert_int_eq(pwrite(map->fd, "x", 1, (off_t)far_apart), 1);
}

START_TEST(exactly_the_pages_written_are_listed_and_none_is_made) {
  DoubleMap map = double_map_make(PAGE);
  write_some(&map);
  const int fd = reopen(&map);
  WxExtents extents = {0};
  for (int i = 0; i < 2; ++i) {
    ck_assert_int_eq(wx_extents_read(&extents, fd), 0);
    ck_assert_uint_eq(extents.count, 3);
    ck_assert_uint_eq(extents.items[0].end, PAGE);
    ck_assert_uint_eq(extents.items[1].start, 2 * PAGE);
    ck_assert_uint_eq(extents.items[1].end, 5 * PAGE);
    ck_assert_uint_eq(extents.items[2].start, far_apart);
    ck_assert_uint_eq(wx_extents_bytes(&extents), double_map_allocated(&map));
  }
  double_map_punch(&map, 0, far_apart + PAGE);
  ck_assert_int_eq(wx_extents_read(&extents, fd), 0);
  ck_assert_uint_eq(extents.count, 0);
  wx_extents_free(&extents);
  ck_assert_int_eq(close(fd), 0);
  double_map_free(&map);
}
END_TEST

static int read_again(void *context) {
  WxExtents extents = {0};
  const int result = wx_extents_read(&extents, *(int *)context);
  wx_extents_free(&extents);
  return result;
}

static void nothing_to_check(void *context) {
  (void)context;
}

// Data and mappings of all kinds of overlap, from one number each.
static WxExtents extents_of_bits(unsigned bits) {
  WxExtents extents = {0};
  for (uint64_t page = 0; page < 12; ++page)
    if (bits >> page & 1)
      ck_assert_int_eq(wx_extents_add(&extents, page * PAGE, (page + 1) * PAGE), 0);
  wx_extents_normalize(&extents);
  return extents;
}

START_TEST(what_lies_outside_of_a_list_is_read_as_if_all_was_read_and_the_list_subtracted) {
  DoubleMap map = double_map_make(PAGE);
  const int fd = reopen(&map);
  WxExtents all = {0}, expected = {0}, outside = {0};
  for (unsigned i = 0; i < 300; ++i) {
    const unsigned data = i * 2654435761U >> 20, mapped = i * 40503U >> 3 & 4095;
    double_map_punch(&map, 0, 12 * PAGE);
    for (unsigned page = 0; page < 12; ++page)
      if (data >> page & 1)
        ck_assert_int_eq(pwrite(map.fd, "x", 1, (off_t)(page * PAGE)), 1);
    WxExtents inside = extents_of_bits(mapped);
    ck_assert_int_eq(wx_extents_read(&all, fd), 0);
    ck_assert_int_eq(wx_extents_subtract(&expected, &all, &inside), 0);
    ck_assert_int_eq(wx_extents_read_outside(&outside, fd, &inside), 0);
    ck_assert_uint_eq(outside.count, expected.count);
    if (outside.count)
      ck_assert_mem_eq(outside.items, expected.items, outside.count * sizeof *outside.items);
    wx_extents_free(&inside);
  }
  wx_extents_free(&all);
  wx_extents_free(&expected);
  wx_extents_free(&outside);
  ck_assert_int_eq(close(fd), 0);
  double_map_free(&map);
}
END_TEST

START_TEST(a_file_that_is_mapped_wholly_takes_two_seeks) {
  DoubleMap map = double_map_make(PAGE);
  write_some(&map);
  const int fd = reopen(&map);
  WxExtents outside = {0}, inside = {0};
  ck_assert_int_eq(wx_extents_add(&inside, 0, 5 * PAGE), 0);
  ck_assert_int_eq(wx_extents_add(&inside, far_apart, far_apart + PAGE), 0);
  const WxOsCounts before = wx_os_counts();
  ck_assert_int_eq(wx_extents_read_outside(&outside, fd, &inside), 0);
  const WxOsCounts after = wx_os_counts();
  ck_assert_uint_eq(outside.count, 0);
  ck_assert_uint_eq(after.made[WX_OS_LSEEK] - before.made[WX_OS_LSEEK], 2);
  wx_extents_free(&outside);
  wx_extents_free(&inside);
  ck_assert_int_eq(close(fd), 0);
  double_map_free(&map);
}
END_TEST

START_TEST(every_seek_may_fail) {
  DoubleMap map = double_map_make(PAGE);
  write_some(&map);
  int fd = reopen(&map);
  ck_assert_uint_eq(wx_inject_each(EIO, read_again, nothing_to_check, &fd), 7);
  ck_assert_int_eq(close(fd), 0);
  double_map_free(&map);
}
END_TEST

WX_TEST_MAIN("extents", lists_are_sorted_and_joined_where_they_touch_or_overlap,
             a_long_list_in_any_order_is_sorted_too,
             a_long_dense_list_of_pages_holds_exactly_the_pages_that_were_added,
             subtraction_leaves_exactly_the_difference,
             subtraction_agrees_with_a_bitmap_for_every_pair, sizes_fall_into_their_classes,
             exactly_the_pages_written_are_listed_and_none_is_made,
             what_lies_outside_of_a_list_is_read_as_if_all_was_read_and_the_list_subtracted,
             a_file_that_is_mapped_wholly_takes_two_seeks, every_seek_may_fail)
