/**
   @file expect.h
   Whether what was measured is what the scenario says must come of it. Pure functions over results.
*/
#ifndef WX_SCENARIO_EXPECT_H
#define WX_SCENARIO_EXPECT_H

#include "scenario/parameters.h"
#include "stats/result.h"

/// Checks the words and numbers of an expectation of `parameters->scenario`: metric, operator,
/// value, strategies or modes. Returns 0, or -EINVAL with `problem` set.
int wx_expect_check(const WxExpectation *expectation, const WxParameters *parameters,
                    char problem[WX_PROBLEM_SIZE]);

/// The name of the `index`-th operator, NULL at the end; what it demands of a figure.
const char *wx_expect_op_name(size_t index);
const char *wx_expect_op_about(size_t index);

/// Whether `op` describes a series: one value a round.
bool wx_expect_is_series(const char *op);

/// Judges every expectation that is about `results[index]`, all results being of one scenario, and
/// puts them in a new array that wx_expect_free() frees. One that compares with a result that is
/// not there is left out; one about a figure that is not known has a `reason`. Returns 0 or a
/// negative errno.
int wx_expect_judge(const WxParameters *parameters, const WxResult results[], size_t count,
                    size_t index, WxExpectationResult **judged, size_t *judged_count);

void wx_expect_free(WxExpectationResult *judged, size_t count);

#endif
