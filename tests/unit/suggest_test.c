// Near matches of mistyped names.
#include "stats/suggest.h"
#include "support/suite.h"

#include <stdint.h>
#include <string.h>

static const char *const strategies[] = {"coreclr", "coreclr-off", "coreclr+punch", "rwx",
                                         "pwrite"};
enum { STRATEGIES = sizeof strategies / sizeof *strategies };

START_TEST(each_kind_of_slip_is_one_edit) {
  static const struct {
    const char *a, *b;
    size_t distance;
  } rows[] = {{"", "", 0},
              {"", "abc", 3},
              {"coreclr", "coreclr", 0},
              {"corclr", "coreclr", 1},
              {"corecclr", "coreclr", 1},
              {"coreclx", "coreclr", 1},
              {"corelcr", "coreclr", 1},
              {"CoreCLR", "coreclr", 1},
              {"ab", "ba", 1},
              {"abcd", "badc", 2},
              {"kitten", "sitting", 3},
              {"ca", "abc", 3}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i) {
    ck_assert_uint_eq(wx_suggest_distance(rows[i].a, rows[i].b), rows[i].distance);
    ck_assert_uint_eq(wx_suggest_distance(rows[i].b, rows[i].a), rows[i].distance);
  }
}
END_TEST

START_TEST(very_long_names_are_no_match) {
  char longest[65], longer[66];
  memset(longest, 'a', sizeof longest - 1);
  memset(longer, 'a', sizeof longer - 1);
  longest[64] = longer[65] = '\0';
  ck_assert_uint_eq(wx_suggest_distance(longest, "a"), 63);
  ck_assert_uint_eq(wx_suggest_distance(longer, "a"), SIZE_MAX);
  const char *near[1];
  ck_assert_uint_eq(wx_suggest(longer, strategies, STRATEGIES, near, 1), 0);
}
END_TEST

START_TEST(the_nearest_name_comes_first) {
  const char *near[3];
  ck_assert_uint_ge(wx_suggest("corclr", strategies, STRATEGIES, near, 3), 1);
  ck_assert_str_eq(near[0], "coreclr");
  ck_assert_uint_ge(wx_suggest("coreclr-of", strategies, STRATEGIES, near, 3), 1);
  ck_assert_str_eq(near[0], "coreclr-off");
}
END_TEST

START_TEST(the_beginning_of_a_name_finds_it) {
  const char *near[3];
  ck_assert_uint_eq(wx_suggest("pw", strategies, STRATEGIES, near, 3), 1);
  ck_assert_str_eq(near[0], "pwrite");
  ck_assert_uint_eq(wx_suggest("core", strategies, STRATEGIES, near, 3), 3);
  ck_assert_uint_eq(wx_suggest("core", strategies, STRATEGIES, near, 2), 2);
}
END_TEST

START_TEST(nothing_near_is_nothing) {
  const char *near[3];
  ck_assert_uint_eq(wx_suggest("zebra", strategies, STRATEGIES, near, 3), 0);
  ck_assert_uint_eq(wx_suggest("", strategies, STRATEGIES, near, 3), 0);
  ck_assert_uint_eq(wx_suggest("rwx", strategies, 0, near, 3), 0);
}
END_TEST

WX_TEST_MAIN("suggest", each_kind_of_slip_is_one_edit, very_long_names_are_no_match,
             the_nearest_name_comes_first, the_beginning_of_a_name_finds_it,
             nothing_near_is_nothing)
