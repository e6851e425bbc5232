/**
   @file expect_figure.h
   The figures of a result by the names that expectations use.
*/
#ifndef WX_SCENARIO_EXPECT_FIGURE_H
#define WX_SCENARIO_EXPECT_FIGURE_H

#include "stats/result.h"

#include <stdbool.h>
#include <stddef.h>

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
