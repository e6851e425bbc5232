// Figures of a whole run, from its samples and from what its verbs cost.
#include "measure/sampling.h"
#include "strategy/registry.h"
#include "strategy/verb_figures.h"
#include "support/suite.h"

#include <string.h>

// Each peak lies in another sample, and the last one holds none.
static const WxSample samples[] = {
    {.step = "start", .live_bytes = 3, .allocated_bytes = 29, .mappings = 5, .orphaned_bytes = 31},
    {.step = "generated",
     .live_bytes = 23,
     .allocated_bytes = 7,
     .mappings = 11,
     .orphaned_bytes = 37},
    {.step = "collected",
     .live_bytes = 1,
     .allocated_bytes = 13,
     .mappings = 41,
     .orphaned_bytes = 43},
    {.step = "end", .live_bytes = 2, .allocated_bytes = 17, .mappings = 19, .orphaned_bytes = 11},
};

START_TEST(peaks_are_over_all_steps_and_orphaned_is_of_the_last) {
  const WxSampling sampling = {.samples = (WxSample *)samples,
                               .count = sizeof samples / sizeof *samples};
  WxMetrics metrics = wx_metrics_unknown();
  wx_sampling_metrics(&sampling, &metrics);
  ck_assert_int_eq(metrics.live_peak_bytes, 23);
  ck_assert_int_eq(metrics.allocated_peak_bytes, 29);
  ck_assert_int_eq(metrics.mappings_peak, 41);
  ck_assert_int_eq(metrics.orphaned_bytes, 11);
  ck_assert_int_eq(metrics.retained_bytes, WX_UNKNOWN);
}
END_TEST

// A larger one may have been missed.
START_TEST(a_peak_is_unknown_where_one_step_is) {
  WxSample some[sizeof samples / sizeof *samples];
  memcpy(some, samples, sizeof samples);
  some[2].live_bytes = WX_UNKNOWN;
  const WxSampling sampling = {.samples = some, .count = sizeof some / sizeof *some};
  WxMetrics metrics = wx_metrics_unknown();
  wx_sampling_metrics(&sampling, &metrics);
  ck_assert_int_eq(metrics.live_peak_bytes, WX_UNKNOWN);
  ck_assert_int_eq(metrics.allocated_peak_bytes, 29);
}
END_TEST

START_TEST(without_a_sample_nothing_is_known) {
  WxMetrics metrics = wx_metrics_unknown();
  wx_sampling_metrics(&(WxSampling){0}, &metrics);
  ck_assert_int_eq(metrics.live_peak_bytes, WX_UNKNOWN);
  ck_assert_int_eq(metrics.orphaned_bytes, WX_UNKNOWN);
}
END_TEST

START_TEST(system_calls_are_told_verb_by_verb_and_add_up) {
  const WxCost cost = {.syscalls = {[WX_RESERVE] = 2,
                                    [WX_COMMIT] = 30,
                                    [WX_MAP_RW] = 500,
                                    [WX_UNMAP_RW] = 7000,
                                    [WX_RELEASE] = 110000},
                       .walked = {[WX_RESERVE] = 3, [WX_RELEASE] = 4}};
  WxMetrics metrics = wx_metrics_unknown();
  wx_verb_counts(&wx_strategy_coreclr, &cost, &metrics);
  const WxByVerb calls = metrics.syscalls;
  ck_assert_int_eq(calls.reserve, 2);
  ck_assert_int_eq(calls.commit, 30);
  ck_assert_int_eq(calls.map_rw, 500);
  ck_assert_int_eq(calls.unmap_rw, 7000);
  ck_assert_int_eq(calls.release, 110000);
  ck_assert_int_eq(calls.total, 117532);
  ck_assert_int_eq(metrics.list_nodes.reserve, 3);
  ck_assert_int_eq(metrics.list_nodes.commit, 0);
  ck_assert_int_eq(metrics.list_nodes.release, 4);
  ck_assert_int_eq(metrics.list_nodes.total, 7);
}
END_TEST

START_TEST(times_are_of_the_verbs_that_were_used_by_their_names) {
  const WxCost cost = {.calls = {[WX_COMMIT] = 3, [WX_RELEASE] = 1}};
  static WxVerbDurations durations;
  memset(&durations, 0, sizeof durations);
  for (uint64_t i = 1; i <= 3; ++i)
    wx_durations_add(&durations.of[WX_COMMIT], 1000 * i);
  wx_durations_add(&durations.of[WX_RELEASE], 500);
  WxOperationTime times[WX_OPERATIONS];
  ck_assert_uint_eq(wx_verb_times(&cost, &durations, times), 2);
  ck_assert_str_eq(times[0].operation, "commit");
  ck_assert_int_eq(times[0].n, 3);
  ck_assert_int_ge(times[0].median, 1900);
  ck_assert_int_le(times[0].median, 2100);
  ck_assert_str_eq(times[1].operation, "release");
  ck_assert_int_eq(times[1].n, 1);
}
END_TEST

WX_TEST_MAIN("figures", peaks_are_over_all_steps_and_orphaned_is_of_the_last,
             a_peak_is_unknown_where_one_step_is, without_a_sample_nothing_is_known,
             system_calls_are_told_verb_by_verb_and_add_up,
             times_are_of_the_verbs_that_were_used_by_their_names)
