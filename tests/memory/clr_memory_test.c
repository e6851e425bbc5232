// The model of a runtime where memory runs out: what fails can be closed, and nothing is left.
#include "clr/workload.h"
#include "memory/failing.h"
#include "strategy/strategy.h"
#include "support/suite.h"

#include <errno.h>

typedef struct {
  const WxClrVersion *version;
  const WxClrWorkload *workload;
} Model;

static int run_model(void *context) {
  const Model *model = context;
  const WxClrSettings settings = {.rounds = 1, .count = 1, .size = 10};
  WxStrategyOptions options = wx_strategy_options_default();
  WxAllocator *allocator;
  WxClr *clr;
  int result = wx_clr_version_options(model->version, &options);
  if (!result)
    result = wx_allocator_open(wx_strategy_find("rwx"), &options, &allocator);
  if (result)
    return result;
  result = wx_clr_open(model->version, allocator, &clr);
  const bool open = !result;
  if (open)
    result = wx_clr_workload_run(model->workload, clr, &settings, NULL, NULL);
  memory_suffices();
  int closed = open ? wx_clr_close(clr) : 0;
  if (!closed)
    closed = wx_allocator_close(allocator);
  return result ? result : closed;
}

// Once for each workload.
START_TEST(a_model_runs_or_says_no) {
  Model model = {wx_clr_version_find("net10"), wx_clr_workload_at((size_t)_i)};
  ck_assert_uint_ge(memory_fail_each(run_model, &model), 100);
}
END_TEST

int main(void) {
  const TTest *const tests[] = {a_model_runs_or_says_no};
  int count = 0;
  while (wx_clr_workload_at((size_t)count))
    ++count;
  return wx_suite_run_variants("clr_memory", tests, 1, count);
}
