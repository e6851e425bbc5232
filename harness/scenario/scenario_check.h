/**
   @file scenario_check.h
   What a schema cannot say of a scenario: words that stand for something, and numbers.
*/
#ifndef WX_SCENARIO_SCENARIO_CHECK_H
#define WX_SCENARIO_SCENARIO_CHECK_H

#include "scenario/parameters.h"

/// A part of a scenario: a key of its file, and which entry where that is a list. `key` NULL is the
/// whole.
typedef struct {
  const char *key;
  size_t item;
} WxPlace;

/// Checks every word and number of a scenario: actions, groups, strategies, modes, metrics,
/// operators, quantities. Returns 0, or -EINVAL with `problem` and `place` set.
int wx_scenario_check(const WxScenario *scenario, WxPlace *place, char problem[WX_PROBLEM_SIZE]);

#endif
