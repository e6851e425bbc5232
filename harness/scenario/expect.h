/**
   @file expect.h
   Whether what was measured is what the scenario says must come of it. Pure functions over results.
*/
#ifndef WX_SCENARIO_EXPECT_H
#define WX_SCENARIO_EXPECT_H

#include "scenario/parameters.h"
#include "stats/result.h"

/// Checks the words of an expectation: metric, operator, value. Returns 0, or -EINVAL with
/// `problem` set.
int wx_expect_check(const WxExpectation *expectation, char *problem, size_t size);

/// The value of `metric` in a result: of its metrics, else the last sample's. Unknown where there
/// is none.
WxFigure wx_expect_figure(const WxResult *result, const char *metric);

/// Judges every expectation that is about `results[index]`, all results being of one scenario, and
/// puts them in a new array that wx_expect_free() frees. One that compares with a result that is
/// not there is left out. Returns 0 or a negative errno.
int wx_expect_judge(const WxParameters *parameters, const WxResult results[], size_t count,
                    size_t index, WxExpectationResult **judged, size_t *judged_count);

void wx_expect_free(WxExpectationResult *judged, size_t count);

#endif
