// A scenario on two strategies: each figure of its result is the one that its actions make.
#include "scenario/simulation.h"
#include "support/suite.h"

#include <string.h>

enum { BLOCK = 65536 };

typedef struct {
  const char *strategy;
  WxFigure memfd; ///< What the file holds once the first round has used both blocks.
  WxByVerb calls;
  WxFigure wx_pages;
} Row;

// Two rounds of two blocks; what is writable and executable at once are the 32 pages of rwx.
static const Row rows[] = {
    {"coreclr", 2 * BLOCK, {4, 4, 4, 0, 12, 24}, 0},
    {"rwx", 0, {4, 0, 0, 0, 4, 8}, 32},
};

static void assert_step(const WxSample *sample, const char *step, WxFigure live, WxFigure memfd,
                        WxFigure mapped) {
  ck_assert_str_eq(sample->step, step);
  ck_assert_int_eq(sample->live_bytes, live);
  ck_assert_int_eq(sample->reserved_bytes, live);
  ck_assert_int_eq(sample->allocated_bytes, memfd);
  ck_assert_int_eq(sample->mapped_bytes, mapped);
  ck_assert_int_eq(sample->orphaned_bytes, memfd - mapped);
}

static void assert_result(const Row *row, const WxResult *result) {
  const WxMetrics *metrics = &result->metrics;
  ck_assert_int_eq(metrics->live_peak_bytes, 2 * BLOCK);
  ck_assert_int_eq(metrics->allocated_peak_bytes, row->memfd);
  ck_assert_int_eq(metrics->retained_bytes, row->memfd);
  ck_assert_int_eq(metrics->orphaned_bytes, row->memfd);
  ck_assert_int_eq(memcmp(&metrics->syscalls, &row->calls, sizeof row->calls), 0);
  ck_assert_int_eq(metrics->wx_pages_seen, row->wx_pages);
  ck_assert_int_eq(metrics->failures, 0);
  ck_assert_int_ge(metrics->mappings_peak, 1);
  ck_assert_int_gt(metrics->minor_faults, 32);
  ck_assert_int_gt(metrics->wall_ns, 0);
  ck_assert_uint_eq(metrics->time_ns.count, 5);
  ck_assert_uint_eq(result->sample_count, 6);
  assert_step(&result->samples[0], "start", 0, 0, 0);
  for (size_t round = 0; round < 2; ++round) {
    assert_step(&result->samples[1 + 2 * round], "generated", 2 * BLOCK, row->memfd, row->memfd);
    assert_step(&result->samples[2 + 2 * round], "collected", 0, row->memfd, 0);
    ck_assert_int_eq(result->samples[1 + 2 * round].round, (WxFigure)round + 1);
  }
  assert_step(&result->samples[5], "end", 0, row->memfd, 0);
}

// Once for each row.
START_TEST(a_result_has_the_figures_that_its_actions_make) {
  const Row *row = &rows[_i];
  WxScenario *scenario;
  WxComplaint complaint;
  ck_assert_int_eq(wx_scenario_load("scenarios/steady.yaml", &scenario, &complaint), 0);
  const WxSetting overrides[] = {{"rounds", "2"}, {"blocks", "2"}, {"block_size", "65536"}};
  const WxParameters parameters = {scenario, overrides, 3};
  WxRun run;
  ck_assert_msg(wx_run_scenario(&parameters, wx_strategy_find(row->strategy), NULL, 0, &run) == 0,
                "%s", run.problem);
  ck_assert_str_eq(run.report.path, row->strategy);
  assert_result(row, &run.result);
  wx_run_free(&run);
  wx_scenario_free(scenario);
}
END_TEST

int main(void) {
  const TTest *const tests[] = {a_result_has_the_figures_that_its_actions_make};
  return wx_suite_run_variants("scenario_run", tests, 1, sizeof rows / sizeof *rows);
}
