// Quantities: what is read, what is refused and why, how figures are written.
#include "stats/units.h"
#include "support/suite.h"

#include <errno.h>
#include <math.h>
#include <string.h>

static void assert_bytes(const char *text, uint64_t expected) {
  uint64_t value = 77;
  const char *problem = NULL;
  ck_assert_msg(wx_units_bytes(text, &value, &problem) == 0, "'%s' %s", text, problem);
  ck_assert_uint_eq(value, expected);
}

static void refuse_bytes(const char *text, int error, const char *phrase) {
  uint64_t value = 77;
  const char *problem = "";
  ck_assert_msg(wx_units_bytes(text, &value, &problem) == error, "'%s' was read", text);
  ck_assert_msg(strstr(problem, phrase) != NULL, "'%s' %s", text, problem);
  ck_assert_uint_eq(value, 77);
}

START_TEST(bytes_are_read_with_and_without_units) {
  assert_bytes("0", 0);
  assert_bytes("4096", 4096);
  assert_bytes("0x7EFF0000", 0x7EFF0000);
  assert_bytes("12B", 12);
  assert_bytes("64KiB", 65536);
  assert_bytes("16MiB", 16777216);
  assert_bytes("1.5GiB", 1610612736);
  assert_bytes("2TiB", 2199023255552);
  assert_bytes("0.0009765625KiB", 1);
  assert_bytes("007", 7);
}
END_TEST

START_TEST(the_largest_number_of_bytes_is_read_and_one_more_refused) {
  assert_bytes("18446744073709551615", UINT64_MAX);
  assert_bytes("0xffffffffffffffff", UINT64_MAX);
  assert_bytes("16777215TiB", 16777215ULL << 40);
  assert_bytes("16777215.5TiB", (16777215ULL << 40) + (1ULL << 39));
  refuse_bytes("18446744073709551616", -ERANGE, "too large");
  refuse_bytes("0x10000000000000000", -ERANGE, "too large");
  refuse_bytes("16777216TiB", -ERANGE, "too large");
  refuse_bytes("99999999999999999999999", -ERANGE, "too large");
}
END_TEST

START_TEST(bytes_are_refused_unless_understood_to_the_last_character) {
  static const char *const texts[] = {
      "64kib", "64KB",   "64K",     "64 KiB", " 64",   "64 ",   "64KiBx", "-1",      "+1",
      "KiB",   "1.KiB",  ".5KiB",   "1..5",   "1e3",   "0x",    "0xZZ",   "0x10KiB", "1,5",
      "1.5",   "0.1KiB", "64KiB\n", "١",      "0x1.8", "1_000", "64MIB",  "64KiB64"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; ++i)
    refuse_bytes(texts[i], -EINVAL, "");
}
END_TEST

START_TEST(the_problem_is_named) {
  refuse_bytes("", -EINVAL, "is empty");
  refuse_bytes("64KB", -EINVAL, "unknown unit; expected B, KiB");
  refuse_bytes("0.1KiB", -EINVAL, "not a whole number of bytes");
  refuse_bytes("-1", -EINVAL, "does not start with a digit");
  refuse_bytes("1.KiB", -EINVAL, "no digit after its point");
  refuse_bytes("1.00000000000000000001KiB", -ERANGE, "too many digits");
}
END_TEST

START_TEST(counts_have_no_unit) {
  uint64_t value = 0;
  ck_assert_int_eq(wx_units_count("1000", &value, NULL), 0);
  ck_assert_uint_eq(value, 1000);
  ck_assert_int_eq(wx_units_count("0x1F", &value, NULL), 0);
  ck_assert_uint_eq(value, 31);
  ck_assert_int_eq(wx_units_count("1KiB", &value, NULL), -EINVAL);
  ck_assert_int_eq(wx_units_count("1.0", &value, NULL), -EINVAL);
  ck_assert_int_eq(wx_units_count("", &value, NULL), -EINVAL);
  ck_assert_int_eq(wx_units_count("-0", &value, NULL), -EINVAL);
  ck_assert_uint_eq(value, 31);
}
END_TEST

START_TEST(durations_take_the_bare_unit_of_the_option) {
  uint64_t value = 0;
  ck_assert_int_eq(wx_units_duration("0.02", 1000000000, &value, NULL), 0);
  ck_assert_uint_eq(value, 20000000);
  ck_assert_int_eq(wx_units_duration("2", 1000000, &value, NULL), 0);
  ck_assert_uint_eq(value, 2000000);
  ck_assert_int_eq(wx_units_duration("1.5ms", 1, &value, NULL), 0);
  ck_assert_uint_eq(value, 1500000);
  ck_assert_int_eq(wx_units_duration("10min", 1, &value, NULL), 0);
  ck_assert_uint_eq(value, 600000000000);
  ck_assert_int_eq(wx_units_duration("0.5ns", 1, &value, NULL), -EINVAL);
  ck_assert_int_eq(wx_units_duration("1h", 1, &value, NULL), -EINVAL);
  ck_assert_int_eq(wx_units_duration("18446744074s", 1, &value, NULL), -ERANGE);
}
END_TEST

START_TEST(percentages_need_their_sign) {
  double value = 0;
  ck_assert_int_eq(wx_units_percent("25%", &value, NULL), 0);
  ck_assert_double_eq(value, 25);
  ck_assert_int_eq(wx_units_percent("0.5%", &value, NULL), 0);
  ck_assert_double_eq(value, 0.5);
  ck_assert_int_eq(wx_units_percent("25", &value, NULL), -EINVAL);
  ck_assert_int_eq(wx_units_percent("25%%", &value, NULL), -EINVAL);
  ck_assert_int_eq(wx_units_percent("-1%", &value, NULL), -ERANGE);
}
END_TEST

START_TEST(numbers_are_finite_decimals) {
  double value = 0;
  ck_assert_int_eq(wx_units_number("-1.8", &value, NULL), 0);
  ck_assert_double_eq(value, -1.8);
  ck_assert_int_eq(wx_units_number("2e3", &value, NULL), 0);
  ck_assert_double_eq(value, 2000);
  static const char *const texts[] = {"", "-", "nan", "inf", "0x10", "1-", "1e", "1 ", " 1", "1%"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; ++i)
    ck_assert_msg(wx_units_number(texts[i], &value, NULL) == -EINVAL, "'%s' was read", texts[i]);
  ck_assert_int_eq(wx_units_number("1e999", &value, NULL), -ERANGE);
  ck_assert_double_eq(value, 2000);
}
END_TEST

START_TEST(bytes_are_written_with_one_decimal_in_binary_units) {
  static const struct {
    WxFigure bytes;
    const char *text;
  } rows[] = {{0, "0 B"},
              {1023, "1023 B"},
              {1024, "1.0 KiB"},
              {65536, "64.0 KiB"},
              {204996608, "195.5 MiB"},
              {1048524, "1023.9 KiB"},
              {1048525, "1.0 MiB"},
              {1048575, "1.0 MiB"},
              {-1536, "-1.5 KiB"},
              {INT64_MAX, "8388608.0 TiB"},
              {WX_UNKNOWN, "n/a"}};
  char text[WX_UNITS_TEXT];
  for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i)
    ck_assert_str_eq(wx_units_format_bytes(text, rows[i].bytes), rows[i].text);
}
END_TEST

START_TEST(times_counts_and_ratios_are_written_for_people) {
  char text[WX_UNITS_TEXT];
  ck_assert_str_eq(wx_units_format_ns(text, 850), "850 ns");
  ck_assert_str_eq(wx_units_format_ns(text, 1200), "1.2 us");
  ck_assert_str_eq(wx_units_format_ns(text, 999949), "999.9 us");
  ck_assert_str_eq(wx_units_format_ns(text, 999950), "1.0 ms");
  ck_assert_str_eq(wx_units_format_ns(text, 12500000000), "12.5 s");
  ck_assert_str_eq(wx_units_format_count(text, 0), "0");
  ck_assert_str_eq(wx_units_format_count(text, 999), "999");
  ck_assert_str_eq(wx_units_format_count(text, -1234567), "-1,234,567");
  ck_assert_str_eq(wx_units_format_count(text, INT64_MAX), "9,223,372,036,854,775,807");
  ck_assert_str_eq(wx_units_format_count(text, WX_UNKNOWN), "n/a");
  ck_assert_str_eq(wx_units_format_ratio(text, 1.8), "1.80");
  ck_assert_str_eq(wx_units_format_ratio(text, NAN), "n/a");
}
END_TEST

WX_TEST_MAIN("units", bytes_are_read_with_and_without_units,
             the_largest_number_of_bytes_is_read_and_one_more_refused,
             bytes_are_refused_unless_understood_to_the_last_character, the_problem_is_named,
             counts_have_no_unit, durations_take_the_bare_unit_of_the_option,
             percentages_need_their_sign, numbers_are_finite_decimals,
             bytes_are_written_with_one_decimal_in_binary_units,
             times_counts_and_ratios_are_written_for_people)
