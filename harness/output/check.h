/**
   @file check.h
   Whether the results of a run, replay or validate document have the shape that the contract gives
   them, so that a comparison does not take damage for a change.
*/
#ifndef WX_OUTPUT_CHECK_H
#define WX_OUTPUT_CHECK_H

#include "output/load.h"

/// 0, or -EINVAL with `problem` set to a line such as
/// `new.json: results[2].metrics.retained_bytes: expected a number or null`.
int wx_check_results(const json_t *root, const char *name, char problem[WX_PROBLEM]);

#endif
