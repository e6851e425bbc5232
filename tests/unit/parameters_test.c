// Where the numbers of a scenario come from, and what is refused.
#include "scenario/parameters.h"
#include "support/suite.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static WxParameter given[] = {
    {"blocks", "1024", NULL}, {"size", "64KiB", NULL}, {"cache", "5", NULL}};
static const WxScenario scenario = {.name = "n", .parameters = given, .parameters_count = 3};
static const WxScenario workload = {
    .name = "w", .workload = "asm", .parameters = given, .parameters_count = 2};
static const WxParameters plain = {&scenario, NULL, 0};

static void refused(const WxSetting *override, const char *words) {
  const WxParameters set = {&scenario, override, 1};
  char problem[WX_PROBLEM_SIZE] = "";
  WxStrategyOptions options = wx_strategy_options_default();
  ck_assert_int_eq(wx_parameters_check(&set, override->key, problem), -EINVAL);
  ck_assert_msg(strstr(problem, words), "'%s' is not in '%s'", words, problem);
  if (strcmp(override->key, "rounds") == 0 || strcmp(override->key, "blocks") == 0)
    return; // No options of a strategy.
  ck_assert_int_eq(wx_parameters_options(&set, &options, problem), -EINVAL);
}

START_TEST(a_quantity_is_a_number_or_a_name) {
  uint64_t value;
  char problem[WX_PROBLEM_SIZE];
  ck_assert_int_eq(wx_parameters_quantity(&plain, "512", &value, problem), 0);
  ck_assert_uint_eq(value, 512);
  ck_assert_int_eq(wx_parameters_quantity(&plain, "size", &value, problem), 0);
  ck_assert_uint_eq(value, 65536);
  ck_assert_int_eq(wx_parameters_quantity(&plain, "blocks", &value, problem), 0);
  ck_assert_uint_eq(value, 1024);
  ck_assert_int_eq(wx_parameters_quantity(&plain, "sizes", &value, problem), -EINVAL);
  ck_assert_ptr_nonnull(strstr(problem, "no parameter has that name"));
}
END_TEST

START_TEST(the_last_override_wins) {
  static const WxSetting overrides[] = {{"blocks", "7"}, {"size", "4096"}, {"blocks", "9"}};
  const WxParameters set = {&scenario, overrides, 3};
  uint64_t value;
  char problem[WX_PROBLEM_SIZE];
  ck_assert_str_eq(wx_parameters_text(&set, "blocks"), "9");
  ck_assert_str_eq(wx_parameters_text(&set, "cache"), "5");
  ck_assert_ptr_null(wx_parameters_text(&set, "pool"));
  ck_assert_int_eq(wx_parameters_number(&set, "size", 1, &value, problem), 0);
  ck_assert_uint_eq(value, 4096);
  ck_assert_int_eq(wx_parameters_number(&set, "rounds", 3, &value, problem), 0);
  ck_assert_uint_eq(value, 3);
}
END_TEST

START_TEST(a_parameter_does_not_stand_for_another) {
  static const WxSetting override = {"blocks", "size"};
  refused(&override, "blocks: 'size'");
}
END_TEST

START_TEST(options_reach_the_strategy) {
  static const WxSetting overrides[] = {
      {"cache", "0"},        {"stale_views", "yes"}, {"move_to_front", "off"},
      {"walks", "1"},        {"pool", "no"},         {"pool_size", "1MiB"},
      {"file_size", "2MiB"}, {"backing", "shm"},     {"granularity", "block"},
      {"slack", "64KiB"},
  };
  const WxParameters set = {&scenario, overrides, sizeof overrides / sizeof *overrides};
  WxStrategyOptions options = wx_strategy_options_default();
  char problem[WX_PROBLEM_SIZE];
  ck_assert_int_eq(wx_parameters_options(&set, &options, problem), 0);
  ck_assert_uint_eq(options.cache, 0);
  ck_assert(options.stale_views && !options.move_to_front && options.walks && !options.pool);
  ck_assert_uint_eq(options.pool_size, 1048576);
  ck_assert_uint_eq(options.file_size, 2097152);
  ck_assert_int_eq(options.backing, WX_BACKING_SHM);
  ck_assert_int_eq(options.granularity, WX_GRANULARITY_BLOCK);
  ck_assert_uint_eq(options.slack, 65536);
  ck_assert_uint_eq(options.pool_skip, wx_strategy_options_default().pool_skip);
}
END_TEST

START_TEST(what_is_not_set_keeps_its_default) {
  const WxStrategyOptions usual = wx_strategy_options_default();
  WxStrategyOptions options = usual;
  char problem[WX_PROBLEM_SIZE];
  ck_assert_int_eq(wx_parameters_options(&plain, &options, problem), 0);
  ck_assert_uint_eq(options.cache, 5);
  ck_assert_uint_eq(options.pool_size, usual.pool_size);
  ck_assert_uint_eq(options.file_size, usual.file_size);
  ck_assert_int_eq(options.backing, WX_BACKING_MEMFD);
}
END_TEST

START_TEST(bad_values_are_refused) {
  static const WxSetting bad[] = {
      {"cache", "17"},     {"cache", "many"},      {"pool", "maybe"}, {"backing", "file"},
      {"pool_size", "-1"}, {"pool_size", "2TiB"},  {"rounds", "0"},   {"blocks", ""},
      {"blocks", "12 "},   {"file_size", "16EiB"}, {"walks", "2"},    {"granularity", "pool"},
  };
  static const char *const words[] = {
      "expected 0 to 16",
      "cache: 'many'",
      "'maybe' is not yes or no",
      "'file' is not memfd or shm",
      "pool_size: '-1'",
      "out of range",
      "rounds: 0 is out of range",
      "blocks: ''",
      "blocks: '12 '",
      "file_size: ",
      "'2' is not yes or no",
      "'pool' is not page or block",
  };
  for (size_t i = 0; i < sizeof bad / sizeof *bad; ++i)
    refused(&bad[i], words[i]);
}
END_TEST

START_TEST(sizes_are_whole_pages) {
  static const WxSetting override = {"pool_size", "4097"};
  const WxParameters set = {&scenario, &override, 1};
  WxStrategyOptions options = wx_strategy_options_default();
  char problem[WX_PROBLEM_SIZE];
  ck_assert_int_eq(wx_parameters_options(&set, &options, problem), -EINVAL);
  ck_assert_ptr_nonnull(strstr(problem, "whole pages"));
}
END_TEST

static unsigned skip_of(const char *seed) {
  const WxSetting override = {"seed", seed};
  const WxParameters set = {&scenario, &override, 1};
  WxStrategyOptions options = wx_strategy_options_default();
  char problem[WX_PROBLEM_SIZE];
  ck_assert_int_eq(wx_parameters_options(&set, &options, problem), 0);
  return options.pool_skip;
}

// The runtime starts its pool a random 0 to 64 pages late.
START_TEST(a_seed_gives_the_same_pool_each_time) {
  unsigned different = 0;
  for (int i = 0; i < 100; ++i) {
    char seed[16];
    snprintf(seed, sizeof seed, "%d", i);
    ck_assert_uint_le(skip_of(seed), 64);
    ck_assert_uint_eq(skip_of(seed), skip_of(seed));
    different += skip_of(seed) != skip_of("0");
  }
  ck_assert_uint_ge(different, 80);
}
END_TEST

START_TEST(what_can_be_set_is_known) {
  const char *names[64];
  ck_assert_uint_eq(wx_parameters_names(&scenario, names, 64), 14);
  ck_assert_str_eq(names[0], "blocks");
  ck_assert(wx_parameters_known(&plain, "cache"));
  ck_assert(wx_parameters_known(&plain, "rounds"));
  ck_assert(!wx_parameters_known(&plain, "count"));
  ck_assert_uint_eq(wx_parameters_names(&scenario, names, 2), 14);
}
END_TEST

// A workload has no strategy: an option of one would be accepted and mean nothing.
START_TEST(a_workload_has_its_own_parameters_only) {
  const char *names[64];
  const WxParameters parameters = {&workload, NULL, 0};
  ck_assert_uint_eq(wx_parameters_names(&workload, names, 64), 2);
  ck_assert(wx_parameters_known(&parameters, "blocks"));
  ck_assert(!wx_parameters_known(&parameters, "cache"));
  ck_assert(!wx_parameters_known(&parameters, "rounds"));
}
END_TEST

WX_TEST_MAIN("parameters", a_quantity_is_a_number_or_a_name, the_last_override_wins,
             a_parameter_does_not_stand_for_another, options_reach_the_strategy,
             what_is_not_set_keeps_its_default, bad_values_are_refused, sizes_are_whole_pages,
             a_seed_gives_the_same_pool_each_time, what_can_be_set_is_known,
             a_workload_has_its_own_parameters_only)
