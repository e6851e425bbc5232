#include "stats/result.h"

const char wx_interrupted[] = "interrupted";

static void forget(void *base, const WxFigureTable *table) {
  for (size_t i = 0; i < table->count; ++i) {
    void *at = (char *)base + table->rows[i].offset;
    if (table->rows[i].type == WX_TYPE_FIGURE)
      *(WxFigure *)at = WX_UNKNOWN;
    else if (table->rows[i].type == WX_TYPE_BY_VERB)
      forget(at, &wx_by_verb);
  }
}

WxMetrics wx_metrics_unknown(void) {
  WxMetrics metrics = {0};
  forget(&metrics, &wx_metric_figures);
  return metrics;
}

WxSample wx_sample_unknown(WxFigure round, const char *step) {
  WxSample sample = {.round = round, .step = step};
  forget(&sample, &wx_sample_figures);
  return sample;
}

bool wx_result_ran(const WxResult *result) {
  return !result->skipped && !result->ended;
}

bool wx_result_demanded(const WxResult *result) {
  bool demanded = false;
  for (size_t i = 0; i < result->expectation_count; ++i)
    demanded |= result->expectations[i].of_ending && result->expectations[i].ok;
  return demanded && result->ended && !result->skipped;
}

bool wx_result_ok(const WxResult *result) {
  if (result->ended && !result->skipped && !wx_result_demanded(result))
    return false;
  for (size_t i = 0; i < result->expectation_count; ++i) {
    const WxExpectationResult *judged = &result->expectations[i];
    if (!judged->ok && !judged->reason)
      return false;
  }
  return true;
}
