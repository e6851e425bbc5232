/**
   @file validate_smallest.h
   The smallest memory limit in which a program runs to its end, mode by mode (`wxbench validate
   --smallest-limit`): the figure that decides the size of a container.
*/
#ifndef WX_CLI_VALIDATE_SMALLEST_H
#define WX_CLI_VALIDATE_SMALLEST_H

#include "cli/validate_session.h"
#include "stats/threshold.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/// What to look for; borrowed.
typedef struct {
  const WxValidation *first; ///< A run in a group without a limit, that ran to its end.
  bool compared;             ///< What it prints has to be the same.
  uint64_t step;             ///< How finely it is looked for, in bytes.
  uint64_t time_limit_ns;    ///< No run may take longer.
  const WxAgain *again;
  size_t mode;
} WxSmallestOrder;

/// What was found. Start with {0}, end with wx_smallest_free().
typedef struct {
  bool sought;
  bool interrupted; ///< The search did not come to its end.
  uint64_t step;
  WxFigure peak_bytes; ///< What it used at the most without a limit.
  WxThreshold threshold;
  char failed[WX_ENDED_TEXT]; ///< How it ended last at `threshold.fails`; "" where it never did.
  json_t *tries;              ///< Every run, in its order.
} WxSmallest;

/// Looks for it. Returns 0, or what the run returned.
int wx_smallest_find(WxValidateSession *session, const WxSmallestOrder *order,
                     WxSmallest *smallest);

/// The member `smallest_limit` of a result (docs/results.md). NULL where memory ran out.
json_t *wx_smallest_json(const WxSmallest *smallest);

void wx_smallest_free(WxSmallest *smallest);

#endif
