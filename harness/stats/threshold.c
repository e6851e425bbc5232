#include "stats/threshold.h"

// In steps from here on: `fails` < `holds`.
typedef struct {
  const WxThresholdOrder *order;
  uint64_t fails;
  uint64_t holds;
  bool found;
} Search;

static int try_at(const Search *search, uint64_t steps, bool *holds) {
  const WxThresholdOrder *order = search->order;
  *holds = false;
  return order->try(order->context, steps * order->step, holds);
}

// From the guess upwards, by half as much again, to a value at which it holds.
static int find_upper(Search *search) {
  const WxThresholdOrder *order = search->order;
  const uint64_t most = order->most / order->step;
  const uint64_t guess = order->guess / order->step + (order->guess % order->step != 0);
  uint64_t steps = guess > most ? most : guess ? guess : 1;
  while (!search->found && steps <= most) {
    const int failed = try_at(search, steps, &search->found);
    if (failed)
      return failed;
    if (search->found) {
      search->holds = steps;
    } else {
      search->fails = steps;
      const uint64_t next = steps + steps / 2 + 1;
      steps = steps < most && next > most ? most : next;
    }
  }
  return 0;
}

static int bisect(Search *search) {
  while (search->holds - search->fails > 1) {
    const uint64_t middle = search->fails + (search->holds - search->fails) / 2;
    bool holds;
    const int failed = try_at(search, middle, &holds);
    if (failed)
      return failed;
    if (holds)
      search->holds = middle;
    else
      search->fails = middle;
  }
  return 0;
}

// Once held already. Where it fails now, it is tried a step above, from the beginning.
static int confirm(Search *search) {
  const WxThresholdOrder *order = search->order;
  unsigned held = 1;
  while (search->found && held < order->times) {
    bool holds;
    const int failed = try_at(search, search->holds, &holds);
    if (failed)
      return failed;
    held = holds ? held + 1 : 0;
    if (!holds) {
      search->fails = search->holds++;
      search->found = search->holds <= order->most / order->step;
    }
  }
  return 0;
}

int wx_threshold_find(const WxThresholdOrder *order, WxThreshold *threshold) {
  Search search = {.order = order};
  int result = find_upper(&search);
  if (!result && search.found)
    result = bisect(&search);
  if (!result)
    result = confirm(&search);
  *threshold = (WxThreshold){.found = search.found && !result,
                             .holds = search.holds * order->step,
                             .fails = search.fails * order->step};
  return result;
}
