/**
   @file expect.h
   Whether what was measured is what the scenario says must come of it. Pure functions over results.
*/
#ifndef WX_SCENARIO_EXPECT_H
#define WX_SCENARIO_EXPECT_H

#include "scenario/parameters.h"
#include "stats/result.h"

#include <stdbool.h>
#include <stddef.h>

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

/* The figures of a result by the names that expectations use
 * -------------------------------------------------------------------------------------------------
 */

/// Whether there is a figure of that name.
bool wx_expect_is_figure(const char *name);

/// Whether it is one that is sampled at every step, so that it has a series.
bool wx_expect_is_sampled(const char *name);

/// Whether it is a figure of the memfd.
bool wx_expect_is_of_file(const char *name);

/// Whether it says how the program ended: `ran` (1: to its end, 0: not), `signal` (that killed it,
/// 0: none) or `status` (that it exited with).
bool wx_expect_is_of_ending(const char *name);

/// The value of a figure: of the result's metrics, else of its last sample. Unknown where there is
/// none, and where the result did not run to its end, unless it says how that ended.
WxFigure wx_expect_figure(const WxResult *result, const char *metric);

/// The last sample of each round of a sampled figure, steps `start` and `end` left out, in order,
/// into `values`, which has room for one a sample. Returns how many.
size_t wx_expect_series(const WxResult *result, const char *figure, WxFigure values[]);

#endif
