/**
   @file rounds.h
   The time that each round of a result took, from its samples.
*/
#ifndef WX_OUTPUT_ROUNDS_H
#define WX_OUTPUT_ROUNDS_H

#include "stats/interval.h"

#include <jansson.h>

/// The median ratio of the durations of the rounds of two results, `now`
/// over `base`, pair by pair, with its interval. -ENODATA where the two do not have the same number
/// of rounds, at least two, all with known times; -ENOMEM.
int wx_rounds_ratio(const json_t *base, const json_t *now, WxInterval *ratio);

#endif
